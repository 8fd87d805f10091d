import { count } from '../views/format.js';
import type { SyncRunResult } from './engine/sync-engine.js';
import type { SyncNeeds } from './store/sync-store.js';
import type { SyncStatus } from './sync-status.interface.js';
import { HELD_FOR_PERSONS } from './watch/group-trouble.js';

/** What of a group waits for a person. */
export function needsOf({ entities }: SyncStatus, firstRun: 'plan' | 'apply'): SyncNeeds {
  const held = entities.flatMap(({ holds }) => HELD_FOR_PERSONS.map((kind) => holds[kind] ?? 0));
  const unconfirmed = entities.some(({ confirmed, links }) => !confirmed && links > 0);
  return {
    links: linksOf(entities),
    records: held.reduce((total, some) => total + some, 0),
    stopped: entities.filter(({ stopped }) => stopped !== null).length,
    confirmation: firstRun === 'plan' && unconfirmed,
  };
}

function linksOf(entities: SyncStatus['entities']): number {
  return entities.reduce((total, { links }) => total + links, 0);
}

/** Since when the oldest record that is due waits, in milliseconds; null when none is. */
export function dueSinceOf({ entities }: SyncStatus): number | null {
  const times = entities.flatMap(({ dueSince }) => dueSince ?? []);
  return times.length === 0 ? null : Math.min(...times);
}

/** How far a run came, in words and without values of records: what the platform shows. */
export function runMessage(
  { entities }: SyncStatus,
  { counters, errors }: SyncRunResult,
  needs: SyncNeeds,
): string {
  return [
    count(linksOf(entities), 'record'),
    ...(needs.records > 0 ? [count(needs.records, 'needs attention', 'need attention')] : []),
    ...(counters.unknown > 0 ? [`${count(counters.unknown, 'write', 'writes')} of unknown outcome`] : []),
    ...(needs.confirmation ? ['waiting for confirmation'] : []),
    ...errors.map(({ message }) => message),
  ].join('; ');
}
