import type { GroupReference } from '../../adapters/maestrano-group.adapter.js';
import type { SyncHoldKind } from '../store/sync-link.js';
import type { SyncStatus } from '../sync-status.interface.js';

/** Kinds of holds that end only by what a person does. */
export const HELD_FOR_PERSONS = [
  'quarantined',
  'conflict',
  'ambiguous',
  'merged',
  'vanished',
] as const satisfies readonly SyncHoldKind[];

/** What somebody should know of a group; numbers of records. */
export interface GroupTrouble {
  readonly group: GroupReference;
  /** When it was looked at, in milliseconds. */
  readonly at: number;
  /** Code of what made the last run fail; null when it did not. */
  readonly failure: string | null;
  readonly held: Readonly<Record<(typeof HELD_FOR_PERSONS)[number], number>>;
  /** Names of entities that stopped until a person decides. */
  readonly stopped: readonly string[];
  /** Entities that are paused, or all where the group is switched off. */
  readonly paused: number;
  readonly foundBySweep: number;
  /** Since when the oldest record that is due waits, in milliseconds; null when none does. */
  readonly dueSince: number | null;
}

/** What a status says of a group; null when nothing is the matter with it. */
export function troubleOf(
  group: GroupReference,
  status: SyncStatus,
  failure: string | null,
): GroupTrouble | null {
  const { entities } = status;
  const sum = (count: (entity: (typeof entities)[number]) => number): number =>
    entities.reduce((total, one) => total + count(one), 0);
  const held = Object.fromEntries(
    HELD_FOR_PERSONS.map((kind) => [kind, sum(({ holds }) => holds[kind] ?? 0)]),
  ) as GroupTrouble['held'];
  const since = entities.flatMap(({ dueSince }) => (dueSince === null ? [] : [dueSince]));
  const trouble: GroupTrouble = {
    group,
    at: Date.now(),
    failure,
    held,
    stopped: entities.flatMap(({ entity, stopped }) => (stopped === null ? [] : [entity])),
    paused: status.enabled ? sum(({ paused }) => (paused ? 1 : 0)) : entities.length,
    foundBySweep: sum(({ foundBySweep }) => foundBySweep),
    dueSince: since.length === 0 ? null : Math.min(...since),
  };
  const { stopped, paused, foundBySweep, dueSince } = trouble;
  const some = Object.values(held).some((count) => count > 0) || stopped.length + paused + foundBySweep > 0;
  return some || failure !== null || dueSince !== null ? trouble : null;
}
