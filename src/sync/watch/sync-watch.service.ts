import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

import type { GroupReference } from '../../adapters/maestrano-group.adapter.js';
import { MaestranoEvents } from '../../events/maestrano-events.service.js';
import { HealthContributors } from '../../health/health-contributors.service.js';
import type { HealthReport } from '../../interfaces/health.interface.js';
import { count } from '../../views/format.js';
import type { SyncStatus } from '../sync-status.interface.js';
import { type GroupTrouble, HELD_FOR_PERSONS, troubleOf } from './group-trouble.js';

/** Groups in trouble that are remembered; further ones are only counted. */
const MAX_GROUPS = 10_000;

/** Groups that a health check looks at again, and how old what is known of them is by then; milliseconds. */
const [LOOKS, STALE_MS] = [10, 60_000];

/** Records that are due for longer are warned of; milliseconds. */
const LAG_MS = 15 * 60_000;

/** What all groups in trouble have together. */
export interface SyncTroubles {
  readonly groups: number;
  readonly failing: number;
  readonly held: GroupTrouble['held'];
  readonly stopped: number;
  readonly paused: number;
  readonly foundBySweep: number;
  /** Seconds since the oldest record is due; 0 when none waits. */
  readonly lagSeconds: number;
}

/**
 * What somebody should know of the groups that this process ran: nothing is kept of a group that is well. The health
 * check reads it, and so do metrics (synchronization §5.10).
 */
@Injectable()
export class SyncWatch implements OnModuleInit, OnModuleDestroy {
  readonly #troubles = new Map<string, GroupTrouble>();
  /** Marketplaces of groups that were run: those that are well are reported as such. */
  readonly #marketplaces = new Set<string>();
  #remove: (() => void) | null = null;
  #status: ((group: GroupReference) => Promise<SyncStatus>) | null = null;

  constructor(
    private readonly health: HealthContributors,
    private readonly events: MaestranoEvents,
  ) {}

  /** @internal Nest's own hook. */
  onModuleInit(): void {
    this.#remove = this.health.add({ name: 'synchronization', report: () => this.#report() });
  }

  /** @internal Nest's own hook. */
  onModuleDestroy(): void {
    this.#remove?.();
  }

  /** How groups are looked at again. */
  readFrom(status: (group: GroupReference) => Promise<SyncStatus>): void {
    this.#status = status;
  }

  /** Takes note of a group after a run. @param failure code of what made it fail; null when it did not */
  note(group: GroupReference, status: SyncStatus, failure: string | null): void {
    this.#tell(group, failure, status);
    this.#put(group, status, failure);
  }

  #put(group: GroupReference, status: SyncStatus, failure: string | null): void {
    const key = keyOf(group);
    this.#marketplaces.add(group.marketplace);
    // Behind those that were looked at before.
    this.#troubles.delete(key);
    const trouble = troubleOf(group, status, failure);
    if (trouble !== null && this.#troubles.size < MAX_GROUPS) this.#troubles.set(key, trouble);
  }

  /** Takes note of a run that failed, where nothing can be read of the group. */
  failed(group: GroupReference, failure: string): void {
    const before = this.#troubles.get(keyOf(group));
    const nothing: SyncStatus = { enabled: true, run: null, entities: [] };
    if (before === undefined) return this.note(group, nothing, failure);
    this.#tell(group, failure, nothing);
    this.#troubles.set(keyOf(group), { ...before, failure });
  }

  /** Tells the application how a run ended, and which entities stopped by it. */
  #tell(group: GroupReference, failure: string | null, { entities }: SyncStatus): void {
    const { marketplace, groupUid } = group;
    const known = this.#troubles.get(keyOf(group))?.stopped ?? [];
    for (const { entity, stopped } of entities) {
      if (stopped === null || known.includes(entity)) continue;
      const { code } = stopped;
      this.events.emit({ type: 'synchronization.stopped', marketplace, groupUid, entity, code });
    }
    const held = entities.reduce((sum, { holds }) => {
      const counts = HELD_FOR_PERSONS.map((kind) => holds[kind] ?? 0);
      return counts.reduce((total, some) => total + some, sum);
    }, 0);
    this.events.emit({ type: 'synchronization.ended', marketplace, groupUid, code: failure, held });
  }

  /** Forgets a group that is gone. */
  forget(group: GroupReference): void {
    this.#troubles.delete(keyOf(group));
  }

  /** What is the matter, by marketplace. */
  byMarketplace(): ReadonlyMap<string, SyncTroubles> {
    const lists = new Map([...this.#marketplaces].map((name): [string, GroupTrouble[]] => [name, []]));
    for (const trouble of this.#troubles.values()) lists.get(trouble.group.marketplace)?.push(trouble);
    return new Map([...lists].map(([name, list]) => [name, summary(list)]));
  }

  async #report(): Promise<HealthReport> {
    await this.#lookAgain();
    const details = summary([...this.#troubles.values()]);
    const { held, failing, stopped, foundBySweep, lagSeconds } = details;
    const attention = HELD_FOR_PERSONS.filter((kind) => held[kind] > 0);
    return {
      warnings: [
        ...(failing > 0 ? [`the synchronization of ${count(failing, 'group')} fails`] : []),
        ...(stopped > 0
          ? [`${count(stopped, 'entity is', 'entities are')} stopped until somebody decides`]
          : []),
        ...attention.map((kind) => `${count(held[kind], 'record is', 'records are')} held back (${kind})`),
        ...(foundBySweep > 0
          ? [`${count(foundBySweep, 'record was', 'records were')} found by a complete listing only`]
          : []),
        ...(lagSeconds * 1_000 > LAG_MS ? [`the oldest record has waited for ${lagSeconds} s`] : []),
      ],
      details,
    };
  }

  /** Somebody else may have run those groups meanwhile, or decided. */
  async #lookAgain(): Promise<void> {
    const read = this.#status;
    if (read === null) return;
    const before = Date.now() - STALE_MS;
    const stale = [...this.#troubles.values()].filter(({ at }) => at < before).slice(0, LOOKS);
    await Promise.all(
      stale.map(async ({ group, failure }) => {
        const status = await read(group);
        const recovered = status.run?.status === 'SUCCESS';
        this.#put(group, status, recovered ? null : failure);
      }),
    );
  }
}

function summary(troubles: readonly GroupTrouble[]): SyncTroubles {
  const sum = (pick: (trouble: GroupTrouble) => number): number =>
    troubles.reduce((total, one) => total + pick(one), 0);
  const since = troubles.flatMap(({ dueSince }) => (dueSince === null ? [] : [dueSince]));
  const oldest = since.reduce((least, one) => Math.min(least, one), Date.now());
  return {
    groups: troubles.length,
    failing: sum(({ failure }) => (failure === null ? 0 : 1)),
    held: Object.fromEntries(
      HELD_FOR_PERSONS.map((kind) => [kind, sum(({ held }) => held[kind])]),
    ) as GroupTrouble['held'],
    stopped: sum(({ stopped }) => stopped.length),
    paused: sum(({ paused }) => paused),
    foundBySweep: sum(({ foundBySweep }) => foundBySweep),
    lagSeconds: Math.max(0, Math.round((Date.now() - oldest) / 1_000)),
  };
}

function keyOf({ marketplace, groupUid }: GroupReference): string {
  return JSON.stringify([marketplace, groupUid]);
}
