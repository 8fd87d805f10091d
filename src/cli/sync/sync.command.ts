import { count } from '../../views/format.js';
import { withoutValues } from '../../sync/store/history-values.js';
import { CliCommand } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { wholeNumber } from '../cli-options.js';
import { eraseCommand } from './erase.command.js';
import { heldCommand, type HeldDecision } from './held.command.js';
import { importIdMapsCommand } from './import-id-maps.command.js';
import { rolloutCommand } from './rollout.command.js';
import { nameOf, oneEntity, recordOf, report, type SyncCommandOptions, withSync } from './sync-session.js';

/** Most that one list shows. */
const MAX_LISTED = 10_000;

/** What a person may decide about records that are held back, by the kind of hold. */
const DECISIONS: Readonly<Record<'quarantine' | 'matches' | 'merges', readonly HeldDecision[]>> = {
  quarantine: [
    { option: 'retry', help: 'looks at it again', does: (operations, ref) => operations.retry(ref) },
    {
      option: 'ignore',
      help: 'leaves it alone until it is retried',
      does: (operations, ref) => operations.ignore(ref),
    },
  ],
  matches: [
    {
      option: 'reject',
      help: 'the record is none of the others: it is created on the other side',
      does: (operations, ref) => operations.reject(ref),
    },
  ],
  merges: [
    {
      option: 'accept',
      help: 'the surviving record stays alone',
      does: (operations, ref) => operations.merge(ref, 'accept'),
    },
    {
      option: 'split',
      help: 'Connec! gets a record of its own again',
      does: (operations, ref) => operations.merge(ref, 'split'),
    },
  ],
};

