import type { SyncBase, SyncLink, SyncSide } from '../store/sync-link.js';
import { withBase } from '../store/sync-link.js';
import type { Convert, FieldRule, FieldUnit, SideRecord, SyncConflictRule } from './side-record.js';
import { mayGo, otherSide } from './side-record.js';
import { digest, isEmpty, isImage, sameValue } from './values.js';

/** What may be written, and who wins: the rules of the entity and of the run. */
export interface MergeRules {
  /** Which sides may be written to. */
  readonly writable: Readonly<Record<SyncSide, boolean>>;
  readonly conflict: SyncConflictRule;
  /** Which side wins every conflict of this run; null where the rules decide. */
  readonly preemption?: SyncSide | null;
}

/** One field that is to be written. */
export interface FieldWrite {
  readonly rule: FieldRule;
  /** In the form of the side that it is written to. */
  readonly value: unknown;
  /** Digest of the value that it was made from. */
  readonly from: string;
}

/** How a unit was decided, for the history. */
export interface MergeDecision {
  readonly unit: FieldUnit;
  readonly to: SyncSide | null;
  /** Such as `only app changed`, `newest: app`. */
  readonly rule: string;
  readonly conflict: boolean;
}

export interface Merged {
  /** The link with the bases of what both sides already agree on. */
  readonly link: SyncLink;
  readonly toApp: readonly FieldWrite[];
  readonly toConnec: readonly FieldWrite[];
  readonly decisions: readonly MergeDecision[];
  /** Fields that a person has to decide. */
  readonly asked: readonly FieldRule[];
  /** The first record that a value waits for; null when none does. */
  readonly waitsFor: string | null;
}

/**
 * Compares each side with its own base and decides, unit by unit, what has to be written where. Only changed units are
 * written, never the record.
 */
export function merge(
  link: SyncLink,
  records: { readonly app: SideRecord; readonly connec: SideRecord },
  units: readonly FieldUnit[],
  convert: Convert,
  rules: MergeRules,
): Merged {
  const { app, connec } = records;
  const writes: Record<SyncSide, FieldWrite[]> = { app: [], connec: [] };
  const decisions: MergeDecision[] = [];
  const asked: FieldRule[] = [];
  let waitsFor: string | null = null;
  let merged = link;

  for (const unit of units) {
    const appChanged = goes(unit, 'connec') && hasChanged(unit, app, link.app.base);
    const connecChanged = goes(unit, 'app') && hasChanged(unit, connec, link.connec.base);
    if (!appChanged && !connecChanged) continue;

    const values = convertUnit(unit, appChanged ? app : connec, convert);
    if ('waitsFor' in values) {
      waitsFor ??= values.waitsFor;
      continue;
    }
    if (agree(unit, appChanged ? connec : app, values.writes)) {
      merged = withBase(merged, 'app', only(unit, app.digests));
      merged = withBase(merged, 'connec', only(unit, connec.digests));
      continue;
    }
    const decision = decide(unit, link, records, { appChanged, connecChanged }, rules);
    decisions.push(decision);
    if (decision.to === null) {
      asked.push(...unit);
      continue;
    }
    if (!rules.writable[decision.to]) continue;
    const chosen =
      decision.to === (appChanged ? 'connec' : 'app')
        ? values
        : convertUnit(unit, records[otherSide(decision.to)], convert);
    if ('waitsFor' in chosen) waitsFor ??= chosen.waitsFor;
    else writes[decision.to].push(...chosen.writes);
  }
  return { link: merged, toApp: writes.app, toConnec: writes.connec, decisions, asked, waitsFor };
}

/**
 * The bases after a write that was answered. What the target answers is its base only where it is what was sent, or its
 * form of it: any other value is somebody's change, and flows back.
 */
export function afterWrite(
  link: SyncLink,
  to: SyncSide,
  writes: readonly FieldWrite[],
  answered: SideRecord | null,
): { readonly link: SyncLink; readonly altered: readonly FieldRule[] } {
  const source: Record<string, string> = {};
  const target: Record<string, string> = {};
  const altered: FieldRule[] = [];
  for (const { rule, value, from } of writes) {
    const { name } = rule;
    source[name] = from;
    target[name] = digest(value);
    if (answered === null || answered.digests[name] === target[name]) continue;
    const got = answered.values[name];
    if (!isImage(value, got) && !(to === 'connec' && rule.equal?.(value, got))) continue;
    target[name] = answered.digests[name]!;
    if (!rule.equal?.(value, got)) altered.push(rule);
  }
  return { link: withBase(withBase(link, to, target), otherSide(to), source), altered };
}

