import { randomUUID } from 'node:crypto';

import type { ConnecPosition } from '../connec/connec-records.js';
import { hasChanged } from '../merge/merge.js';
import { matchKeysOf } from '../merge/match.js';
import { withLines } from '../merge/lines.js';
import {
  type Convert,
  type FieldRecords,
  type FieldUnit,
  mayGo,
  type SideRecord,
} from '../merge/side-record.js';
import { sameValue, valueAt } from '../merge/values.js';
import {
  dueNow,
  newLink,
  type SyncCause,
  type SyncLink,
  type SyncSide,
  withSide,
} from '../store/sync-link.js';
import type { SyncRef } from '../store/sync-store.js';
import { anchored, checkAppAnchors, checkConnecAnchors, isRecent } from './anchors.js';
import { asGone, isOlder, isOpen, isReborn, seen } from './decide.js';
import { withoutErased } from './erased.js';
import { type AppSideRecord, type ConnecSide, readConnec } from './records.js';
import { References } from './references.js';
import { isReusedVersion, stopRestored, versionsAfter } from './restored.js';
import type { RunContext } from './run-context.js';

/** Pages of one reading: far more than there are records, so that a source that never ends does not go on for ever. */
const MAX_PAGES = 100_000;

/** Links of a page, found together and changed one by one. */
class Page {
  readonly #byKey = new Map<string, SyncLink>();
  readonly #touched = new Set<string>();

