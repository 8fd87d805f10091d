import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { ConnecPosition, ConnecSideRecord } from '../connec/connec-records.js';
import type { SideRecord } from '../merge/side-record.js';
import type { SyncAnchor, SyncStream } from '../store/sync-store.js';
import type { AppSideRecord, ConnecSide } from './records.js';
import { stopRestored } from './restored.js';
import type { RunContext } from './run-context.js';

/** Records that Connec! lacks at once, and nobody merged: so many are no accident. */
const LOST = 2;

/** Pages that are listed to find records into which others were merged: far more than there are. */
const SEARCH_PAGES = 1_000;

/** Records of each side that are looked for in every reading: a restore takes back the newest changes. */
export const KEPT_ANCHORS = 16;

/** Whether a record is of the time of the anchors: only those are compared. */
export function isRecent(anchors: readonly SyncAnchor[], version: SideRecord['version']): boolean {
  const oldest = anchors.at(-1);
  return oldest !== undefined && typeof version === 'number' && version >= oldest.version;
}

/** The newest records of a side, those of a page among them. */
export function anchored(
  before: readonly SyncAnchor[],
  records: readonly Pick<SideRecord, 'id' | 'version'>[],
): readonly SyncAnchor[] {
  const oldest = before.length < KEPT_ANCHORS ? Number.NEGATIVE_INFINITY : before.at(-1)!.version;
  const newer = records.flatMap(({ id, version }) =>
    typeof version === 'number' && version >= oldest ? [{ id, version }] : [],
  );
  if (newer.length === 0) return before;
  const all = new Map<string, SyncAnchor>();
  for (const anchor of [...before, ...newer]) {
    if ((all.get(anchor.id)?.version ?? Number.NEGATIVE_INFINITY) < anchor.version)
      all.set(anchor.id, anchor);
  }
  return [...all.values()].toSorted((one, other) => other.version - one.version).slice(0, KEPT_ANCHORS);
}

/**
 * Looks for the newest records that the application ever showed. One of them in an older state, or its version at
 * another record while it is gone, proves that the database was restored: versions only rise, and none is given out
 * twice.
 *
 * @throws MaestranoSyncError `sync.restored`
 */
export async function checkAppAnchors(
  context: RunContext,
  anchors: readonly SyncAnchor[],
  read: ReadonlyMap<string, AppSideRecord>,
): Promise<void> {
  const missing = anchors.filter(({ id, version }) => !isAsNew(read.get(id)?.version, version));
  if (missing.length === 0) return;
  await context.guard.check('app');
  const found = await context.source.get(missing.map(({ id }) => id));
  const isCounted = context.entity.source.versions === 'table';
  const known = new Set(anchors.map(({ id, version }) => `${version} ${id}`));
  const drawn = [...read.values()].filter(({ id, version }) => !known.has(`${version} ${id}`));
  const versions = new Set([...read.values()].map(({ version }) => version));
  for (const { id, version, gone = false } of missing) {
    const now = found.get(id)?.version;
    const isBack = typeof now === 'number' && now < version;
    // A number is given out a second time, or a change has a smaller one than a row that was gone by the last look: the counter
    // went back. Otherwise only a transaction that has been open since before that look could bring one so small.
    const isCountedAnew =
      isCounted &&
      now === undefined &&
      (versions.has(version) || (gone && drawn.some((one) => Number(one.version) < version)));
    if (isBack || isCountedAnew) await stopRestored(context, 'app');
  }
  await noteGone(
    context,
    missing.filter(({ id }) => !found.has(id)),
  );
}

/** Keeps which of the newest records are gone, where that is new. */
async function noteGone({ entity, guard }: RunContext, gone: readonly SyncAnchor[]): Promise<void> {
  if (entity.source.versions !== 'table' || gone.every((one) => one.gone)) return;
  const stream = await guard.stream(entity.name);
  const ids = new Set(gone.map(({ id, version }) => `${version} ${id}`));
  const appAnchors = stream.appAnchors.map((one) =>
    ids.has(`${one.version} ${one.id}`) ? { ...one, gone: true } : one,
  );
  await guard.commit({ entity: entity.name, stream: { ...stream, appAnchors } });
}

/**
 * Looks for the newest records that Connec! ever showed: those that are not in the reading, with the stamp that they had or
 * a later one, are read by their ids. One of them in an older state proves that Connec! was restored; so do several that are
 * gone at once.
 *
 * @param since stamp from which they are looked for
 * @throws MaestranoSyncError `sync.restored`
 */
