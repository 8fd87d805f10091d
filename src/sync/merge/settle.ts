import type { SyncBase, SyncIntent, SyncLink } from '../store/sync-link.js';
import { withBase } from '../store/sync-link.js';
import type { FieldRule, FieldUnit, SideRecord } from './side-record.js';
import { otherSide } from './side-record.js';
import { digest, isImage } from './values.js';

/** What became of writes whose outcome was not known. */
export interface Settled {
  readonly link: SyncLink;
  /** Fields that somebody wrote beside us, so that the rule of the field was not asked. */
  readonly undecided: readonly FieldRule[];
}

/**
 * Finds out, from both records as they are now, what became of the writes that were begun, and moves the bases
 * accordingly. For each unit the newest intent decides; older ones only tell our own values from a person's:
 *
 * 1. the target holds what was sent, or its form of it: the write happened;
 * 2. the target holds its base: it did not happen, and the source still counts as changed. Unless the stamp of the
 *    target moved while nothing of it is otherwise, not even a field that is not synchronized: then it happened, and a
 *    person took it back;
 * 3. it holds something that no intent sent: somebody wrote after us or beside us, and theirs is the newer word.
 */
export function settle(
  link: SyncLink,
  records: { readonly app: SideRecord; readonly connec: SideRecord },
  units: readonly FieldUnit[],
): Settled {
  const done = new Set<FieldUnit>();
  const undecided: FieldRule[] = [];
  let settled = link;
  for (const intent of link.intents.toReversed()) {
    const target = records[intent.side];
    const base = settled[intent.side].base;
    const sent = Object.fromEntries(
      Object.entries(intent.sent).map(([name, value]) => [name, digest(value)]),
    );
    const moved = target.version !== intent.version && target.whole() === intent.whole;
    const explained = (unit: FieldUnit): boolean =>
      units.some((other) => other !== unit && other.some(({ name }) => changed(target, base, name)));
    for (const unit of units) {
      const first = unit[0];
      if (first === undefined || !(first.name in sent) || done.has(unit)) continue;
      const bases = (target_: SyncBase, source: SyncBase): void => {
        settled = withBase(settled, intent.side, only(unit, target_));
        settled = withBase(settled, otherSide(intent.side), only(unit, source));
      };
      if (unit.every((rule) => holds(rule, intent, target, base))) {
        bases(target.digests, intent.from);
        done.add(unit);
      } else if (unit.every(({ name }) => !changed(target, base, name))) {
        if (moved && !explained(unit)) bases(sent, intent.from);
        done.add(unit);
      } else if (!link.intents.some((other) => isValueOf(other, intent, unit, target))) {
        settled = withBase(settled, otherSide(intent.side), only(unit, intent.from));
        undecided.push(...unit);
        done.add(unit);
      }
    }
  }
  return { link: { ...settled, intents: [] }, undecided };
}

function changed(record: SideRecord, base: SyncBase, name: string): boolean {
  return record.digests[name] !== base[name];
}

/** Whether the target shows what was sent, or the form that it gave to it. */
function holds(rule: FieldRule, intent: SyncIntent, target: SideRecord, base: SyncBase): boolean {
  const { name } = rule;
  if (!(name in intent.sent)) return false;
  const [sent, got] = [intent.sent[name], target.values[name]];
  if (digest(sent) === target.digests[name]) return true;
  if (intent.side === 'connec' && rule.equal?.(sent, got)) return true;
  return isImage(sent, got) && changed(target, base, name);
}

/** Whether another intent for the side sent the values that the target shows. */
function isValueOf(other: SyncIntent, intent: SyncIntent, unit: FieldUnit, target: SideRecord): boolean {
  return (
    other.side === intent.side &&
    unit.every(({ name }) => name in other.sent && digest(other.sent[name]) === target.digests[name])
  );
}

function only(unit: FieldUnit, digests: SyncBase): SyncBase {
  const kept: Record<string, string> = {};
  for (const { name } of unit) {
    const value = digests[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
