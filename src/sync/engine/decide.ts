import type { SyncEntity } from '../fields/entity-definition.js';
import { type FieldWrite, merge, type MergeDecision, type MergeRules, convertUnit } from '../merge/merge.js';
import { withLines } from '../merge/lines.js';
import { settle } from '../merge/settle.js';
import {
  type Convert,
  type FieldRecords,
  type FieldRule,
  type FieldUnit,
  mayGo,
  type SideRecord,
} from '../merge/side-record.js';
import { digest, isEmpty, sameValue, valueAt } from '../merge/values.js';
import {
  atRest,
  dueAt,
  dueNow,
  type SyncHold,
  type SyncHoldKind,
  type SyncLink,
  type SyncSide,
  type SyncSideState,
  withSide,
} from '../store/sync-link.js';
import type { AppSideRecord, ConnecSide } from './records.js';
import { isAccepted } from './accepted.js';
import { ConversionFailure } from './references.js';
import { isOlder, wasCountedAnew, wasTakenBack } from './restored.js';
import type { SyncSettings } from './sync-settings.js';

/** Everything that is known of a record at one moment. */
export interface Look {
  readonly link: SyncLink;
  /** As just read; null where it cannot be read. */
  readonly app: AppSideRecord | null;
  readonly connec: ConnecSide | null;
  /** Another record of Connec! under our external id, and which link has it; null where none was found. */
  readonly survivor: { readonly id: string; readonly heldBy: string | null } | null;
  /** The record that the application created with our key; null where none was found. */
  readonly created: AppSideRecord | null;
}

/** What is decided with. */
export interface DecideContext {
  readonly entity: SyncEntity;
  readonly settings: Pick<SyncSettings, 'retryMs' | 'vanishedAfterMs'>;
  readonly convert: Convert;
  readonly rules: MergeRules;
  readonly now: number;
  /** Whether references that go in a circle are left out of what is created. */
  readonly withoutReferences?: boolean;
}

/** Both records as they were decided, with each of their lines as a field. */
type Shown = Readonly<Record<SyncSide, SideRecord>>;

/** What is to be done for a record, and the link as it is until that is done. */
export type Step =
  /** Nothing to write now. */
  | {
      readonly kind: 'keep';
      readonly link: SyncLink;
      readonly decisions: readonly MergeDecision[];
      readonly shown?: Shown;
    }
  | {
      readonly kind: 'write';
      readonly link: SyncLink;
      readonly toApp: readonly FieldWrite[];
      readonly toConnec: readonly FieldWrite[];
      readonly decisions: readonly MergeDecision[];
      readonly shown: Shown;
    }
  | {
      readonly kind: 'createInApp' | 'createInConnec';
      readonly link: SyncLink;
      readonly writes: readonly FieldWrite[];
    }
  /** The application deleted its record. */
  | { readonly kind: 'archive'; readonly link: SyncLink }
  /** A side shows an older state than before. */
  | { readonly kind: 'restored'; readonly link: SyncLink; readonly side: SyncSide };

/** What has to be found out before a record can be decided. */
export interface Questions {
  /** Whether another record of Connec! has our external id. */
  readonly survivor: boolean;
  /** Whether the application created a record with our key. */
  readonly created: boolean;
}

export function questionsOf({ link, app, connec }: Pick<Look, 'link' | 'app' | 'connec'>): Questions {
  const pending = (side: SyncSide): boolean => link.intents.some((intent) => intent.side === side);
  return {
    survivor:
      link.externalId !== null &&
      (link.connec.id === null ? pending('connec') : connec === null && link.app.id !== null),
    created:
      app === null && link.gone === null && link.connec.id !== null && pending('app') && !link.app.seen,
  };
}

