import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { SideRecord } from '../merge/side-record.js';
import { dueNow, type SyncLink } from '../store/sync-link.js';
import type { SyncStream } from '../store/sync-store.js';
import { checkReused, mayBeRestored, withShown } from './anchors.js';
import { type Batch, commit } from './batch.js';
import { brake } from './brake.js';
import { decide, held, type Look, type Step } from './decide.js';
import { look } from './look-at-records.js';
import { matched } from './match-records.js';
import type { AppSideRecord } from './records.js';
import { externalIds } from './external-ids.js';
import { identified } from './identify.js';
import { historyOf, withValuesSince } from './history.js';
import { withNotices } from './notices.js';
import { ConversionFailure, References, waitsFor } from './references.js';
import { stopRestored } from './restored.js';
import { isOver, type RunContext } from './run-context.js';
import { addIntents, restAgreed, writeToApp, writeToConnec } from './write-records.js';

/** Times a record is looked at in one run before it has to wait. */
const MAX_TURNS = 8;

/** Which records may be written as they are now: those of a plan. */
export type Allowed = (look: Look) => boolean;

/**
 * Decides and writes everything that is due for an entity.
 *
 * @throws MaestranoSyncError `sync.sideAway`, `sync.restored`, `sync.massChange`, `sync.leaseLost`
 */
export async function processDue(context: RunContext): Promise<void> {
  const { store, scope, entity, settings } = context;
  const turns = new Map<string, number>();
  let begun = false;
  for (;;) {
    await context.guard.check();
    // One batch is done in any case: the listing may have taken the whole slice.
    if (begun && isOver(context.options.until)) return;
    begun = true;
    const { enabled, paused } = await store.group(scope);
    if (!enabled || entity.name in paused) return;
    const due = await store.due(scope, entity.name, context.now(), settings.batchSize);
    if (due.length === 0) break;
    const restless = due.filter(({ key }) => (turns.get(key) ?? 0) >= MAX_TURNS);
    if (restless.length > 0) {
      const now = context.now();
      const links = restless.map((link) => ({ ...link, dueAt: now + settings.retryMs }));
      await context.guard.commit({ entity: entity.name, links });
      for (const { key } of restless) turns.delete(key);
      continue;
    }
    for (const { key } of due) turns.set(key, (turns.get(key) ?? 0) + 1);
    await processBatch(context, due);
  }
  const stream = await context.guard.stream(entity.name);
  if (stream.released) {
    await context.guard.commit({ entity: entity.name, stream: { ...stream, released: false, hours: [] } });
  }
}

/** Decides and writes some links; of a plan only those that still look as they did. */
export async function processBatch(
  context: RunContext,
  due: readonly SyncLink[],
  allowed?: Allowed,
): Promise<void> {
  const links = await matched(context, due);
  if (links.length === 0) return;
  const looks = (await identified(context, await look(context, links))).filter(
    (one) => allowed?.(one) ?? true,
  );
  if (looks.length === 0) return;
  const records = looks.flatMap(({ app, connec }): SideRecord[] =>
    [app, connec].filter((one) => one !== null),
  );
  const { store, scope, entity } = context;
  const references = await References.of(store, scope, entity, records, context.owner);
  const decided = looks.map((one) => decideOne(context, references, one));
  await stopWhenRestored(context, decided);
  const steps = await withExternalIds(context, decided);
  const shown = shownBy(looks);
  const counted = await brake(context, looks, steps);
  await checkReused(context, counted.appAnchors, shown.app);
  const history = steps.flatMap((step) => historyOf(step, context.settings));
  const stream = withValuesSince(withShown(counted, shown), history);

  const batch: Batch = {
    context,
    references,
    links: new Map(steps.map(({ link }) => [link.key, link])),
    kept: new Map(),
    looks: new Map(looks.map((one) => [one.link.key, one])),
    responses: { app: new Map(), connec: new Map() },
    created: [],
    history,
    away: false,
    restored: null,
    formerAgain: [],
    written: { app: [], connec: [] },
    notices: [],
    appHighest: highestOf(stream, looks),
  };
  for (const step of steps) addIntents(batch, step);
  await commit(batch, stream);
  const writing = steps.filter(({ kind }) => kind !== 'keep');
  if (writing.length > 0) {
    await writeToApp(batch, writing);
    // The ids of what was created are kept before Connec! hears of them, and the versions that tell of a restore.
    if ((await nameCreated(batch)) || batch.restored !== null) {
      await commit(batch, withShown(stream, batch.written));
    }
    if (batch.restored !== null) await stopRestored(context, batch.restored);
    await writeToConnec(batch, writing);
    restAgreed(batch, writing);
    const noticed = withNotices(withShown(stream, batch.written), batch.notices);
    context.notices.push(...noticed.added);
    await commit(batch, noticed.stream);
  }
  if (batch.restored !== null) await stopRestored(context, batch.restored);
  if (await mayBeRestored(context, counted.connecAnchors, batch.formerAgain)) {
    await stopRestored(context, 'connec');
  }
  await wakeWaiting(batch);
  if (batch.away) {
    throw new MaestranoSyncError('sync.sideAway', {
      marketplace: scope.marketplace,
      group: scope.group,
      entity: entity.name,
    });
  }
}

