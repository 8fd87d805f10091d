import { count } from '../views/format.js';
import { isCreate, type SyncPlan } from './engine/plan.js';
import { waitingRequest } from './store/sync-request.js';
import type { SyncGroupState, SyncKnownGroup } from './store/sync-store.js';

/** Where a company is in a rollout. */
export type RolloutPlace = 'waiting' | 'planned' | 'underway' | 'done' | 'attention';

/** Companies that one step begins at most. */
const MOST_BEGUN = 1_000;

/** Where a company is, by what is known of it. */
export function placeOf({ state }: SyncKnownGroup, heldShare: number): RolloutPlace {
  const { enabled, run, rolledOutAt } = state;
  const isUnderWay = goesOn(state);
  const hasBegun = rolledOutAt !== null;
  // Of one that is switched off nothing follows: the others do not wait for it.
  if (enabled && hasBegun && (isUnderWay || isOwed(state))) return 'underway';
  if (run === null || run.needs === undefined) return hasBegun && isBroken(run) ? 'attention' : 'waiting';
  const { stopped, confirmation, records, links } = run.needs;
  if (stopped > 0) return 'attention';
  if (!confirmation) return records > links * heldShare ? 'attention' : 'done';
  // Of a large company a plan is good once all of it is listed.
  return isUnderWay || !enabled ? 'waiting' : 'planned';
}

/**
 * Whether a company that has begun has not had its run: the process died before it asked for one, or an older release took it up, which
 * left it alone.
 */
export function isOwed(state: SyncGroupState): boolean {
  const { enabled, run, rolledOutAt } = state;
  if (!enabled || rolledOutAt === null || goesOn(state)) return false;
  return (run?.endedAt ?? 0) < rolledOutAt || run?.code === 'sync.olderDeclaration';
}

/** Whether a run ended by an error that no record, and no side that is away, is the reason of. */
function isBroken(run: SyncGroupState['run']): boolean {
  return run?.status === 'ERROR' && run.code !== 'sync.sideAway';
}

/** Whether both sides of the company are being listed for the first time, or will be as soon as it is its turn. */
export function isListed(one: SyncKnownGroup): boolean {
  return one.state.enabled && placeOf(one, 1) === 'waiting' && goesOn(one.state);
}

/** Whether the company is not to be listed: somebody asked for a run of it before, or it is switched off. */
export function isPassedOver({ run, wanted, enabled }: SyncGroupState): boolean {
  return run !== null || wanted !== null || !enabled;
}

function goesOn(state: SyncGroupState): boolean {
  const { run, taken } = state;
  return run?.endedAt === null || waitingRequest(state) !== null || (taken?.options ?? null) !== null;
}

/** What stands against going on, of a company that needs somebody. */
export function troubleOf({ marketplace, groupUid, state }: SyncKnownGroup): string {
  if (state.run?.needs === undefined)
    return `${marketplace}/${groupUid}: its run failed (${state.run?.code ?? 'unknown'}).`;
  const { records, stopped } = state.run.needs;
  const what =
    stopped > 0
      ? `${count(stopped, 'entity', 'entities')} stopped`
      : `${count(records, 'record is', 'records are')} held back`;
  return `${marketplace}/${groupUid}: ${what}.`;
}

/** How many more may begin. */
export function roomFor(done: number, steps: readonly number[]): number {
  const next = steps.toSorted((one, other) => one - other).find((step) => step > done);
  return Math.min(MOST_BEGUN, next === undefined ? Number.POSITIVE_INFINITY : next - done);
}

/** Why a person has to look at a plan; null for one that only creates and links. */
export function whyNot({ entries, truncated }: SyncPlan): string | null {
  if (truncated) return 'The plan is longer than planLimit.';
  const overwritten = entries.filter(
    (entry) => (entry.fields.length > 0 && !isCreate(entry)) || entry.action === 'archiveInConnec',
  );
  if (overwritten.length > 0) return `${count(overwritten.length, 'record')} would be overwritten.`;
  const unclear = entries.filter(
    ({ action, reason }) => action === 'stop' || (action === 'hold' && reason !== 'sync.reference'),
  );
  const [first] = unclear;
  return first
    ? `${count(unclear.length, 'record is', 'records are')} unclear (${first.reason ?? ''}).`
    : null;
}
