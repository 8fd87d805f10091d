import type { SyncRunResult } from './engine/sync-engine.js';
import type { SyncStatus } from './sync-status.interface.js';
import { HELD_FOR_PERSONS } from './watch/group-trouble.js';

/** How far a run came, in words and without values of records: what the platform shows. */
export function runMessage(
  { entities }: SyncStatus,
  { errors }: SyncRunResult,
  firstRun: 'plan' | 'apply',
): string {
  const sum = (count: (entity: (typeof entities)[number]) => number): number =>
    entities.reduce((total, one) => total + count(one), 0);
  const attention = sum(({ holds }) =>
    HELD_FOR_PERSONS.reduce((total, kind) => total + (holds[kind] ?? 0), 0),
  );
  const unconfirmed = entities.some(({ confirmed, links }) => !confirmed && links > 0);
  return [
    `${sum(({ links }) => links)} records`,
    ...(attention > 0 ? [`${attention} need attention`] : []),
    ...(firstRun === 'plan' && unconfirmed ? ['waiting for confirmation'] : []),
    ...errors.map(({ message }) => message),
  ].join('; ');
}