export function decideOne(context: RunContext, references: References, one: Look): Step {
  const { entity, settings, options, withoutReferences = false } = context;
  const preemption = options.preempted?.[entity.name] ?? options.preemption;
  const rules = { writable: options.writable, conflict: entity.conflict, preemption };
  const now = context.now();
  try {
    return decide(one, { entity, settings, rules, convert: references.convert, now, withoutReferences });
  } catch (error) {
    if (!(error instanceof ConversionFailure)) throw error;
    context.counters.rejected += 1;
    const facts = { fields: [error.field], reason: error.message };
    const link = held(one.link, one, 'quarantined', 'sync.mapping', now, facts);
    return { kind: 'keep', link: { ...link, attempts: one.link.attempts + 1 }, decisions: [] };
  }
}

function shownBy(looks: readonly Look[]): { readonly app: AppSideRecord[]; readonly connec: SideRecord[] } {
  const all = <Side extends SideRecord>(pick: (one: Look) => Side | null): Side[] =>
    looks.flatMap((one) => pick(one) ?? []);
  return { app: all(({ app }) => app), connec: all(({ connec }) => connec) };
}

/** The largest version that the application showed up to now. */
function highestOf({ appVersions }: SyncStream, looks: readonly Look[]): number {
  const versions = looks.flatMap(({ app }) => (typeof app?.version === 'number' ? [app.version] : []));
  return Math.max(appVersions?.highest ?? 0, ...versions);
}

/** Stops the entity when one record of a side went back: nothing of this batch is written. */
async function stopWhenRestored(context: RunContext, steps: readonly Step[]): Promise<void> {
  const restored = steps.find((step) => step.kind === 'restored');
  if (restored?.kind !== 'restored') return;
  await stopRestored(context, restored.side);
}

/** Gives the links that are to be written to Connec! the external id under which they are found again. */
async function withExternalIds(context: RunContext, steps: readonly Step[]): Promise<readonly Step[]> {
  const needing = steps.flatMap(({ kind, link }) =>
    kind === 'createInConnec' || kind === 'write' ? [link] : [],
  );
  const named = await externalIds(context, needing);
  return steps.map((step) => {
    const externalId = named.get(step.link.key);
    return externalId === undefined ? step : { ...step, link: { ...step.link, externalId } };
  });
}

/** Gives external ids to the records that were created in the application. Resolves with whether there were any. */
async function nameCreated(batch: Batch): Promise<boolean> {
  const links = batch.created.map(({ key }) => batch.links.get(key)!);
  for (const [key, externalId] of await externalIds(batch.context, links)) {
    batch.links.set(key, { ...batch.links.get(key)!, externalId });
  }
  return links.length > 0;
}

/** Records that wait for one of the batch are taken up. */
async function wakeWaiting(batch: Batch): Promise<void> {
  const { store, scope } = batch.context;
  const { name } = batch.context.entity;
  const linked = [...batch.links.values()].filter(
    ({ app, connec, externalConfirmed }) => app.id !== null && connec.id !== null && externalConfirmed,
  );
  const records = linked.flatMap(({ app, connec }) => [
    waitsFor(name, 'app', app.id!),
    waitsFor(name, 'connec', connec.id!),
  ]);
  if (records.length === 0) return;
  const byEntity = new Map<string, SyncLink[]>();
  for (const { entity, link } of await store.waiting(scope, records)) {
    byEntity.set(entity, [...(byEntity.get(entity) ?? []), dueNow(link, 'reference', batch.context.now())]);
  }
  for (const [entity, links] of byEntity) await batch.context.guard.commit({ entity, links });
}
