import { type Look, questionsOf } from './decide.js';
import { type AppSideRecord, type ConnecSide, readConnec } from './records.js';
import { isOlder, stopRestored } from './restored.js';
import type { RunContext } from './run-context.js';
import type { SyncLink } from '../store/sync-link.js';

/** Pages read to find a record by our external id, from its last known change on. */
const SEARCH_PAGES = 1_000;

/** Reads both sides of the links, and what else is needed to decide them. */
export async function look(context: RunContext, links: readonly SyncLink[]): Promise<readonly Look[]> {
  const { source, connec, entity } = context;
  const appIds = links.flatMap(({ app, gone }) => (app.id !== null && gone === null ? [app.id] : []));
  await context.guard.check('app');
  const apps = await source.get(appIds);
  const listed = links.flatMap((link) => justListed(context, link, apps) ?? []);
  const connecs = new Map(listed.map((record) => [record.id, record]));
  const unread = links.flatMap(({ connec: { id } }) => (id === null || connecs.has(id) ? [] : [id]));
  if (unread.length > 0) {
    await context.guard.check('connec');
    for (const record of await connec.get(entity.resource, unread))
      connecs.set(record.id, readConnec(entity, record));
  }
  context.counters.read += apps.size + connecs.size;

  const looks = links.map((link) => ({
    link,
    app: link.app.id === null ? null : (apps.get(link.app.id) ?? null),
    connec: link.connec.id === null ? null : (connecs.get(link.connec.id) ?? null),
  }));
  const survivors = await findSurvivors(context, looks);
  const found: Look[] = [];
  for (const one of looks) {
    const asked = questionsOf(one).created && !entity.source.withoutKey;
    if (asked) await context.guard.check('app');
    const created = asked ? await source.find(one.link.connec.id!) : null;
    found.push({ ...one, created, survivor: survivors.get(one.link.key) ?? null });
  }
  return found;
}

/**
 * The record as the listing of this run showed it, where that is as good as another read: the application's record is not there yet,
 * or as both last agreed, so that nothing of it is written over what the record may have become since; that the next listing shows.
 */
function justListed(
  { entity, listed }: RunContext,
  { app, connec, gone, intents }: SyncLink,
  apps: ReadonlyMap<string, AppSideRecord>,
): ConnecSide | null {
  const record = listed?.get(connec.id ?? '');
  if (record === undefined) return null;
  listed?.delete(record.id);
  if (gone !== null || intents.length > 0 || isOlder(record, connec)) return null;
  if (app.id === null) return record;
  const digests = apps.get(app.id)?.digests;
  const isAgreed = entity.rules.every(({ name }) => digests?.[name] === (app.base[name] ?? ''));
  return entity.lists.length === 0 && isAgreed ? record : null;
}

/** Looks for records of Connec! that carry the external ids of records that cannot be read. */
async function findSurvivors(
  context: RunContext,
  looks: readonly Pick<Look, 'link' | 'app' | 'connec'>[],
): Promise<ReadonlyMap<string, NonNullable<Look['survivor']>>> {
  const { connec, entity, store, scope, settings } = context;
  const wanted = looks.filter((one) => questionsOf(one).survivor).map(({ link }) => link);
  const survivors = new Map<string, NonNullable<Look['survivor']>>();
  if (wanted.length === 0) return survivors;
  const { connecAnchors } = await context.guard.stream(entity.name);
  const stamps = new Map(connecAnchors.map(({ id, version }) => [id, version]));
  const since = Math.min(...wanted.map((link) => searchFrom(link))) - settings.overlapMs;
  let position: { since: number | null; skip: number } | null = { since, skip: 0 };
  for (
    let count = 0;
    position !== null && count < SEARCH_PAGES && survivors.size < wanted.length;
    count += 1
  ) {
    await context.guard.check('connec');
    const page = await connec.page(entity.resource, position, settings.pageSize);
    for (const record of page.records) {
      if (record.updatedAt < (stamps.get(record.id) ?? 0)) await stopRestored(context, 'connec');
      for (const link of wanted) {
        if (!record.externalIds.includes(link.externalId!)) continue;
        survivors.set(link.key, { id: record.id, heldBy: null });
      }
    }
    position = page.next;
  }
  const found = [...survivors];
  const holders = await store.links(
    scope,
    entity.name,
    found.map(([, { id }]) => ({ connec: id })),
  );
  for (const [index, [key, survivor]] of found.entries()) {
    survivors.set(key, { ...survivor, heldBy: holders[index]?.key ?? null });
  }
  return survivors;
}

/** A record that took over our external id was changed after this moment. */
function searchFrom({ connec, intents, createdAt }: SyncLink): number {
  const times = [createdAt, ...intents.map(({ at }) => at)];
  if (typeof connec.version === 'number') times.push(connec.version);
  return Math.min(...times);
}