/** Decides what is to be done for one record. Pure: the same look gives the same step. */
export function decide(look: Look, context: DecideContext): Step {
  const { now, settings } = context;
  const link = withSightings(look, now);
  const { connec } = look;
  const reborn = look.app !== null && isReborn(link.app, look.app);
  const app = reborn ? null : look.app;

  if (link.direction === 'none') return keep(atRest(link));
  if (link.gone !== null) return goneStep(link, connec, look, context);
  if (reborn) return goneStep(asGone(link, now), connec, look, context);
  if (holds(link, look)) return keep(atRest(link));
  const free = withoutHold(link);

  if (app === null && free.app.seen) {
    const missing = { ...free.app, missingSince: free.app.missingSince ?? now };
    return keep(held({ ...free, app: missing }, look, 'absent', 'sync.absent', now));
  }
  if (wasCountedAnew(app ?? look.created, link)) return { kind: 'restored', link, side: 'app' };
  if (look.created !== null && app === null) {
    return keep(dueNow(withSide(free, 'app', { id: look.created.id }), 'retry', now));
  }
  if (app === null && connec === null) return missingStep(free, look, context);
  if (free.connec.id !== null && connec === null) {
    if (look.survivor === null) return missingStep(free, look, context);
    if (look.survivor.id === free.connec.id) return keep(dueAt(free, now + settings.retryMs, 'retry', now));
    return keep(held(free, look, 'merged', 'sync.merged', now, { others: [look.survivor.id] }));
  }
  if (connec === null) return createInConnec(free, app!, look, context);
  if (app === null) return createInApp(free, connec, look, context);

  if (wasTakenBack(look.link, connec)) return { kind: 'restored', link, side: 'connec' };
  if (isOlder(app, look.link.app)) return { kind: 'restored', link, side: 'app' };
  return both(free, app, connec, look, context);
}

function both(
  link: SyncLink,
  app: AppSideRecord,
  connec: ConnecSide,
  look: Look,
  context: DecideContext,
): Step {
  const { entity, now } = context;
  const { units, link: lined, ...records } = withLines(entity, link, { app, connec }, context.convert);
  const settled = lined.intents.length > 0 ? settle(lined, records, units) : { link: lined, undecided: [] };
  const rules = rulesFor(context.rules, link, entity);
  const open = units.filter((unit) => isOpen(unit, { app: app.record, connec: connec.record }));
  const merged = merge(settled.link, records, open, context.convert, rules);
  const decisions = [...undecidedDecisions(settled.undecided), ...merged.decisions];
  let next = merged.link;
  if (merged.waitsFor !== null) {
    next = held(next, look, 'waiting', 'sync.reference', now, { waitsFor: merged.waitsFor });
  } else if (merged.asked.length > 0) {
    next = held(next, look, 'conflict', 'sync.conflict', now, {
      fields: merged.asked.map(({ name }) => name),
    });
  }
  const unlinked =
    !entity.singleton && (link.externalId === null || !connec.externalIds.includes(link.externalId));
  if (merged.toApp.length === 0 && merged.toConnec.length === 0 && !unlinked) {
    return {
      kind: 'keep',
      link: { ...atRest(seen(next, app, connec)), externalConfirmed: !entity.singleton },
      decisions,
      shown: records,
    };
  }
  const { toApp, toConnec } = merged;
  return { kind: 'write', link: next, toApp, toConnec, decisions, shown: records };
}

/** Versions of both sides, to tell later that one was restored; never smaller ones. */
export function seen(link: SyncLink, app: SideRecord | null, connec: SideRecord | null): SyncLink {
  let next = link;
  if (app) next = withSide(next, 'app', { version: newer(next.app.version, app.version) });
  if (connec) next = withSide(next, 'connec', { version: newer(next.connec.version, connec.version) });
  return next;
}

function newer(one: number | string | null, other: number | string | null): number | string | null {
  return typeof one === 'number' && typeof other === 'number' ? Math.max(one, other) : (other ?? one);
}

function createInConnec(link: SyncLink, app: AppSideRecord, look: Look, context: DecideContext): Step {
  const { entity, now } = context;
  if (look.survivor !== null) {
    const { id, heldBy } = look.survivor;
    if (heldBy !== null && heldBy !== link.key) {
      return keep(held(link, look, 'merged', 'sync.merged', now, { others: [id] }));
    }
    return keep(dueNow(withSide(link, 'connec', { id }), 'retry', now));
  }
  const accepted = !entity.singleton && isAccepted(entity, { app: app.record });
  if (!accepted || !rulesFor(context.rules, link, entity).writable.connec)
    return keep(atRest(seen(link, app, null)));
  const { units, app: lined } = withLines(entity, link, { app, connec: null }, context.convert);
  const converted = created(units, 'connec', { app: app.record }, lined, context);
  if ('waitsFor' in converted) {
    return keep(held(link, look, 'waiting', 'sync.reference', now, { waitsFor: converted.waitsFor }));
  }
  return { kind: 'createInConnec', link, writes: withDefaults(converted.writes, 'connec') };
}

