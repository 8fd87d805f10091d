import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { SideRecord } from '../merge/side-record.js';
import type { SyncLink, SyncSide, SyncSideState } from '../store/sync-link.js';
import type { SyncStream, SyncVersions } from '../store/sync-store.js';
import type { AppSideRecord, ConnecSide } from './records.js';
import type { RunContext } from './run-context.js';

/** Longer than any transaction of the application is open: numbers drawn before a commit appear within it. */
const SETTLE = 75_000;

/** What is known of the application's versions after a page of records. */
export function versionsAfter(
  { source }: RunContext['entity'],
  { appVersions: before }: SyncStream,
  records: readonly AppSideRecord[],
  now: number,
): SyncVersions | null {
  if (source.versions !== 'table') return null;
  const numbers = records.flatMap(({ version }) => (typeof version === 'number' ? [version] : []));
  const highest = Math.max(before?.highest ?? 0, ...numbers);
  if (before === null) return { highest, at: now, settling: 0, settled: 0 };
  if (now - before.at < SETTLE) return { ...before, highest };
  return { highest, at: now, settling: before.highest, settled: before.settling };
}

/** Whether a change has a number that was given out long before: the database was restored, and counts anew. */
export function isReusedVersion(
  { appVersions }: SyncStream,
  record: AppSideRecord,
  link: SyncLink | undefined,
): boolean {
  const { version } = record;
  if (appVersions === null || typeof version !== 'number' || version > appVersions.settled) return false;
  return link === undefined || (link.app.version !== null && link.app.version !== version);
}

/** Whether the record is an older state of what was seen before: its side was restored from a backup. */
export function isOlder(record: SideRecord, state: SyncSideState): boolean {
  return (
    typeof record.version === 'number' && typeof state.version === 'number' && record.version < state.version
  );
}

/** Whether Connec! shows an older state of the record: an earlier stamp, or none of our id. */
export function wasTakenBack(
  { connec: state, externalId, externalConfirmed }: SyncLink,
  record: ConnecSide,
): boolean {
  return isOlder(record, state) || (externalConfirmed && !record.externalIds.includes(externalId ?? ''));
}

/** Whether the record that our create made has a version of before: the application's database was restored, and counts anew. */
export function wasCountedAnew(record: SideRecord | null, { intents }: SyncLink): boolean {
  const version = record?.version;
  return typeof version === 'number' && intents.some(({ above }) => above !== undefined && version <= above);
}

/**
 * Stops the entity in both directions: a side shows an older state than before, and what it shows are no edits. A person
 * decides what is right.
 *
 * @throws MaestranoSyncError `sync.restored`, always
 */
export async function stopRestored(context: RunContext, side: SyncSide): Promise<never> {
  const { scope, entity, guard } = context;
  const stream = await guard.stream(entity.name);
  const stop = { code: 'sync.restored', side, reason: '', since: Date.now() };
  await guard.commit({ entity: entity.name, stream: { ...stream, stopped: stop } });
  throw new MaestranoSyncError('sync.restored', {
    marketplace: scope.marketplace,
    group: scope.group,
    entity: entity.name,
  });
}