  add(links: readonly (SyncLink | null)[]): void {
    for (const link of links) if (link && !this.#byKey.has(link.key)) this.#byKey.set(link.key, link);
  }

  find(matches: (link: SyncLink) => boolean): SyncLink | undefined {
    return [...this.#byKey.values()].find(matches);
  }

  put(link: SyncLink): SyncLink {
    this.#byKey.set(link.key, link);
    this.#touched.add(link.key);
    return link;
  }

  get touched(): SyncLink[] {
    return [...this.#touched].map((key) => this.#byKey.get(key)!);
  }
}

/** Reads which records changed on the application's side, and marks them as due. */
export async function discoverApp(context: RunContext): Promise<void> {
  const { source, store, scope, entity, settings } = context;
  const start = await store.stream(scope, entity.name);
  let cursor = start.appCursor;
  const read = new Map<string, AppSideRecord>();
  for (let count = 0; count < MAX_PAGES; count += 1) {
    await context.guard.check('app');
    const page = await source.changes(cursor, settings.pageSize);
    context.counters.read += page.records.length;
    for (const record of page.records)
      if (isRecent(start.appAnchors, record.version)) read.set(record.id, record);
    const links = await seeApp(context, page.records, 'poll');
    const deleted = await seeDeleted(context, page.deleted ?? []);
    const stream = await store.stream(scope, entity.name);
    await context.guard.commit({
      entity: entity.name,
      links: [...links, ...deleted],
      stream: {
        ...stream,
        appCursor: page.safeUntil,
        appComplete: stream.appComplete || !page.more,
        appVersions: versionsAfter(entity, stream, page.records, Date.now()),
        appAnchors: anchored(stream.appAnchors, page.records),
      },
    });
    if (!page.more) break;
    cursor = page.cursor;
  }
  await checkAppAnchors(context, start.appAnchors, read);
}

/** Reads which records changed at Connec!, and marks them as due. */
export async function discoverConnec(context: RunContext): Promise<void> {
  const { connec, store, scope, entity, settings } = context;
  const start = await store.stream(scope, entity.name);
  const overlap = start.overlapMs ?? settings.overlapMs;
  let position: ConnecPosition = {
    since: start.connecHigh === null ? null : start.connecHigh - overlap,
    skip: 0,
  };
  const since = position.since ?? 0;
  const read = new Map<string, ConnecSide>();
  for (let count = 0; count < MAX_PAGES; count += 1) {
    await context.guard.check('connec');
    const page = await connec.page(entity.resource, position, settings.pageSize);
    context.counters.read += page.records.length;
    const records = page.records.map((record) => readConnec(entity, record));
    for (const record of records) if (isRecent(start.connecAnchors, record.at)) read.set(record.id, record);
    const links = await seeConnec(context, records, 'poll');
    const stream = await store.stream(scope, entity.name);
    const high = Math.max(stream.connecHigh ?? 0, ...page.records.map(({ updatedAt }) => updatedAt));
    await context.guard.commit({
      entity: entity.name,
      links,
      stream: {
        ...stream,
        // An interrupted first listing goes on from here; later ones begin an overlap earlier anyway.
        connecHigh: high === 0 ? stream.connecHigh : high,
        connecComplete: stream.connecComplete || page.next === null,
        connecAnchors: anchored(stream.connecAnchors, records),
      },
    });
    if (page.next === null) break;
    position = page.next;
  }
  await checkConnecAnchors(context, start.connecAnchors, read, since);
}

/** Takes what notifications and the application said of single records. */
export async function takeHints(context: RunContext): Promise<void> {
  const { store, scope, entity, settings } = context;
  for (;;) {
    const hints = await store.hints(scope, entity.name, settings.pageSize);
    if (hints.length === 0) return;
    const links = await store.links(
      scope,
      entity.name,
      hints.map(({ side, recordId }) => ({ [side]: recordId }) as unknown as SyncRef),
    );
    const page = new Page();
    page.add(links);
    const named = hints.map((hint) => ({ ...hint, id: hint.recordId }));
    const ofSide = (wanted: SyncSide) => named.filter((hint) => hint.side === wanted);
    const left = [
      ...(await withoutErased(context, 'app', ofSide('app'))),
      ...(await withoutErased(context, 'connec', ofSide('connec'))),
    ];
    for (const { side, recordId, cause } of left) {
      const found = page.find((link) => link[side].id === recordId);
      const link = found ?? newLink(linkKey(), { [side]: recordId });
      page.put(dueNow(link, cause, Date.now()));
    }
    await context.guard.commit({
      entity: entity.name,
      links: page.touched,
      hints: hints.map(({ id }) => id),
    });
  }
}

/** Finds or makes the links of records of the application, and marks those as due that differ from their base. */
export async function seeApp(
  context: RunContext,
  shown: readonly AppSideRecord[],
  cause: SyncCause,
): Promise<readonly SyncLink[]> {
  const { store, scope, entity } = context;
  const records = await withoutErased(context, 'app', shown);
  const refs: SyncRef[] = records.flatMap(({ id, key }) => [
    { app: id },
    ...(key === null ? [] : [{ connec: key }]),
  ]);
  const page = new Page();
  page.add(await store.links(scope, entity.name, refs));
  if (entity.singleton) page.add((await store.page(scope, entity.name, { limit: 1 })).links);
  const references = await References.of(store, scope, entity, records, context.owner);
  const stream = await store.stream(scope, entity.name);
  const now = Date.now();
  for (const record of records) {
    let link = page.find(({ app }) => app.id === record.id);
    if (cause === 'sweep' && isReusedVersion(stream, record, link)) await stopRestored(context, 'app');
    if (link && isReborn(link.app, record)) {
      page.put(asGone(link, now));
      link = undefined;
    }
    link ??= page.find(
      ({ connec, gone, app }) =>
        connec.id !== null && connec.id === record.key && gone === null && app.id === null,
    );
    if (entity.singleton) link ??= page.find(({ app }) => app.id === null);
    link ??= newLink(linkKey(), { app: record.id });
    const before = link;
    if (link.app.id === null) link = withSide(link, 'app', { id: record.id });
    if (link.connec.id === null)
      link = { ...link, matchKeys: matchKeysOf(entity, record, references.convert) };
    link = sight(markedDue(context, link, record, { cause, now, convert: references.convert }), record);
    if (link !== before) page.put(link);
  }
  return page.touched;
}

/** Finds or makes the links of records of Connec!, and marks those as due that differ from their base. */
export async function seeConnec(
  context: RunContext,
  shown: readonly ConnecSide[],
  cause: SyncCause,
): Promise<readonly SyncLink[]> {
  const { store, scope, entity } = context;
  const records = await withoutErased(context, 'connec', shown);
  const refs: SyncRef[] = records.flatMap(({ id, externalIds }) => [
    { connec: id },
    ...externalIds.flatMap((external) => [{ external }, { app: external }]),
  ]);
  const page = new Page();
  page.add(await store.links(scope, entity.name, refs));
  if (entity.singleton) page.add((await store.page(scope, entity.name, { limit: 1 })).links);
  const references = await References.of(store, scope, entity, records, context.owner);
  const now = Date.now();
  for (const record of records) {
    let link = page.find(({ connec }) => connec.id === record.id);
    link ??= page.find(
      (other) =>
        other.connec.id === null &&
        record.externalIds.some(
          (id) => other.externalId === id || (other.externalId === null && other.app.id === id),
        ),
    );
    if (entity.singleton) link ??= page.find(({ connec }) => connec.id === null);
    link ??= newLink(linkKey(), adopted(record, page));
    const before = link;
    if (link.connec.id === null) link = withSide(link, 'connec', { id: record.id });
    if (link.externalId === null && link.app.id !== null && record.externalIds.includes(link.app.id)) {
      link = { ...link, externalId: link.app.id, externalConfirmed: true };
    }
    if (link.app.id === null && link.gone === null) {
      const matchable = record.externalIds.length === 0 && !isArchived(context, record);
      link = { ...link, matchKeys: matchable ? matchKeysOf(entity, record, references.convert) : [] };
    }
    link = sight(markedDue(context, link, record, { cause, now, convert: references.convert }), record);
    if (link !== before) page.put(link);
  }
  return page.touched;
}

/** The ids of a new link: a record that carries an id of ours which no link has is taken for that record. */
function adopted(record: ConnecSide, page: Page): { readonly connec: string; readonly app?: string } {
  const app = record.externalIds.find(
    (id) => page.find((link) => link.app.id === id || link.externalId === id) === undefined,
  );
  return app === undefined ? { connec: record.id } : { connec: record.id, app };
}

async function seeDeleted(context: RunContext, ids: readonly string[]): Promise<readonly SyncLink[]> {
  if (ids.length === 0) return [];
  const { store, scope, entity } = context;
  const found = await store.links(
    scope,
    entity.name,
    ids.map((app) => ({ app })),
  );
  return found.flatMap((link) => (link ? [asGone(link, Date.now())] : []));
}

/** The side was seen: its mark of birth, its version, and that it is there. */
function sight(link: SyncLink, record: SideRecord): SyncLink {
  const { side } = record;
  const state = link[side];
  const { version } = seen(link, side === 'app' ? record : null, side === 'connec' ? record : null)[side];
  const known = state.seen && state.missingSince === null && (state.born !== null || record.born === null);
  if (known && version === state.version) return link;
  return withSide(link, side, { seen: true, born: state.born ?? record.born, missingSince: null, version });
}

/** The link, due where there may be something to do; first of all where a record looks as if its side was restored. */
function markedDue(
  context: RunContext,
  link: SyncLink,
  record: AppSideRecord | ConnecSide,
  { cause, now, convert }: { readonly cause: SyncCause; readonly now: number; readonly convert: Convert },
): SyncLink {
  if (isOlder(record, link[record.side])) return { ...dueNow(link, cause, now), dueAt: link.restUntil };
  return isDue(context, link, record, convert) ? dueNow(link, cause, now) : link;
}

/** Whether there may be something to do: the record differs from its base, or the other side is not there yet. */
function isDue(
  context: RunContext,
  link: SyncLink,
  record: AppSideRecord | ConnecSide,
  convert: Convert,
): boolean {
  const other: SyncSide = record.side === 'app' ? 'connec' : 'app';
  if (link.gone !== null) return record.side === 'connec' && !link.gone.archived;
  if (link[other].id === null || !link[other].seen) return true;
  if (link.hold?.kind === 'vanished' || link.hold?.kind === 'absent') return true;
  const sides = record.side === 'app' ? { app: record, connec: null } : { app: null, connec: record };
  const lined = withLines<SideRecord | null, SideRecord | null>(context.entity, link, sides, convert);
  const shown = record.side === 'app' ? { app: record.record } : { connec: record.record };
  return lined.units.some(
    (unit) =>
      mayTakePart(unit, shown) &&
      unit.every(({ direction }) => mayGo(direction, other)) &&
      hasChanged(unit, lined[record.side] ?? record, link[record.side].base),
  );
}

/** A guard that fails says so when the record is decided. */
function mayTakePart(unit: FieldUnit, records: FieldRecords): boolean {
  try {
    return isOpen(unit, records);
  } catch {
    return true;
  }
}

function isArchived({ entity }: RunContext, record: ConnecSide): boolean {
  return Object.entries(entity.archived).every(([path, value]) =>
    sameValue(valueAt(record.record, path), value),
  );
}

/** Keys rise with time, so that stores keep new links together. */
function linkKey(): string {
  return `${Date.now().toString(36).padStart(9, '0')}-${randomUUID()}`;
}