function createInApp(link: SyncLink, connec: ConnecSide, look: Look, context: DecideContext): Step {
  const { entity, now } = context;
  if (entity.source.withoutKey && link.intents.some(({ side }) => side === 'app')) {
    return keep(held(link, look, 'quarantined', 'sync.undecidedCreate', now));
  }
  const accepted = !entity.singleton && isAccepted(entity, { connec: connec.record });
  if (!accepted || !rulesFor(context.rules, link, entity).writable.app)
    return keep(atRest(seen(link, null, connec)));
  const { units, connec: lined } = withLines(entity, link, { app: null, connec }, context.convert);
  const converted = created(units, 'app', { connec: connec.record }, lined, context);
  if ('waitsFor' in converted) {
    return keep(held(link, look, 'waiting', 'sync.reference', now, { waitsFor: converted.waitsFor }));
  }
  return { kind: 'createInApp', link, writes: withDefaults(converted.writes, 'app') };
}

/** All values of a new record. */
function created(
  units: readonly FieldUnit[],
  to: SyncSide,
  records: FieldRecords,
  source: SideRecord,
  { convert, withoutReferences }: DecideContext,
): ReturnType<typeof convertUnit> {
  const rules = units.filter((unit) => isOpen(unit, records)).flat();
  const going = rules.filter(({ direction }) => mayGo(direction, to));
  const left = (rule: FieldRule): boolean =>
    withoutReferences === true &&
    rule.circular === true &&
    'waitsFor' in convertUnit([rule], source, convert);
  return convertUnit(
    going.filter((rule) => !left(rule)),
    source,
    convert,
  );
}

/** Whether the fields take part, as their guards say. @throws ConversionFailure */
export function isOpen(unit: FieldUnit, records: FieldRecords): boolean {
  return unit.every(({ name, when }) => {
    try {
      return when?.(records) ?? true;
    } catch (error) {
      throw new ConversionFailure(name, error);
    }
  });
}

function withDefaults(writes: readonly FieldWrite[], side: SyncSide): readonly FieldWrite[] {
  return writes.map((write) => {
    const value = write.rule.onCreate[side];
    return value !== undefined && isEmpty(write.value) ? { ...write, value } : write;
  });
}

/** A record that is not found is no delete and no reason to create: it is looked for, then left to a person. */
function missingStep(link: SyncLink, look: Look, { now, settings }: DecideContext): Step {
  const since = link.connec.missingSince ?? now;
  const missing = withSide(link, 'connec', { missingSince: since });
  if (now - since < settings.vanishedAfterMs)
    return keep(dueAt(missing, now + settings.retryMs, 'retry', now));
  return keep(held(missing, look, 'vanished', 'sync.vanished', now));
}

/** The application deleted its record: that of Connec! is archived, once, and never removed. */
function goneStep(link: SyncLink, connec: ConnecSide | null, look: Look, context: DecideContext): Step {
  const { entity, now } = context;
  const rested = { ...atRest(link), intents: [], hold: null };
  if (link.connec.id === null) {
    if (look.survivor === null || look.survivor.heldBy !== null) return keep(rested);
    return keep(dueNow(withSide(link, 'connec', { id: look.survivor.id }), 'retry', now));
  }
  if (link.gone?.archived || entity.singleton || entity.whenDeletedInApp === 'keep') return keep(rested);
  if (connec === null) return missingStep(link, look, context);
  const archived = Object.entries(entity.archived).every(([path, value]) =>
    sameValue(valueAt(connec.record, path), value),
  );
  if (archived) return keep({ ...rested, gone: { since: link.gone?.since ?? now, archived: true } });
  if (!rulesFor(context.rules, link, entity).writable.connec) return keep(rested);
  return { kind: 'archive', link: { ...link, hold: null } };
}

