import { randomUUID } from 'node:crypto';

import type { ConnecPosition } from '../connec/connec-records.js';
import type { SyncEntity } from '../fields/entity-definition.js';
import { hasChanged } from '../merge/merge.js';
import { halfOf, matchKeysOf } from '../merge/match.js';
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
import type { SyncRef, SyncStream } from '../store/sync-store.js';
import { anchored, checkAppAnchors, checkConnecAnchors, isRecent } from './anchors.js';
import { anchorsFrom, lookBackFrom, readFrom, readUpTo } from './connec-position.js';
import { asGone, isOpen, isReborn, seen } from './decide.js';
import { erasedNames, withoutErased } from './erased.js';
import { LinkPage, type Seen } from './link-page.js';
import { orderNotices, withNotices } from './notices.js';
import { type AppSideRecord, type ConnecSide, readConnec } from './records.js';
import { ConversionFailure, References } from './references.js';
import { isOlder, isReusedVersion, stopRestored, versionsAfter } from './restored.js';
import { isOver, type RunContext } from './run-context.js';

/** Pages of one reading: far more than there are records, so that a source that never ends does not go on for ever. */
const MAX_PAGES = 100_000;

/**
 * Reads which records changed on the application's side, and marks them as due; at least one page, and until the slice is over. The next
 * slice goes on from the cursor.
 */
export async function discoverApp(context: RunContext): Promise<void> {
  const { source, guard, entity, settings } = context;
  const start = await guard.stream(entity.name);
  let cursor = start.appCursor;
  const read = new Map<string, AppSideRecord>();
  for (let count = 0; count < MAX_PAGES; count += 1) {
    await context.guard.check('app');
    const page = await source.changes(cursor, settings.pageSize);
    context.counters.read += page.records.length;
    for (const record of page.records)
      if (isRecent(start.appAnchors, record.version)) read.set(record.id, record);
    const { links, removed } = await seeApp(context, page.records, 'poll');
    const deleted = await seeDeleted(context, page.deleted ?? []);
    const stream = await guard.stream(entity.name);
    const noticed = withNotices(stream, orderNotices(entity.source, page.records));
    context.notices.push(...noticed.added);
    await context.guard.commit({
      entity: entity.name,
      links: [...links, ...deleted],
      removed,
      stream: {
        ...noticed.stream,
        appCursor: page.safeUntil,
        appComplete: stream.appComplete || !page.more,
        appVersions: versionsAfter(entity, stream, page.records, context.now()),
        appAnchors: anchored(stream.appAnchors, page.records),
      },
    });
    if (!page.more) break;
    if (isOver(context.listUntil)) {
      context.unfinished = true;
      break;
    }
    cursor = page.cursor;
  }
  await checkAppAnchors(context, start.appAnchors, read);
}

/**
 * Reads which records changed at Connec!, and marks them as due; at least one page, and until the slice is over. It ends with a
 * stamp of which all records were read: the next slice goes on there, although records may have got later stamps meanwhile.
 */
