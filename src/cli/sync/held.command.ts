import { CliError } from '../../errors/cli.error.js';
import type { SyncHoldKind } from '../../sync/store/sync-link.js';
import type { SyncHeldRecord } from '../../sync/held-record.js';
import type { SyncRecordRef } from '../../sync/record-ref.js';
import type { SyncOperations } from '../../sync/sync-operations.js';
import { count } from '../../views/format.js';
import type { CliCommand } from '../cli-command.js';
import { wholeNumber } from '../cli-options.js';
import {
  nameOf,
  oneEntity,
  recordOf,
  report,
  type SyncCommandOptions,
  type SyncSession,
  withSync,
} from './sync-session.js';

/** What a person may decide about a record that is held back. */
export interface HeldDecision {
  readonly option: string;
  readonly help: string;
  readonly does: (operations: SyncOperations, ref: SyncRecordRef) => Promise<void>;
}

interface HeldOptions extends SyncCommandOptions {
  readonly limit: number;
  readonly same?: string;
}

/** A command that lists records that are held back, or decisions for one of them. */
export function heldCommand(
  command: CliCommand,
  kinds: readonly SyncHoldKind[],
  decisions: readonly HeldDecision[],
): CliCommand {
  command
    .argument('<company>', 'id of the company (cld-4), or MARKETPLACE/COMPANY with several marketplaces')
    .option('--limit <n>', 'this many of each entity', wholeNumber(1, 10_000), 100);
  for (const { option, help } of decisions) command.option(`--${option} <record>`, `${help}; with --entity`);
  return command.does<HeldOptions>((at, options, [company = '']) =>
    withSync(at, options, company, async (session) => {
      const said = await decided(session, options, decisions);
      if (said !== null) return report(at, options.json, { done: said }, [said]);
      const records: SyncHeldRecord[] = [];
      for (const entity of session.entities) {
        for (const kind of kinds)
          records.push(...(await session.sync.held(session.group, entity, kind, options.limit)));
      }
      return report(at, options.json, records, [...records.map(line), count(records.length, 'record')]);
    }),
  );
}

/** Does what was asked for about one record; null when nothing was. */
async function decided(
  session: SyncSession,
  options: HeldOptions,
  decisions: readonly HeldDecision[],
): Promise<string | null> {
  const given = decisions.flatMap((decision) => {
    const record = (options as unknown as Readonly<Record<string, unknown>>)[decision.option];
    return typeof record === 'string' ? [{ decision, record }] : [];
  });
  const { same } = options;
  if (given.length === 0 && same === undefined) return null;
  const operations = await session.sync.operations(session.group);
  const entity = oneEntity(session);
  for (const { decision, record } of given) await decision.does(operations, recordOf(entity, record));
  if (same !== undefined) await operations.adopt(entity, ...pairOf(same));
  return [
    ...given.map(({ decision, record }) => `${decision.option} ${record}`),
    ...(same === undefined ? [] : [`same ${same}`]),
  ].join(', ');
}

function pairOf(text: string): [string, string] {
  const [app, connec, more] = text.split('=');
  if (app && connec && more === undefined) return [app, connec];
  throw new CliError('cli.usage', {
    message: `"${text}" are no two ids.`,
    remedy: 'Write APP=CONNEC, as in 17=e323.',
  });
}

function line(record: SyncHeldRecord): string {
  const { entity, code, reason, fields, since, others } = record;
  const parts = [
    `${entity} ${nameOf(record)}`,
    since.toISOString(),
    code,
    fields.join(', '),
    reason,
    others.length > 0 ? `others: ${others.join(', ')}` : '',
  ];
  return parts.filter((part) => part !== '').join('  ');
}