/** The link of a record that the application deleted. Its id is free for another one. */
export function asGone(link: SyncLink, now: number): SyncLink {
  const gone = {
    ...withSide(link, 'app', { id: null }),
    gone: { since: now, archived: false },
    matchKeys: [],
  };
  return dueNow({ ...gone, hold: null, waitsFor: null }, 'sweep', now);
}

/** Whether the record is another one under the id of the one that was linked. */
export function isReborn(state: SyncSideState, record: SideRecord): boolean {
  return state.born !== null && record.born !== null && state.born !== record.born;
}

/** Whether the side had this value of the field before, and has another one by now. */
export function isFormer({ former }: SyncSideState, name: string, digest_: string | undefined): boolean {
  return digest_ !== undefined && former?.[name]?.includes(digest_) === true;
}

/** What the look itself tells: versions, marks of birth, and that a record is there again. */
function withSightings({ link, app, connec }: Look, now: number): SyncLink {
  let next = link;
  if (app !== null && !isReborn(link.app, app)) {
    next = withSide(next, 'app', { seen: true, born: next.app.born ?? app.born, missingSince: null });
  }
  if (connec !== null) {
    next = withSide(next, 'connec', {
      seen: true,
      born: next.connec.born ?? connec.born,
      missingSince: null,
    });
  }
  next = seen(next, app !== null && isReborn(link.app, app) ? null : app, connec);
  return next.restUntil > 0 && next.restUntil <= now ? { ...next, restUntil: 0 } : next;
}

/** The state of a side, as a hold remembers it. */
function stateOf(record: SideRecord | null): string {
  return record === null ? '' : `${record.version}/${digest(record.digests)}`;
}

/** Whether what holds the record back still does. */
function holds({ hold }: SyncLink, { app, connec }: Look): boolean {
  if (hold === null || hold.kind === 'waiting') return false;
  if (hold.kind === 'ignored' || hold.kind === 'ambiguous') return true;
  if (hold.kind === 'merged' || hold.kind === 'vanished') return connec === null;
  if (hold.kind === 'absent') return app === null;
  return hold.seen.app === stateOf(app) && hold.seen.connec === stateOf(connec);
}

function withoutHold(link: SyncLink): SyncLink {
  return link.hold === null && link.waitsFor === null ? link : { ...link, hold: null, waitsFor: null };
}

/** The link, at rest until what holds it back is over. */
export function held(
  link: SyncLink,
  look: Pick<Look, 'app' | 'connec'>,
  kind: SyncHoldKind,
  code: SyncHold['code'],
  now: number,
  facts: {
    readonly fields?: readonly string[];
    readonly reason?: string;
    readonly others?: readonly string[];
    readonly waitsFor?: string;
  } = {},
): SyncLink {
  const hold: SyncHold = {
    kind,
    code,
    fields: facts.fields ?? [],
    reason: facts.reason ?? '',
    since: link.hold?.kind === kind ? link.hold.since : now,
    seen: { app: stateOf(look.app), connec: stateOf(look.connec) },
    ...(facts.others ? { others: facts.others } : {}),
  };
  return { ...atRest(link), hold, waitsFor: facts.waitsFor ?? null };
}

function rulesFor(rules: MergeRules, link: SyncLink, entity: SyncEntity): MergeRules {
  const writable = (side: SyncSide): boolean =>
    rules.writable[side] && may(link.direction, side) && may(entity.direction, side);
  return { ...rules, writable: { app: writable('app'), connec: writable('connec') } };
}

function may(direction: SyncEntity['direction'], to: SyncSide): boolean {
  return direction !== 'none' && mayGo(direction, to);
}

function undecidedDecisions(rules: readonly FieldRule[]): readonly MergeDecision[] {
  return rules.map((rule) => ({ unit: [rule], to: null, rule: 'undecided', conflict: true }));
}

function keep(link: SyncLink): Step {
  return { kind: 'keep', link, decisions: [] };
}