export async function discoverConnec(context: RunContext): Promise<void> {
  const { connec, guard, entity, settings } = context;
  const start = await guard.stream(entity.name);
  const resumed = start.connecListing;
  const began = resumed?.began ?? context.now();
  let position: ConnecPosition = { since: resumed ? resumed.since : readFrom(start, settings), skip: 0 };
  const read = new Map<string, ConnecSide>();
  for (let count = 0; count < MAX_PAGES; count += 1) {
    await context.guard.check('connec');
    const page = await connec.page(entity.resource, position, settings.pageSize);
    context.counters.read += page.records.length;
    const records = page.records.map((record) => readConnec(entity, record));
    for (const record of records) if (isRecent(start.connecAnchors, record.at)) read.set(record.id, record);
    const { links, removed } = await seeConnec(context, records, 'poll');
    const stream = await guard.stream(entity.name);
    const high = Math.max(stream.connecHigh ?? 0, ...page.records.map(({ updatedAt }) => updatedAt));
    const left = page.next?.skip === 0 && isOver(context.listUntil) ? page.next.since : null;
    const connecHigh = high === 0 ? stream.connecHigh : high;
    const listing =
      left === null
        ? resumed
        : { since: left, began, from: lookBackFrom(resumed, context.now() - began, left) };
    const after: SyncStream = {
      ...stream,
      // An interrupted first listing goes on from here; later ones begin an overlap earlier anyway.
      connecHigh,
      connecListing: page.next === null ? null : listing,
      // Whoever reads from the beginning again trusts nothing that was settled before.
      connecReadUpTo: start.connecHigh === null ? null : stream.connecReadUpTo,
      connecComplete: stream.connecComplete || page.next === null,
      connecAnchors: anchored(stream.connecAnchors, records),
    };
    const ended =
      page.next === null
        ? {
            connecReadUpTo: readUpTo(after, settings, { began, now: context.now() }),
            // Records may have become visible behind the slices before this one.
            connecHigh: resumed
              ? Math.min(high, lookBackFrom(resumed, context.now() - began, high))
              : connecHigh,
          }
        : {};
    await context.guard.commit({ entity: entity.name, links, removed, stream: { ...after, ...ended } });
    context.listed = new Map(records.map((record) => [record.id, record]));
    if (page.next === null) break;
    if (left !== null) {
      context.unfinished = true;
      break;
    }
    position = page.next;
  }
  await checkConnecAnchors(context, start.connecAnchors, read, anchorsFrom(start, settings));
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
    const page = new LinkPage();
    page.add(links);
    const named = hints.map((hint) => ({ ...hint, id: hint.recordId }));
    const ofSide = (wanted: SyncSide) => named.filter((hint) => hint.side === wanted);
    const left = [
      ...(await withoutErased(context, 'app', ofSide('app'))),
      ...(await withoutErased(context, 'connec', ofSide('connec'))),
    ];
    for (const { side, recordId, cause } of left) {
      const found = page.by(side, recordId);
      const link = found ?? newLink(linkKey(), { [side]: recordId }, context.now());
      page.put(dueNow(link, cause, context.now()));
    }
    await context.guard.commit({
      entity: entity.name,
      links: page.seen.links,
      hints: hints.map(({ id }) => id),
    });
    if (hints.length < settings.pageSize) return;
  }
}

/**
 * Finds or makes the links of records of the application, and marks those as due that differ from their base.
 *
 * @param mark of the complete listing that shows them, where it takes several slices
 */
export async function seeApp(
  context: RunContext,
  shown: readonly AppSideRecord[],
  cause: SyncCause,
  mark?: number,
): Promise<Seen> {
  const { store, scope, entity } = context;
  const records = await withoutErased(context, 'app', shown);
  const refs: SyncRef[] = records.flatMap(({ id, key }) => [
    { app: id },
    ...(key === null ? [] : [{ connec: key }]),
  ]);
  const page = new LinkPage();
  page.add(await store.links(scope, entity.name, refs));
  if (entity.singleton) page.add((await store.page(scope, entity.name, { limit: 1 })).links);
  const references = await References.of(store, scope, entity, records, context.owner);
  const stream = cause === 'sweep' ? await context.guard.stream(entity.name) : null;
  const now = context.now();
  for (const record of records) {
    let link = page.by('app', record.id);
    if (stream !== null && isReusedVersion(stream, record, link)) await stopRestored(context, 'app');
    if (link && isReborn(link.app, record)) {
      page.put(asGone(link, now));
      link = undefined;
    }
    link = ofRecord(link, createdWith(record.key, page), 'app', page);
    if (entity.singleton) link ??= page.without('app');
    link ??= newLink(linkKey(), { app: record.id }, now);
    const before = link;
    if (link.app.id === null) link = withSide(link, 'app', { id: record.id });
    if (link.connec.id === null) link = { ...link, matchKeys: keysOf(entity, record, references.convert) };
    link = sight(markedDue(context, link, record, { cause, now, convert: references.convert }), record);
    if (mark !== undefined) link = withSide(link, record.side, { listed: mark });
    if (link !== before) page.put(link);
  }
  return page.seen;
}

