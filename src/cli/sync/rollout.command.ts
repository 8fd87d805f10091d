import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

import { InvalidArgumentError } from 'commander';

import type { GroupReference } from '../../adapters/maestrano-group.adapter.js';
import { CliError } from '../../errors/cli.error.js';
import { SyncRollout, type SyncRolloutReport } from '../../sync/rollout.service.js';
import { errorCode } from '../../utils/error-code.js';
import type { CliCommand, CommonOptions } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { nameList, wholeNumber } from '../cli-options.js';
import { companyOf, report, withSyncApplication } from './sync-session.js';

interface RolloutOptions extends CommonOptions {
  readonly app: string;
  readonly heldShare?: number;
}

interface StepOptions extends RolloutOptions {
  readonly steps?: readonly number[];
  readonly companies?: string;
  readonly inventories?: number;
}

/** `sync rollout`: first synchronizations of many companies in cohorts. */
export function rolloutCommand(command: CliCommand): CliCommand {
  command.description('Begins the first synchronizations of many companies in cohorts.');
  const sub = (name: string, description: string): CliCommand =>
    command
      .command(name)
      .description(description)
      .requiredOption('--app <file>', 'compiled root module of the application, FILE#CLASS (#AppModule)');
  const withShare = (one: CliCommand): CliCommand =>
    one.option('--held-share <share>', 'share of held records from which on it stops (0.02)', shareOf);

  withShare(
    sub('status', 'Where the companies are, and what stands against going on. Begins nothing.'),
  ).does<RolloutOptions>((at, { app, json, heldShare }) =>
    withRollout(at, app, async (rollout) =>
      reported(at, json, await rollout.status(heldShare === undefined ? {} : { heldShare })),
    ),
  );

  withShare(
    sub('start', 'One step, after a stop too: lists and begins companies. Run it again for the next step.'),
  )
    .option('--steps <numbers>', 'companies that have begun after each step (1,10,100)', stepsOf)
    .option('--companies <file>', 'companies that are to be listed, MARKETPLACE/COMPANY, one a line')
    .option(
      '--inventories <n>',
      'companies of a marketplace that are listed at once',
      wholeNumber(1, 1_000),
      10,
    )
    .does<StepOptions>((at, { app, json, companies: file, steps, heldShare, inventories }) =>
      withRollout(at, app, async (rollout, marketplaces) => {
        const companies = file === undefined ? [] : await companiesOf(at, file, marketplaces);
        await rollout.resume();
        const options = {
          companies,
          ...(steps === undefined ? {} : { steps }),
          ...(heldShare === undefined ? {} : { heldShare }),
          ...(inventories === undefined ? {} : { inventories }),
        };
        return reported(at, json, await rollout.next(options));
      }),
    );

  sub(
    'stop',
    'Nothing more is listed or begun, in any process. Companies that have begun go on.',
  ).does<RolloutOptions>((at, { app, json }) =>
    withRollout(at, app, async (rollout) => {
      await rollout.stop();
      return reported(at, json, await rollout.status());
    }),
  );
  return command;
}

function withRollout(
  io: CliIo,
  file: string,
  work: (rollout: SyncRollout, marketplaces: readonly string[]) => Promise<number>,
): Promise<number> {
  return withSyncApplication(io, file, ({ app, marketplaces }) =>
    work(app.get(SyncRollout, { strict: false }), marketplaces),
  );
}

function reported(io: CliIo, json: boolean | undefined, found: SyncRolloutReport): number {
  const { groups, listed, begun, left, stopped } = found;
  const name = ({ marketplace, groupUid }: GroupReference): string => `${marketplace}/${groupUid}`;
  return report(io, json, found, [
    Object.entries(groups)
      .map(([place, count]) => `${count} ${place}`)
      .join(', '),
    ...listed.map((group) => `listed ${name(group)}`),
    ...begun.map((group) => `begun ${name(group)}`),
    ...left.map(({ group, why }) => `left ${name(group)}  ${why}`),
    ...(stopped === null ? [] : [`stopped: ${stopped}`]),
  ]);
}

async function companiesOf(
  io: CliIo,
  file: string,
  marketplaces: readonly string[],
): Promise<readonly GroupReference[]> {
  let text: string;
  try {
    text = await readFile(resolve(io.cwd, file), 'utf8');
  } catch (error) {
    throw new CliError('cli.file', {
      message: `${basename(file)} cannot be read (${errorCode(error) ?? 'it is no text'}).`,
      remedy: 'Give a file with one MARKETPLACE/COMPANY a line.',
    });
  }
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter(Boolean).map((line) => companyOf(line, marketplaces));
}

function shareOf(text: string): number {
  const share = /^\d(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (share <= 1) return share;
  throw new InvalidArgumentError('Give a share from 0 to 1, as in 0.02.');
}

function stepsOf(text: string): readonly number[] {
  return nameList(text).map(wholeNumber(1));
}