/** The `sync` commands. */
export function syncCommand(io: CliIo): CliCommand {
  const command = new CliCommand('sync', io).description(
    "What an application's synchronization with Connec! does for one company, and what persons decide about it. The module of the application is initialised, so its own start-up code runs; nothing listens.",
  );
  const sub = (name: string): CliCommand => withApplication(command.command(name));

  sub('status')
    .description('How it stands: the last run, and the records of each entity.')
    .argument('<company>', COMPANY)
    .does<SyncCommandOptions>((at, options, [company = '']) =>
      withSync(at, options, company, async ({ sync, group, entities }) => {
        const status = await sync.status(group);
        const shown = status.entities.filter(({ entity }) => entities.includes(entity));
        const run = status.run === null ? 'never run' : `${status.run.status}: ${status.run.message}`;
        return report(at, options.json, { ...status, entities: shown }, [
          `${group.marketplace}/${group.groupUid}  ${status.enabled ? 'on' : 'off'}  ${run}`,
          ...shown.map((one) => {
            const held = Object.entries(one.holds).map(([kind, many]) => `${many} ${kind}`);
            const marks = [
              ...(one.stopped ? [`stopped (${one.stopped.code})`] : []),
              ...(one.paused ? ['paused'] : []),
              ...(one.confirmed ? [] : ['not confirmed']),
              ...(one.foundBySweep > 0 ? [`${one.foundBySweep} found by a complete listing only`] : []),
            ];
            return [`${one.entity}: ${count(one.links, 'record')}, ${one.due} due`, ...held, ...marks].join(
              ', ',
            );
          }),
        ]);
      }),
    );

  sub('plan')
    .description('What a run would do with what is known to be due. Reads both sides, writes nothing.')
    .argument('<company>', COMPANY)
    .option('--values', 'with the values that would be written')
    .option('--limit <n>', 'this many entries', wholeNumber(1, MAX_LISTED), 100)
    .does<SyncCommandOptions & { readonly values?: boolean; readonly limit: number }>(
      (at, options, [company = '']) =>
        withSync(at, options, company, async ({ sync, group, entities }) => {
          const { values = false, limit } = options;
          const plan = await sync.plan(group, { only: entities, values, limit });
          const fields = (entry: (typeof plan.entries)[number]): string =>
            entry.fields
              .map(
                ({ name, to, rule, value }) =>
                  `${name} → ${to}${values ? ` ${JSON.stringify(value)}` : ''} (${rule})`,
              )
              .join('; ');
          return report(at, options.json, plan, [
            ...plan.entries.map((one) =>
              [`${one.entity} ${nameOf(one)}  ${one.action}`, one.reason ?? fields(one)]
                .filter(Boolean)
                .join('  '),
            ),
            `${plan.entries.length}${plan.truncated ? ' and more' : ''} records ${JSON.stringify(plan.summary)}`,
          ]);
        }),
    );

  sub('explain')
    .description('How it stands with one record, in sentences.')
    .argument('<company>', COMPANY)
    .argument('<record>', RECORD)
    .does<SyncCommandOptions>((at, options, [company = '', record = '']) =>
      withSync(at, options, company, async (session) => {
        const sentences = await session.sync.explain(session.group, recordOf(oneEntity(session), record));
        return report(at, options.json, sentences, sentences);
      }),
    );

  sub('history')
    .description('What was decided about the fields of one record, newest first.')
    .argument('<company>', COMPANY)
    .argument('<record>', RECORD)
    .option('--values', "with what both sides showed, where the option `history` is 'values'")
    .option('--limit <n>', 'this many', wholeNumber(1, MAX_LISTED), 50)
    .does<SyncCommandOptions & { readonly values?: boolean; readonly limit: number }>(
      (at, options, [company = '', record = '']) =>
        withSync(at, options, company, async (session) => {
          const ref = recordOf(oneEntity(session), record);
          const kept = await session.sync.history(session.group, ref, options.limit);
          const entries = options.values ? kept : withoutValues(kept, Number.POSITIVE_INFINITY);
          return report(
            at,
            options.json,
            entries,
            entries.map(({ at: when, field, to, rule, conflict, values }) =>
              [
                `${new Date(when).toISOString()}  ${field}  ${to === null ? 'decided' : `→ ${to}`}  ${rule}`,
                ...(conflict ? ['conflict'] : []),
                ...(values
                  ? [`app ${JSON.stringify(values.app)}, connec ${JSON.stringify(values.connec)}`]
                  : []),
              ].join('  '),
            ),
          );
        }),
    );

  heldCommand(sub('quarantine'), ['quarantined'], DECISIONS.quarantine).description(
    'Records that a side or a conversion rejected.',
  );
  heldCommand(sub('matches'), ['ambiguous'], DECISIONS.matches)
    .description('Records that could be the same as several others; decide with --reject or --same.')
    .option('--same <pair>', 'these two are the same: APP=CONNEC, both ids');
  heldCommand(sub('merges'), ['merged'], DECISIONS.merges).description(
    'Records that Connec! merged into others.',
  );

  for (const [name, help] of [
    ['confirm', 'Allows the first synchronization, or goes on after a mass change was looked at.'],
    ['resync', 'Has both sides listed again from the beginning by the next run.'],
  ] as const) {
    sub(name)
      .description(help)
      .argument('<company>', COMPANY)
      .does<SyncCommandOptions>((at, options, [company = '']) =>
        withSync(at, options, company, async ({ sync, group, entities }) => {
          const operations = await sync.operations(group);
          for (const entity of entities) await operations[name](entity);
          return report(at, options.json, { [name]: entities }, [`${name}: ${entities.join(', ')}`]);
        }),
      );
  }
  eraseCommand(sub('erase'));
  importIdMapsCommand(sub('import-id-maps'));
  rolloutCommand(command.command('rollout'));
  return command;
}

const COMPANY = 'id of the company (cld-4), or MARKETPLACE/COMPANY with several marketplaces';
const RECORD = "the application's id (17 or app:17), or Connec!'s (connec:e323…)";

function withApplication(command: CliCommand): CliCommand {
  return command
    .requiredOption('--app <file>', 'compiled root module of the application, FILE#CLASS (#AppModule)')
    .option('--entity <name>', 'this entity only; all by default');
}