/** As {@link seeApp}, for records of Connec!. */
export async function seeConnec(
  context: RunContext,
  shown: readonly ConnecSide[],
  cause: SyncCause,
  mark?: number,
): Promise<Seen> {
  const { store, scope, entity } = context;
  const records = await withoutErased(context, 'connec', shown);
  const refs: SyncRef[] = records.flatMap(({ id, externalIds }) => [
    { connec: id },
    ...externalIds.flatMap((external) => [{ external }, { app: external }]),
  ]);
  const page = new LinkPage();
  page.add(await store.links(scope, entity.name, refs));
  if (entity.singleton) page.add((await store.page(scope, entity.name, { limit: 1 })).links);
  const references = await References.of(store, scope, entity, records, context.owner);
  const names = records.flatMap(({ externalIds }) => externalIds);
  const erased = await erasedNames(context, names);
  const now = context.now();
  for (const record of records) {
    const byId = page.by('connec', record.id);
    let link = ofRecord(byId, namedBy(record, page), 'connec', page);
    // Of somebody who was erased: a create that nobody heard of, or a record that another one was merged into.
    if (!link?.app.id && record.externalIds.some((id) => erased.has(id))) {
      if (link && isUndecided(link, 'connec')) page.drop(link);
      continue;
    }
    if (entity.singleton) link ??= page.without('connec');
    link ??= newLink(linkKey(), { connec: record.id }, now);
    const before = link;
    if (isUndecided(link, 'connec')) link = adopting(link, record, page);
    if (link.connec.id === null) link = withSide(link, 'connec', { id: record.id });
    if (link.externalId === null && link.app.id !== null && record.externalIds.includes(link.app.id)) {
      link = { ...link, externalId: link.app.id, externalConfirmed: true };
    }
    if (link.app.id === null && link.gone === null) {
      const matchable = record.externalIds.length === 0 && !isArchived(context, record);
      link = { ...link, matchKeys: matchable ? keysOf(entity, record, references.convert) : [] };
    }
    link = sight(markedDue(context, link, record, { cause, now, convert: references.convert }), record);
    if (mark !== undefined) link = withSide(link, record.side, { listed: mark });
    if (link !== before) page.put(link);
  }
  return page.seen;
}

/**
 * The link of a record: the one that has its id, unless that knows nothing else. A hint named the record then, and what the record
 * itself says of its ids is worth more: without it a record that we created, of which the response was lost, would be created once more.
 */
function ofRecord(
  byId: SyncLink | undefined,
  named: SyncLink | undefined,
  side: SyncSide,
  page: LinkPage,
): SyncLink | undefined {
  if (!byId || !named || byId.key === named.key || !isUndecided(byId, side)) return byId ?? named;
  page.drop(byId);
  return named;
}

/** Whether the link has a record of this side alone, with nothing that was sent or said of it. */
function isUndecided(link: SyncLink, side: SyncSide): boolean {
  return halfOf(link) === side && link.direction !== 'none' && link.hold?.kind !== 'ignored';
}

/** Keys by which the record is matched; none where it cannot be converted, which is said when it is decided. */
function keysOf(entity: SyncEntity, record: SideRecord, convert: Convert): readonly string[] {
  try {
    return matchKeysOf(entity, record, convert);
  } catch (error) {
    if (error instanceof ConversionFailure) return [];
    throw error;
  }
}

/** The link of the record of Connec! that the application made its record from. */
function createdWith(key: string | null, page: LinkPage): SyncLink | undefined {
  const link = page.by('connec', key);
  return link?.gone === null && link.app.id === null ? link : undefined;
}

/** The link of a record of ours that the record of Connec! names, and that has none of Connec! yet. */
function namedBy(record: ConnecSide, page: LinkPage): SyncLink | undefined {
  return record.externalIds
    .flatMap((id) => [page.by('external', id), page.by('app', id)])
    .find(
      (link) => link?.connec.id === null && record.externalIds.includes(link.externalId ?? link.app.id ?? ''),
    );
}

/** A record that carries an id of ours which no link has is taken for that record. */
function adopting(link: SyncLink, record: ConnecSide, page: LinkPage): SyncLink {
  const app = record.externalIds.find(
    (id) => page.by('app', id) === undefined && page.by('external', id) === undefined,
  );
  return app === undefined ? link : withSide(link, 'app', { id: app });
}

async function seeDeleted(context: RunContext, ids: readonly string[]): Promise<readonly SyncLink[]> {
  if (ids.length === 0) return [];
  const { store, scope, entity } = context;
  const found = await store.links(
    scope,
    entity.name,
    ids.map((app) => ({ app })),
  );
  return found.flatMap((link) => (link ? [asGone(link, context.now())] : []));
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