/** Whether a unit of the record differs from the base. */
export function hasChanged(unit: FieldUnit, record: SideRecord, base: SyncBase): boolean {
  return unit.some(({ name }) => record.digests[name] !== base[name]);
}

/** Whether a unit that may go to the other side differs from its base on either side. */
export function differs(
  link: SyncLink,
  records: { readonly app: SideRecord; readonly connec: SideRecord },
  units: readonly FieldUnit[],
): boolean {
  const isChanged = (unit: FieldUnit, side: SyncSide): boolean =>
    goes(unit, otherSide(side)) && hasChanged(unit, records[side], link[side].base);
  return units.some((unit) => isChanged(unit, 'app') || isChanged(unit, 'connec'));
}

/** All values of a record for the other side, as a create needs them. */
export function convertUnit(
  unit: readonly FieldRule[],
  source: SideRecord,
  convert: Convert,
): { readonly writes: readonly FieldWrite[] } | { readonly waitsFor: string } {
  const writes: FieldWrite[] = [];
  for (const rule of unit) {
    const converted = convert(rule, source.side, source.values[rule.name]);
    if ('waitsFor' in converted) return converted;
    writes.push({ rule, value: converted.value, from: source.digests[rule.name]! });
  }
  return { writes };
}

function goes(unit: FieldUnit, to: SyncSide): boolean {
  return unit.every(({ direction }) => mayGo(direction, to));
}

/** Whether the side already holds what would be written to it. */
function agree(unit: FieldUnit, side: SideRecord, writes: readonly FieldWrite[]): boolean {
  return writes.every(({ rule, value }) => {
    const held = side.values[rule.name];
    return sameValue(value, held) || (side.side === 'connec' && rule.equal?.(value, held) === true);
  });
}

function decide(
  unit: FieldUnit,
  link: SyncLink,
  { app, connec }: { readonly app: SideRecord; readonly connec: SideRecord },
  { appChanged, connecChanged }: { readonly appChanged: boolean; readonly connecChanged: boolean },
  rules: MergeRules,
): MergeDecision {
  if (!connecChanged) return { unit, to: 'connec', rule: 'only app changed', conflict: false };
  if (!appChanged) return { unit, to: 'app', rule: 'only connec changed', conflict: false };
  const first = unit.every(
    ({ name }) => link.app.base[name] === undefined && link.connec.base[name] === undefined,
  );
  const rule = unit.find(({ conflict }) => conflict !== null)?.conflict ?? rules.conflict;
  const named = (winner: SyncSide, how: string): MergeDecision => ({
    unit,
    to: otherSide(winner),
    rule: `${how}: ${winner}`,
    conflict: true,
  });
  const filled = fuller(unit, app, connec);
  if (filled !== null && (first || rule === 'nonEmpty')) return named(filled, 'nonEmpty');
  if (rules.preemption) return named(rules.preemption, 'preemption');
  if (rule === 'app' || rule === 'connec') return named(rule, 'rule');
  if (rule === 'ask') return { unit, to: null, rule: 'ask', conflict: true };
  return named(changedAt(unit, app) > changedAt(unit, connec) ? 'app' : 'connec', 'newest');
}

/** When the unit was last changed, as far as the side knows it. */
function changedAt(unit: FieldUnit, { at, fieldsAt = {} }: SideRecord): number {
  return Math.max(...unit.map(({ app }) => fieldsAt[app] ?? at));
}

/** The only side that has a value; null when both do, or neither. */
function fuller(unit: FieldUnit, app: SideRecord, connec: SideRecord): SyncSide | null {
  const empty = (record: SideRecord): boolean => unit.every(({ name }) => isEmpty(record.values[name]));
  const [appEmpty, connecEmpty] = [empty(app), empty(connec)];
  if (appEmpty === connecEmpty) return null;
  return appEmpty ? 'connec' : 'app';
}

function only(unit: FieldUnit, digests: SyncBase): SyncBase {
  return Object.fromEntries(unit.map(({ name }) => [name, digests[name]!]));
}
