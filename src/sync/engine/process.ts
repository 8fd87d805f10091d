import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { ConnecWrite, ConnecWritten } from '../connec/connec-records.js';
import type { AppRecord } from '../fields/entity-definition.js';
import { match } from '../merge/match.js';
import { afterWrite, type FieldWrite, type MergeDecision } from '../merge/merge.js';
import type { SideRecord } from '../merge/side-record.js';
import { valueAt, withValueAt } from '../merge/values.js';
import {
  atRest,
  dueAt,
  dueNow,
  newLink,
  type SyncIntent,
  type SyncLink,
  type SyncSide,
  withSide,
} from '../store/sync-link.js';
import type { SyncHistoryEntry, SyncStream } from '../store/sync-store.js';
import { brake } from './brake.js';
import { asGone, decide, held, type Look, questionsOf, seen, type Step } from './decide.js';
import { type ConnecSide, readConnec } from './records.js';
import { ConversionFailure, References, waitsFor } from './references.js';
import { stopRestored } from './restored.js';
import type { RunContext } from './run-context.js';

/** Times a record is looked at in one run before it has to wait. */
const MAX_TURNS = 8;

/** Pages read to find a record by our external id, from its last known change on. */
const SEARCH_PAGES = 1_000;

/** Everything of one batch of links that is decided together. */
interface Batch {
  readonly context: RunContext;
  readonly references: References;
  /** The links as they are by now. */
  readonly links: Map<string, SyncLink>;
  readonly looks: ReadonlyMap<string, Look>;
  readonly history: SyncHistoryEntry[];
  /** A side turned out to be away: what was not sent stays due, and the run ends. */
  away: boolean;
}

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
  for (;;) {
    await context.guard.check();
    const { enabled, paused } = await store.group(scope);
    if (!enabled || entity.name in paused) return;
    const due = await store.due(scope, entity.name, Date.now(), settings.batchSize);
    if (due.length === 0) break;
    const restless = due.filter(({ key }) => (turns.get(key) ?? 0) >= MAX_TURNS);
    if (restless.length > 0) {
      const now = Date.now();
      const links = restless.map((link) => ({ ...link, dueAt: now + settings.retryMs }));
      await context.guard.commit({ entity: entity.name, links });
      for (const { key } of restless) turns.delete(key);
      continue;
    }
    for (const { key } of due) turns.set(key, (turns.get(key) ?? 0) + 1);
    await processBatch(context, due);
  }
  const stream = await store.stream(scope, entity.name);
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
  const looks = (await look(context, links)).filter((one) => allowed?.(one) ?? true);
  const records = looks.flatMap(({ app, connec }): SideRecord[] =>
    [app, connec].filter((one) => one !== null),
  );
  const { store, scope, entity } = context;
  const references = await References.of(store, scope, entity, records, context.owner);
  const decided = looks.map((one) => decideOne(context, references, one));
  await stopWhenRestored(context, decided);
  const steps = await withExternalIds(context, decided);
  const stream = await brake(context, steps);

  const batch: Batch = {
    context,
    references,
    links: new Map(steps.map(({ link }) => [link.key, link])),
    looks: new Map(looks.map((one) => [one.link.key, one])),
    history: [],
    away: false,
  };
  for (const step of steps) if ('decisions' in step) batch.history.push(...historyOf(step));
  for (const step of steps) addIntents(batch, step);
  await commit(batch, stream);
  const writing = steps.filter(({ kind }) => kind !== 'keep');
  if (writing.length > 0) {
    await writeToApp(batch, writing);
    await writeToConnec(batch, writing);
    await commit(batch);
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

/** Puts together records of one side that are the same, and holds back those of which it cannot be said. */
async function matched(context: RunContext, due: readonly SyncLink[]): Promise<readonly SyncLink[]> {
  const { store, scope, entity } = context;
  const links = new Map(due.map((link) => [link.key, link]));
  const removed: string[] = [];
  const changed = new Map<string, SyncLink>();
  for (const link of due) {
    if (link.matchKeys.length === 0 || !links.has(link.key)) continue;
    const sharing = await store.matching(scope, entity.name, link.matchKeys);
    const more = await store.matching(
      scope,
      entity.name,
      sharing.flatMap(({ matchKeys }) => matchKeys),
    );
    const known = new Map([...sharing, ...more].map((one) => [one.key, one]));
    const found = match(
      link,
      [...known.values()].filter(({ key }) => !removed.includes(key)),
    );
    if (found.kind === 'pair') {
      const [app, connec] = link.app.id === null ? [found.other, link] : [link, found.other];
      const pair = dueNow({ ...app, connec: connec.connec, matchKeys: [] }, 'reference', Date.now());
      links.delete(connec.key);
      links.set(app.key, pair);
      changed.delete(connec.key);
      changed.set(app.key, pair);
      removed.push(connec.key);
    } else if (found.kind === 'ambiguous') {
      for (const one of [link, ...found.links]) {
        if (one.hold?.kind === 'ambiguous' || removed.includes(one.key)) continue;
        const others = [link, ...found.links].filter(({ key }) => key !== one.key).map(({ key }) => key);
        const nothing = { app: null, connec: null };
        changed.set(one.key, held(one, nothing, 'ambiguous', 'sync.ambiguousMatch', Date.now(), { others }));
        links.delete(one.key);
      }
    }
  }
  if (changed.size > 0)
    await context.guard.commit({ entity: entity.name, links: [...changed.values()], removed });
  return [...links.values()];
}

/** Reads both sides of the links, and what else is needed to decide them. */
export async function look(context: RunContext, links: readonly SyncLink[]): Promise<readonly Look[]> {
  const { source, connec, entity } = context;
  const appIds = links.flatMap(({ app, gone }) => (app.id !== null && gone === null ? [app.id] : []));
  const connecIds = links.flatMap(({ connec: { id } }) => (id === null ? [] : [id]));
  const apps = await source.get(appIds);
  const read = connecIds.length === 0 ? [] : await connec.get(entity.resource, connecIds);
  const connecs = new Map(read.map((record) => [record.id, readConnec(entity, record)]));
  context.counters.read += apps.size + connecs.size;

  const looks = links.map((link) => ({
    link,
    app: link.app.id === null ? null : (apps.get(link.app.id) ?? null),
    connec: link.connec.id === null ? null : (connecs.get(link.connec.id) ?? null),
  }));
  const survivors = await findSurvivors(context, looks);
  const found: Look[] = [];
  for (const one of looks) {
    const created = questionsOf(one).created ? await source.find(one.link.connec.id!) : null;
    found.push({ ...one, created, survivor: survivors.get(one.link.key) ?? null });
  }
  return found;
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
  const since = Math.min(...wanted.map((link) => searchFrom(link))) - settings.overlapMs;
  let position: { since: number | null; skip: number } | null = { since, skip: 0 };
  for (
    let count = 0;
    position !== null && count < SEARCH_PAGES && survivors.size < wanted.length;
    count += 1
  ) {
    await context.guard.check();
    const page = await connec.page(entity.resource, position, settings.pageSize);
    for (const record of page.records) {
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

export function decideOne(context: RunContext, references: References, one: Look): Step {
  const { entity, settings, options } = context;
  const rules = { writable: options.writable, conflict: entity.conflict, preemption: options.preemption };
  const now = Date.now();
  try {
    return decide(one, { entity, settings, rules, convert: references.convert, now });
  } catch (error) {
    if (!(error instanceof ConversionFailure)) throw error;
    context.counters.rejected += 1;
    const facts = { fields: [error.field], reason: error.message };
    const link = held(one.link, one, 'quarantined', 'sync.mapping', now, facts);
    return { kind: 'keep', link: { ...link, attempts: one.link.attempts + 1 }, decisions: [] };
  }
}

/** Stops the entity when one record of a side went back: nothing of this batch is written. */
async function stopWhenRestored(context: RunContext, steps: readonly Step[]): Promise<void> {
  const restored = steps.find((step) => step.kind === 'restored');
  if (restored?.kind !== 'restored') return;
  await stopRestored(context, restored.side);
}

/** Gives the links that are to be written to Connec! the external id under which they are found again. */
async function withExternalIds(context: RunContext, steps: readonly Step[]): Promise<readonly Step[]> {
  const { store, scope, entity } = context;
  const taken = new Set<string>();
  const named: Step[] = [];
  for (const step of steps) {
    const { link } = step;
    const needsOne = step.kind === 'createInConnec' || step.kind === 'write';
    if (!needsOne || link.externalId !== null || link.app.id === null) {
      named.push(step);
      continue;
    }
    // The id itself, unless a record that is gone was known by it: Connec! keeps the ids it was given.
    for (let count = 1; ; count += 1) {
      const external = count === 1 ? link.app.id : `${link.app.id}~${count}`;
      const [holder] = await store.links(scope, entity.name, [{ external }]);
      if (taken.has(external) || (holder && holder.key !== link.key)) continue;
      taken.add(external);
      named.push({ ...step, link: { ...link, externalId: external } });
      break;
    }
  }
  return named;
}

function addIntents(batch: Batch, step: Step): void {
  const add = (side: SyncSide, writes: readonly FieldWrite[], target: SideRecord | null): void => {
    const link = batch.links.get(step.link.key)!;
    const intent: SyncIntent = {
      side,
      sent: Object.fromEntries(writes.map(({ rule, value }) => [rule.name, value])),
      from: Object.fromEntries(writes.map(({ rule, from }) => [rule.name, from])),
      version: target?.version ?? null,
      whole: target?.whole() ?? null,
      at: Date.now(),
    };
    batch.links.set(link.key, { ...link, intents: [...link.intents, intent] });
  };
  const { app, connec } = batch.looks.get(step.link.key)!;
  if (step.kind === 'createInApp') add('app', step.writes, null);
  else if (step.kind === 'createInConnec') add('connec', step.writes, null);
  else if (step.kind === 'write') {
    if (step.toApp.length > 0) add('app', step.toApp, app);
    if (step.toConnec.length > 0) add('connec', step.toConnec, connec);
  }
}

async function writeToApp(batch: Batch, steps: readonly Step[]): Promise<void> {
  const queue = steps.filter(
    (step) => step.kind === 'createInApp' || (step.kind === 'write' && step.toApp.length > 0),
  );
  const worker = async (): Promise<void> => {
    for (let step = queue.shift(); step; step = queue.shift()) await writeOneToApp(batch, step);
  };
  const workers = Math.min(batch.context.settings.concurrency, queue.length);
  await Promise.all(Array.from({ length: workers }, worker));
}

async function writeOneToApp(batch: Batch, step: Step): Promise<void> {
  const { source, guard, counters } = batch.context;
  const link = batch.links.get(step.link.key)!;
  const { app, connec } = batch.looks.get(link.key)!;
  await guard.check();
  const writes = step.kind === 'createInApp' ? step.writes : step.kind === 'write' ? step.toApp : [];
  const data: AppRecord = Object.fromEntries(writes.map(({ rule, value }) => [rule.app, value]));
  const written =
    step.kind === 'createInApp'
      ? await source.create(data, link.connec.id!)
      : await source.update(app!, data);
  const now = Date.now();
  const current = batch.links.get(link.key)!;
  if (written.kind === 'done') {
    if (step.kind === 'createInApp') counters.createdInApp += 1;
    else counters.updatedInApp += 1;
    if (step.kind === 'createInApp') await freeAppId(batch, written.record.id, link.key);
    const { link: based } = afterWrite(settledFor(current, 'app'), 'app', writes, written.record);
    const created = withSide(based, 'app', {
      id: written.record.id,
      seen: true,
      born: based.app.born ?? written.record.born,
    });
    batch.links.set(link.key, seen(dueNow(created, 'retry', now), written.record, connec));
  } else if (written.kind === 'rejected') {
    reject(
      batch,
      current,
      'app',
      'sync.rejectedByApp',
      written.reason,
      written.field === null ? [] : [written.field],
    );
  } else if (written.kind === 'unknown') {
    rest(batch, current);
  } else {
    // Stale, or gone meanwhile: certainly not written. Look again.
    batch.links.set(link.key, dueNow(without(without(current, 'app'), 'connec'), 'retry', now));
  }
}

/** An id that the application gave to a new record cannot be that of another one any more. */
async function freeAppId(batch: Batch, id: string, key: string): Promise<void> {
  const { store, scope, entity } = batch.context;
  const inBatch = [...batch.links.values()].find(({ app }) => app.id === id);
  const [stored] = await store.links(scope, entity.name, [{ app: id }]);
  const holder = inBatch ?? (stored && batch.links.get(stored.key) ? null : stored);
  if (holder && holder.key !== key) batch.links.set(holder.key, asGone(holder, Date.now()));
}

async function writeToConnec(batch: Batch, steps: readonly Step[]): Promise<void> {
  const sending: { readonly step: Step; readonly write: ConnecWrite }[] = [];
  for (const step of steps) {
    const link = batch.links.get(step.link.key)!;
    const write = connecWriteOf(batch, step, link);
    if (write) sending.push({ step, write });
  }
  if (sending.length === 0) return;
  await batch.context.guard.check();
  const { connec, entity } = batch.context;
  const written = await connec.write(
    entity.resource,
    sending.map(({ write }) => write),
  );
  for (const [index, { step }] of sending.entries()) await afterConnecWrite(batch, step, written[index]!);
}

/** What is sent for a record; null where nothing is, or nothing any more. */
function connecWriteOf(batch: Batch, step: Step, link: SyncLink): ConnecWrite | null {
  const { connec } = batch.looks.get(link.key)!;
  if (step.kind === 'createInConnec') {
    return { kind: 'create', externalId: link.externalId!, changes: changesOf(batch, step.writes, {}) };
  }
  if (step.kind === 'archive' && connec) {
    const changes = Object.entries(batch.context.entity.archived).reduce(
      (all, [path, value]) => putAt(all, path, value, connec.record),
      {},
    );
    return { kind: 'update', id: connec.id, externalId: null, changes };
  }
  if (step.kind !== 'write' || !connec) return null;
  const stillMeant = step.toConnec.length === 0 || link.intents.some(({ side }) => side === 'connec');
  const unlinked = link.externalId !== null && !connec.externalIds.includes(link.externalId);
  if (!stillMeant || (step.toConnec.length === 0 && !unlinked)) return null;
  return {
    kind: 'update',
    id: connec.id,
    externalId: unlinked ? link.externalId : null,
    changes: changesOf(batch, step.toConnec, connec.record),
  };
}

function changesOf(batch: Batch, writes: readonly FieldWrite[], record: AppRecord): Record<string, unknown> {
  return writes.reduce<Record<string, unknown>>(
    (changes, { rule, value }) => putAt(changes, rule.name, batch.references.wire(rule, value), record),
    {},
  );
}

/** Adds a value; what stands beside it in the same object is sent as it was read. */
function putAt(
  changes: Readonly<Record<string, unknown>>,
  path: string,
  value: unknown,
  record: AppRecord,
): Record<string, unknown> {
  const top = path.split('.')[0]!;
  const begun =
    top === path || Object.hasOwn(changes, top) ? changes : { ...changes, [top]: valueAt(record, top) };
  return withValueAt(begun, path, value);
}

async function afterConnecWrite(batch: Batch, step: Step, written: ConnecWritten): Promise<void> {
  const { entity, counters, settings } = batch.context;
  const link = batch.links.get(step.link.key)!;
  const look_ = batch.looks.get(link.key)!;
  const now = Date.now();
  if (written.kind === 'done') {
    const record = readConnec(entity, written.record);
    if (step.kind === 'archive') {
      counters.archived += 1;
      const gone = { since: link.gone?.since ?? now, archived: true };
      batch.links.set(link.key, atRest({ ...link, intents: [], gone }));
      return;
    }
    const writes = step.kind === 'createInConnec' ? step.writes : step.kind === 'write' ? step.toConnec : [];
    if (step.kind === 'createInConnec') {
      if (await isHeldElsewhere(batch, record, link)) {
        reject(batch, link, 'connec', 'sync.stolenMatch', '', []);
        return;
      }
      counters.createdInConnec += 1;
    } else if (writes.length > 0) counters.updatedInConnec += 1;
    const { link: based } = afterWrite(settledFor(link, 'connec'), 'connec', writes, record);
    const linked = withSide({ ...based, matchKeys: [] }, 'connec', {
      id: record.id,
      seen: true,
      born: based.connec.born ?? record.born,
    });
    const next = { ...seen(linked, look_.app, record), externalConfirmed: confirmed(linked, record) };
    const settled = next.intents.length === 0 && isAsSent(writes, record) && next.externalConfirmed;
    const rested = settled && step.kind === 'write' && step.toApp.length === 0;
    batch.links.set(link.key, rested ? atRest(next) : dueNow(next, 'retry', now));
  } else if (written.kind === 'rejected') {
    reject(batch, link, 'connec', 'sync.rejectedByConnec', written.reason, []);
  } else if (written.kind === 'unknown') {
    rest(batch, link);
  } else if (written.kind === 'notFound') {
    batch.links.set(link.key, dueAt(without(link, 'connec'), now + settings.retryMs, 'retry', now));
  } else {
    batch.away = true;
    batch.links.set(link.key, dueNow(without(link, 'connec'), 'retry', now));
  }
}

function confirmed(link: SyncLink, record: ConnecSide): boolean {
  return link.externalId !== null && record.externalIds.includes(link.externalId);
}

function isAsSent(writes: readonly FieldWrite[], record: ConnecSide): boolean {
  const { link } = afterWrite(newLink('', {}), 'connec', writes, record);
  return writes.every(({ rule: { name } }) => link.connec.base[name] === record.digests[name]);
}

async function isHeldElsewhere(batch: Batch, record: ConnecSide, link: SyncLink): Promise<boolean> {
  const { store, scope, entity } = batch.context;
  const [stored] = await store.links(scope, entity.name, [{ connec: record.id }]);
  const holder = stored ?? [...batch.links.values()].find(({ connec }) => connec.id === record.id);
  return holder !== undefined && holder.key !== link.key;
}

/** The outcome of a write is not known: it may still arrive, so that nobody looks before it cannot. */
function rest(batch: Batch, link: SyncLink): void {
  batch.context.counters.unknown += 1;
  const now = Date.now();
  const restUntil = now + batch.context.settings.restMs;
  batch.links.set(link.key, { ...dueNow({ ...link, restUntil }, 'retry', now), dueAt: restUntil });
}

function reject(
  batch: Batch,
  link: SyncLink,
  side: SyncSide,
  code: 'sync.rejectedByApp' | 'sync.rejectedByConnec' | 'sync.stolenMatch',
  reason: string,
  fields: readonly string[],
): void {
  batch.context.counters.rejected += 1;
  const one = batch.looks.get(link.key)!;
  const quarantined = held(without(link, side), one, 'quarantined', code, Date.now(), { reason, fields });
  batch.links.set(link.key, { ...quarantined, attempts: link.attempts + 1 });
}

/** Without intents for the side: a write after them was answered. */
function settledFor(link: SyncLink, side: SyncSide): SyncLink {
  return { ...link, intents: link.intents.filter((intent) => intent.side !== side) };
}

/** Without the newest intent for the side: it certainly did not happen. */
function without(link: SyncLink, side: SyncSide): SyncLink {
  const index = link.intents.findLastIndex((intent) => intent.side === side);
  return index < 0 ? link : { ...link, intents: link.intents.toSpliced(index, 1) };
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
    byEntity.set(entity, [...(byEntity.get(entity) ?? []), dueNow(link, 'reference', Date.now())]);
  }
  for (const [entity, links] of byEntity) await batch.context.guard.commit({ entity, links });
}

function historyOf(step: {
  readonly link: SyncLink;
  readonly decisions: readonly MergeDecision[];
}): SyncHistoryEntry[] {
  const at = Date.now();
  return step.decisions.flatMap(({ unit, to, rule, conflict }) =>
    unit.map(({ name }) => ({ key: step.link.key, at, field: name, to, rule, conflict })),
  );
}

async function commit(batch: Batch, stream?: SyncStream): Promise<void> {
  const history = batch.history.splice(0);
  const links = [...batch.links.values()];
  const { entity, guard } = batch.context;
  await guard.commit({ entity: entity.name, links, history, ...(stream ? { stream } : {}) });
}