export async function checkConnecAnchors(
  context: RunContext,
  anchors: readonly SyncAnchor[],
  read: ReadonlyMap<string, ConnecSide>,
  since: number,
): Promise<void> {
  const { connec, entity, store, scope } = context;
  const recent = anchors.filter(({ version }) => version >= since);
  const missing = recent.filter(({ id, version }) => (read.get(id)?.at ?? 0) < version);
  if (missing.length === 0) return;
  await context.guard.check('connec');
  const found = await connec.get(
    entity.resource,
    missing.map(({ id }) => id),
  );
  const stamps = new Map(found.map(({ id, updatedAt }) => [id, updatedAt]));
  if (missing.some(({ id, version }) => (stamps.get(id) ?? version) < version)) {
    await stopRestored(context, 'connec');
  }
  const lost = missing.filter(({ id }) => !stamps.has(id));
  if (lost.length < LOST) return;
  const links = await store.links(
    scope,
    entity.name,
    lost.map(({ id }) => ({ connec: id })),
  );
  const taken = new Set([...read.values()].flatMap(({ externalIds }) => externalIds));
  const left = links.filter(
    (link) =>
      link?.externalConfirmed === true &&
      link.connec.missingSince === null &&
      link.hold?.kind !== 'merged' &&
      !taken.has(link.externalId ?? ''),
  );
  if (left.length < LOST) return;
  // What they were merged into may have been read by an earlier slice, or before: this reading need not show it.
  const named = await namedSince(context, Math.min(...lost.map(({ version }) => version)));
  const unnamed = left.filter((link) => !named.has(link?.externalId ?? ''));
  if (unnamed.length >= LOST) await stopRestored(context, 'connec');
}

/** Our ids at the records of Connec! that changed since a stamp: a record that others were merged into has theirs. */
async function namedSince(
  { connec, entity, guard, settings }: RunContext,
  since: number,
): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  let position: ConnecPosition | null = { since, skip: 0 };
  for (let count = 0; position !== null && count < SEARCH_PAGES; count += 1) {
    await guard.check('connec');
    const page: Awaited<ReturnType<typeof connec.page>> = await connec.page(
      entity.resource,
      position,
      settings.pageSize,
    );
    for (const { externalIds } of page.records) for (const id of externalIds) named.add(id);
    position = page.next;
  }
  return named;
}

/**
 * Whether Connec! may have been restored while we wrote, where records show values again that they had before; a person who
 * puts a value back looks the same. A backup from before a change is from before all later ones: where one of the newest records
 * is still as it was, and was changed later than those records, nothing was restored. Where nothing proves it, it may have been.
 *
 * @param anchors the newest records, as they were before our write was decided
 * @param stamps those that the records in question had before the write
 */
export async function mayBeRestored(
  { connec, entity, guard }: RunContext,
  anchors: readonly SyncAnchor[],
  stamps: readonly number[],
): Promise<boolean> {
  if (stamps.length === 0) return false;
  const later = anchors.filter(({ version }) => version > Math.max(...stamps));
  if (later.length === 0) return true;
  const read = async (): Promise<readonly ConnecSideRecord[]> => {
    await guard.check('connec');
    return connec.get(
      entity.resource,
      later.map(({ id }) => id),
    );
  };
  // Nobody asks again: the next look would take what was restored for an edit.
  const found = await read().catch((error: unknown) => {
    if (error instanceof MaestranoSyncError) return [];
    throw error;
  });
  const versions = new Map(later.map(({ id, version }) => [id, version]));
  return !found.some(({ id, updatedAt }) => versions.get(id) === updatedAt);
}

/**
 * Whether one of the records has a version that another one had, which is gone or went back: see {@link checkAppAnchors}.
 *
 * @throws MaestranoSyncError `sync.restored`
 */
export async function checkReused(
  context: RunContext,
  anchors: readonly SyncAnchor[],
  records: readonly AppSideRecord[],
): Promise<void> {
  if (context.entity.source.versions !== 'table') return;
  const versions = new Map(records.map((record) => [record.version, record]));
  const same = anchors.filter(({ id, version }) => (versions.get(version)?.id ?? id) !== id);
  if (same.length > 0) await checkAppAnchors(context, same, new Map(records.map((one) => [one.id, one])));
}

function isAsNew(version: SideRecord['version'] | undefined, than: number): boolean {
  return typeof version === 'number' && version >= than;
}

/** The newest records, with those that were just looked at or written. */
export function withShown(
  stream: SyncStream,
  { app, connec }: { readonly app: readonly SideRecord[]; readonly connec: readonly SideRecord[] },
): SyncStream {
  const appAnchors = anchored(stream.appAnchors, app);
  const connecAnchors = anchored(stream.connecAnchors, connec);
  const { appVersions } = stream;
  const highest = Math.max(appVersions?.highest ?? 0, appAnchors[0]?.version ?? 0);
  return {
    ...stream,
    appAnchors,
    connecAnchors,
    appVersions: appVersions === null ? null : { ...appVersions, highest },
  };
}
