import { dueNow, type SyncLink, withSide } from '../store/sync-link.js';
import { overlapOf } from './connec-position.js';
import { asGone } from './decide.js';
import { seeApp, seeConnec } from './discover.js';
import { forgottenBefore } from './history.js';
import { readConnec } from './records.js';
import { stopRestored } from './restored.js';
import type { RunContext } from './run-context.js';

/** Far more pages than there are records. */
const MAX_PAGES = 100_000;

/** Largest overlap that reads of Connec! grow to. */
const MAX_OVERLAP = 86_400_000;

/**
 * Lists all records of both sides: finds what polling missed, and records that are not there any more. Only two complete
 * lists that both miss a record, some time apart, make a delete of it.
 */
export async function sweep(context: RunContext): Promise<void> {
  const { store, scope, entity, guard } = context;
  const begun = Date.now();
  const before = await store.count(scope, entity.name, begun);
  const app = await listApp(context);
  const connec = await listConnec(context);
  await compare(context, begun, { app: app.ids, connec: connec.ids, newest: app.newest });
  const found = app.found + connec.found;
  const stream = await store.stream(scope, entity.name);
  const forgotten = forgottenBefore(stream, context.settings, begun);
  const overlap = overlapOf(stream, context.settings);
  const missed = before.links > 0 && connec.found > 0;
  await guard.commit({
    entity: entity.name,
    stream: {
      ...stream,
      appComplete: true,
      connecComplete: true,
      sweptAt: Date.now(),
      foundBySweep: before.links > 0 ? stream.foundBySweep + found : stream.foundBySweep,
      ...(forgotten === null
        ? {}
        : { valuesSince: context.settings.history === 'values' ? forgotten : null }),
      overlapMs: missed ? Math.min(MAX_OVERLAP, overlap * 2) : stream.overlapMs,
    },
  });
}

/** Records that were newer than all that are there: so many are no accident. */
const LOST_RECORDS = 2;

/** Until a missing record counts as deleted that had a later version than all that are there: a week. */
const UNSURE_DELETE = 604_800_000;

interface Listed {
  readonly ids: ReadonlySet<string>;
  /** Records that became due by the listing: polling had not found them. */
  readonly found: number;
}

async function listApp(context: RunContext): Promise<Listed & { readonly newest: number }> {
  const ids = new Set<string>();
  let newest = 0;
  let found = 0;
  let cursor: string | null = null;
  for (let count = 0; count < MAX_PAGES; count += 1) {
    await context.guard.check('app');
    const page = await context.source.changes(cursor, context.settings.pageSize);
    for (const { id, version } of page.records) {
      ids.add(id);
      if (typeof version === 'number') newest = Math.max(newest, version);
    }
    const links = await seeApp(context, page.records, 'sweep');
    found += links.filter(({ causes }) => causes.length === 1 && causes[0] === 'sweep').length;
    if (links.length > 0) await context.guard.commit({ entity: context.entity.name, links });
    if (!page.more) break;
    cursor = page.cursor;
  }
  return { ids, found, newest };
}

async function listConnec(context: RunContext): Promise<Listed> {
  const { connec, entity, settings } = context;
  const ids = new Set<string>();
  let found = 0;
  let position: { since: number | null; skip: number } | null = { since: null, skip: 0 };
  for (let count = 0; position !== null && count < MAX_PAGES; count += 1) {
    await context.guard.check('connec');
    const page = await connec.page(entity.resource, position, settings.pageSize);
    for (const { id } of page.records) ids.add(id);
    const links = await seeConnec(
      context,
      page.records.map((record) => readConnec(entity, record)),
      'sweep',
    );
    found += links.filter(({ causes }) => causes.length === 1 && causes[0] === 'sweep').length;
    if (links.length > 0) await context.guard.commit({ entity: entity.name, links });
    position = page.next;
  }
  return { ids, found };
}

/** Goes through all links and notes what neither list had. */
async function compare(
  context: RunContext,
  begun: number,
  listed: {
    readonly app: ReadonlySet<string>;
    readonly connec: ReadonlySet<string>;
    readonly newest: number;
  },
): Promise<void> {
  const { store, scope, entity, settings } = context;
  const forgotten = forgottenBefore(await store.stream(scope, entity.name), settings, begun);
  let lost = 0;
  let after: string | undefined;
  do {
    const page = await store.page(scope, entity.name, {
      limit: settings.pageSize,
      ...(after === undefined ? {} : { after }),
    });
    const changed: SyncLink[] = [];
    const missing = page.links.filter(
      ({ app, gone, createdAt }) =>
        app.id !== null && app.seen && gone === null && createdAt < begun && !listed.app.has(app.id),
    );
    if (entity.source.versions === 'table') {
      lost += missing.filter(
        ({ app }) => typeof app.version === 'number' && app.version > listed.newest,
      ).length;
      if (lost >= LOST_RECORDS) await stopRestored(context, 'app');
    }
    const there =
      missing.length === 0 ? new Map() : await context.source.get(missing.map(({ app }) => app.id!));
    for (const link of page.links) {
      if (missing.includes(link) && !there.has(link.app.id!))
        changed.push(absent(link, begun, listed.newest, context));
      else if (link.connec.id !== null && link.createdAt < begun && !listed.connec.has(link.connec.id)) {
        changed.push(dueNow(link, 'sweep', Date.now()));
      }
    }
    await context.guard.check();
    const keys = page.links.map(({ key }) => key);
    const forgetting = forgotten === null ? {} : { forgetValues: { keys, before: forgotten } };
    if (changed.length > 0 || forgotten !== null)
      await context.guard.commit({ entity: entity.name, links: changed, ...forgetting });
    after = page.next ?? undefined;
  } while (after !== undefined);
}

/**
 * The record was in none of the application's lists: the first time it is noted, the second time it was deleted. Where it
 * had a later version than everything that is there, a restored backup looks the same, and it takes longer.
 */
function absent(link: SyncLink, begun: number, newest: number, { entity, settings }: RunContext): SyncLink {
  const { missingSince, version } = link.app;
  if (missingSince === null) return withSide(link, 'app', { missingSince: begun });
  const unsure = entity.source.versions === 'table' && typeof version === 'number' && version > newest;
  const wait = unsure ? Math.max(UNSURE_DELETE, settings.confirmDeletesMs) : settings.confirmDeletesMs;
  return begun - missingSince < wait ? link : asGone(link, Date.now());
}
