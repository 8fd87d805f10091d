import type { ConnecWrite, ConnecWritten } from '../connec/connec-records.js';
import type { AppRecord } from '../fields/entity-definition.js';
import { afterWrite, differs, type FieldWrite } from '../merge/merge.js';
import { withLines, writtenLines } from '../merge/lines.js';
import type { LineValues, ListRule, SideLine, SideRecord } from '../merge/side-record.js';
import { isRecord } from '../../utils/values.js';
import { toExternalIds } from '../../connec/client/external-ids.js';
import { valueAt, withValueAt } from '../merge/values.js';
import {
  atRest,
  dueAt,
  dueNow,
  type SyncIntent,
  type SyncLink,
  type SyncSide,
  withSide,
} from '../store/sync-link.js';
import { type Batch, failedWith, reject, rest, settledFor, without } from './batch.js';
import { noteFailure } from './call-failure.js';
import { asGone, isFormer, seen, type Step } from './decide.js';
import { roundTripNotices } from './notices.js';
import { type ConnecSide, readConnec } from './records.js';

export function addIntents(batch: Batch, step: Step): void {
  const isCounted = batch.context.entity.source.versions === 'table';
  const add = (side: SyncSide, writes: readonly FieldWrite[], target: SideRecord | null): void => {
    const link = batch.links.get(step.link.key)!;
    const intent: SyncIntent = {
      side,
      sent: Object.fromEntries(writes.map(({ rule, value }) => [rule.name, value])),
      from: Object.fromEntries(writes.map(({ rule, from }) => [rule.name, from])),
      version: target?.version ?? null,
      whole: target?.whole() ?? null,
      at: batch.context.now(),
      ...(isCounted && side === 'app' && target === null ? { above: batch.appHighest } : {}),
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

export async function writeToApp(batch: Batch, steps: readonly Step[]): Promise<void> {
  const queue = steps.filter(
    (step) => step.kind === 'createInApp' || (step.kind === 'write' && step.toApp.length > 0),
  );
  const worker = async (): Promise<void> => {
    for (let step = queue.shift(); step; step = queue.shift()) await writeOneToApp(batch, step);
  };
  const workers = Math.min(batch.context.settings.concurrency, queue.length);
  await Promise.all(Array.from({ length: workers }, worker));
  await freeAppIds(batch);
}

async function writeOneToApp(batch: Batch, step: Step): Promise<void> {
  const { source, guard, counters } = batch.context;
  const link = batch.links.get(step.link.key)!;
  const { app, connec } = batch.looks.get(link.key)!;
  await guard.check('app');
  const writes = step.kind === 'createInApp' ? step.writes : step.kind === 'write' ? step.toApp : [];
  const data = appDataOf(link, writes, app);
  const highest = batch.appHighest;
  const written =
    step.kind === 'createInApp'
      ? await source.create(data, link.connec.id!)
      : await source.update(app!, data);
  const now = batch.context.now();
  const current = batch.links.get(link.key)!;
  if (written.kind === 'done') {
    noteVersion(batch, written.record, app, highest);
    if (step.kind === 'createInApp') counters.createdInApp += 1;
    else counters.updatedInApp += 1;
    if (step.kind === 'createInApp') batch.created.push({ id: written.record.id, key: link.key });
    batch.responses.app.set(link.key, written.record);
    const lined = withLines(
      batch.context.entity,
      current,
      { app: written.record, connec },
      batch.references.convert,
    );
    const { link: based, altered } = afterWrite(settledFor(lined.link, 'app'), 'app', writes, lined.app);
    batch.notices.push(...roundTripNotices(altered, writes, lined.app));
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
    const failed = { call: written.call, error: written.error };
    noteFailure(batch.context.failures, { entity: batch.context.entity.name, ...failed });
    rest(batch, failedWith(current, failed), 'record', failed);
  } else {
    // Stale, gone meanwhile, or not now: certainly not written. Look again.
    const at = written.kind === 'later' ? now + written.afterMs : now;
    const unwritten = { ...without(without(current, 'app'), 'connec'), restUntil: at };
    batch.links.set(link.key, dueAt(unwritten, at, 'retry', now));
  }
}

/** A write draws a greater version than any that was there when it was sent, unless the database was restored. */
function noteVersion(batch: Batch, written: SideRecord, before: SideRecord | null, highest: number): void {
  const { version } = written;
  batch.written.app.push(written);
  if (batch.context.entity.source.versions !== 'table' || typeof version !== 'number') return;
  if (version <= highest && version !== before?.version) batch.restored = 'app';
  batch.appHighest = Math.max(batch.appHighest, version);
}

/** Ids that the application gave to new records cannot be those of other ones any more. */
async function freeAppIds(batch: Batch): Promise<void> {
  if (batch.created.length === 0) return;
  const { store, scope, entity } = batch.context;
  const refs = batch.created.map(({ id }) => ({ app: id }));
  const stored = await store.links(scope, entity.name, refs);
  for (const [index, { id, key }] of batch.created.entries()) {
    if (batch.links.get(key)!.app.id !== id) continue;
    const inBatch = [...batch.links.values()].find((link) => link.app.id === id && link.key !== key);
    const elsewhere = stored[index];
    const holder = inBatch ?? (elsewhere && !batch.links.has(elsewhere.key) ? elsewhere : null);
    if (holder) batch.links.set(holder.key, asGone(holder, batch.context.now()));
  }
}

export async function writeToConnec(batch: Batch, steps: readonly Step[]): Promise<void> {
  const sending: { readonly step: Step; readonly write: ConnecWrite }[] = [];
  for (const step of steps) {
    const link = batch.links.get(step.link.key)!;
    const write = connecWriteOf(batch, step, link);
    if (write) sending.push({ step, write });
  }
  if (sending.length === 0) return;
  await batch.context.guard.check('connec');
  const { connec, entity } = batch.context;
  const written = await connec.write(
    entity.resource,
    sending.map(({ write }) => write),
  );
  const holders = await holdersOf(batch, written);
  for (const [index, { step }] of sending.entries()) {
    afterConnecWrite(batch, step, written[index]!, holders);
  }
}

/**
 * Lets the records rest of which every response shows what was sent, and nothing else: the responses say
 * all that another look would.
 */
export function restAgreed(batch: Batch, steps: readonly Step[]): void {
  for (const step of steps) {
    const link = batch.links.get(step.link.key)!;
    if (link.intents.length > 0 || link.gone !== null || !link.externalConfirmed) continue;
    const rested = agreed(batch, step, link);
    if (rested) batch.links.set(link.key, atRest(rested));
  }
}

function agreed(
  { context, responses, looks, references }: Batch,
  step: Step,
  link: SyncLink,
): SyncLink | null {
  const look = looks.get(link.key)!;
  const app = responses.app.get(link.key) ?? look.app;
  const connec = responses.connec.get(link.key) ?? look.connec;
  if (app === null || connec === null) return null;
  const {
    link: lined,
    units,
    ...records
  } = withLines(context.entity, link, { app, connec }, references.convert);
  const isAsSent = (side: SyncSide, writes: readonly FieldWrite[]): boolean =>
    writes.length === 0 ||
    (responses[side].has(link.key) &&
      writes.every(({ rule: { name } }) => lined[side].base[name] === records[side].digests[name]));
  if (step.kind === 'write')
    return isAsSent('app', step.toApp) && isAsSent('connec', step.toConnec) ? lined : null;
  const isCreated = step.kind === 'createInApp' || step.kind === 'createInConnec';
  return isCreated && responses.connec.has(link.key) && !differs(lined, records, units) ? lined : null;
}

/** What is sent for a record; null where nothing is, or nothing any more. */
function connecWriteOf(batch: Batch, step: Step, link: SyncLink): ConnecWrite | null {
  const { connec } = batch.looks.get(link.key)!;
  if (step.kind === 'createInConnec') {
    const changes = changesOf(batch, link, step.writes, null);
    return { kind: 'create', externalId: link.externalId!, changes };
  }
  if (step.kind === 'archive' && connec) {
    const changes = Object.entries(batch.context.entity.archived).reduce(
      (all, [path, value]) => putAt(all, path, value, connec.record),
      {},
    );
    return { kind: 'update', id: connec.id, externalId: null, changes };
  }
  if (step.kind === 'createInApp' && connec && link.app.id !== null) {
    return { kind: 'update', id: connec.id, externalId: link.externalId, changes: {} };
  }
  if (step.kind !== 'write' || !connec) return null;
  const stillMeant = step.toConnec.length === 0 || link.intents.some(({ side }) => side === 'connec');
  const unlinked = link.externalId !== null && !connec.externalIds.includes(link.externalId);
  if (!stillMeant || (step.toConnec.length === 0 && !unlinked)) return null;
  return {
    kind: 'update',
    id: connec.id,
    externalId: unlinked ? link.externalId : null,
    changes: changesOf(batch, link, step.toConnec, connec),
  };
}

function changesOf(
  batch: Batch,
  link: SyncLink,
  writes: readonly FieldWrite[],
  connec: ConnecSide | null,
): Record<string, unknown> {
  const record = connec?.record ?? {};
  const { references, context } = batch;
  const plain = writes
    .filter(({ rule }) => !rule.line)
    .reduce<Record<string, unknown>>(
      (changes, { rule, value }) => putAt(changes, rule.name, references.wire(rule, value), record),
      {},
    );
  return linesByList(writes).reduce<Record<string, unknown>>((changes, { list, lines }) => {
    const form = (values: LineValues, line: SideLine | null, key: string): Record<string, unknown> => {
      const id = link.lines[list.name]?.find((pair) => pair.key === key)?.app ?? key.slice(1);
      const added = line === null && key.startsWith('a') ? { id: toExternalIds(id, context.owner) } : {};
      return list.fields.reduce<Record<string, unknown>>(
        (written, field) =>
          field.name in values
            ? putAt(written, field.name, references.wire(field, values[field.name]), line?.raw ?? {})
            : written,
        { ...line?.raw, ...added },
      );
    };
    const present = connec?.lists?.[list.name] ?? [];
    return putAt(changes, list.name, writtenLines(list, 'connec', link, present, lines, form), record);
  }, plain);
}

/** What is written to the application: properties, and lists as a whole. */
function appDataOf(link: SyncLink, writes: readonly FieldWrite[], app: SideRecord | null): AppRecord {
  const data: Record<string, unknown> = {};
  for (const { rule, value } of writes) if (!rule.line) data[rule.app] = value;
  for (const { list, lines } of linesByList(writes)) {
    const form = (values: LineValues, line: SideLine | null): Record<string, unknown> => {
      const written: Record<string, unknown> = { ...line?.raw };
      for (const field of list.fields) if (field.name in values) written[field.app] = values[field.name];
      return written;
    };
    data[list.app] = writtenLines(list, 'app', link, app?.lists?.[list.name] ?? [], lines, form);
  }
  return data;
}

/** The lines among the writes, by their list. */
function linesByList(
  writes: readonly FieldWrite[],
): readonly { readonly list: ListRule; readonly lines: ReadonlyMap<string, LineValues | null> }[] {
  const found = new Map<ListRule, Map<string, LineValues | null>>();
  for (const { rule, value } of writes) {
    if (!rule.line) continue;
    const lines = found.get(rule.line.list) ?? new Map<string, LineValues | null>();
    found.set(rule.line.list, lines.set(rule.line.key, isRecord(value) ? value : null));
  }
  return [...found].map(([list, lines]) => ({ list, lines }));
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

function afterConnecWrite(
  batch: Batch,
  step: Step,
  written: ConnecWritten,
  holders: Map<string, string>,
): void {
  const { entity, counters, settings } = batch.context;
  const link = batch.links.get(step.link.key)!;
  const look_ = batch.looks.get(link.key)!;
  const now = batch.context.now();
  if (written.kind === 'done') {
    const read = readConnec(entity, written.record);
    batch.written.connec.push(read);
    batch.responses.connec.set(link.key, read);
    batch.context.listed?.delete(read.id);
    const app = batch.responses.app.get(link.key) ?? look_.app;
    const { convert } = batch.references;
    const { link: lined, connec: record } = withLines(entity, link, { app, connec: read }, convert);
    if (step.kind === 'archive') {
      counters.archived += 1;
      const gone = { since: link.gone?.since ?? now, archived: true };
      batch.links.set(link.key, atRest({ ...link, intents: [], gone }));
      return;
    }
    const writes = step.kind === 'createInConnec' ? step.writes : step.kind === 'write' ? step.toConnec : [];
    if (step.kind === 'write' && look_.connec) {
      if (link.externalConfirmed && !confirmed(link, record)) batch.restored = 'connec';
      else if (hasFormer(batch, link, look_.connec, record, writes)) batch.formerAgain.push(look_.connec.at);
    }
    if (step.kind === 'createInConnec') {
      if ((holders.get(record.id) ?? link.key) !== link.key) {
        reject(batch, link, 'connec', 'sync.stolenMatch', '', []);
        return;
      }
      holders.set(record.id, link.key);
      counters.createdInConnec += 1;
    } else if (writes.length > 0) counters.updatedInConnec += 1;
    const { link: based, altered } = afterWrite(settledFor(lined, 'connec'), 'connec', writes, record);
    batch.notices.push(...roundTripNotices(altered, writes, record));
    const linked = withSide({ ...based, matchKeys: [] }, 'connec', {
      id: record.id,
      seen: true,
      born: based.connec.born ?? record.born,
    });
    const next = { ...seen(linked, app, record), externalConfirmed: confirmed(linked, record) };
    batch.links.set(link.key, dueNow(next, 'retry', now));
  } else if (written.kind === 'rejected') {
    reject(batch, link, 'connec', 'sync.rejectedByConnec', written.reason, []);
  } else if (written.kind === 'unknown') {
    rest(batch, link, 'side');
  } else if (written.kind === 'notFound') {
    batch.links.set(link.key, dueAt(without(link, 'connec'), now + settings.retryMs, 'retry', now));
  } else {
    batch.away = true;
    batch.links.set(link.key, dueNow(without(link, 'connec'), 'retry', now));
  }
}

/**
 * Whether fields that were not sent got values from before between our look and our write: a person put them back, or a backup
 * did. The write gave the record a new stamp, so that nothing but its response shows it.
 */
function hasFormer(
  batch: Batch,
  link: SyncLink,
  before: ConnecSide,
  after: ConnecSide,
  writes: readonly FieldWrite[],
): boolean {
  const { base } = link.connec;
  const sent = new Set(writes.map(({ rule }) => rule.name));
  // Lines are written with their list.
  const moved = batch.context.entity.rules
    .map(({ name }) => name)
    .filter((name) => !sent.has(name) && after.digests[name] !== before.digests[name]);
  const older = (name: string): boolean =>
    (base[name] !== undefined && base[name] === after.digests[name]) ||
    isFormer(link.connec, name, after.digests[name]);
  return moved.length > 0 && moved.every(older);
}

function confirmed(link: SyncLink, record: ConnecSide): boolean {
  return link.externalId !== null && record.externalIds.includes(link.externalId);
}

/** The links that have the records of Connec! already, by the records' ids. */
async function holdersOf(batch: Batch, written: readonly ConnecWritten[]): Promise<Map<string, string>> {
  const { store, scope, entity } = batch.context;
  const ids = written.flatMap((one) => (one.kind === 'done' ? [one.record.id] : []));
  const stored = await store.links(
    scope,
    entity.name,
    ids.map((connec) => ({ connec })),
  );
  const known = [...batch.links.values(), ...stored.filter((link) => link !== null)];
  return new Map(known.flatMap(({ key, connec }) => (connec.id === null ? [] : [[connec.id, key] as const])));
}
