import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Subscription } from 'rxjs';

import { ConnecNotificationCounters } from '../connec/notifications/notification-stats.js';
import type { HealthReport } from '../interfaces/health.interface.js';
import { MarketplaceLoader } from '../marketplace/marketplace-loader.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import type { MarketplaceSettings } from '../settings/maestrano-settings.js';
import { MARKETPLACE_SETTINGS } from '../settings/settings.providers.js';
import { LoginTraceService } from '../sso/trace/login-trace.service.js';
import { MAX_BATCH, MaestranoStore } from '../stores/maestrano-store.js';
import { storeKey } from '../stores/store-key.js';
import { inChunks } from '../utils/chunks.js';
import { addActivity, readActivity, silentSince, writeActivity } from './activity.js';
import { HealthContributors } from './health-contributors.service.js';

/** What is listened for. */
export type SilentKind = 'login' | 'notification' | 'refresh';

/** Something that used to happen and does not any more. */
export interface Silence {
  readonly kind: SilentKind;
  /** The marketplace; of a refresh, the source. */
  readonly name: string;
  readonly since: Date;
}

const TICK_MS = 60_000;
const KEPT_MS = 9 * 24 * 60 * 60_000;
/** Other instances write as well. */
const MAX_TRIES = 4;
/** A source that was not confirmed for so many of its intervals is silent, and never before the minimum; milliseconds. */
const INTERVALS = 3;
const LEAST_REFRESH_MS = 10 * 60_000;

const WORDS: Readonly<Record<SilentKind, string>> = {
  login: 'nobody logged in on',
  notification: 'no notification came from',
  refresh: 'the configuration was not confirmed by',
};

/**
 * Notices that nothing comes any more where something used to: logins and notifications of each marketplace, by what is
 * usual at that time of day and week, counted in the store for all instances together; and refreshes of the
 * configuration. Nothing fails when nothing arrives, so nothing else would tell.
 */
@Injectable()
export class SilenceWatch implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger('MaestranoHealth');
  /** Logins since the last tick, by marketplace. */
  #logins = new Map<string, number>();
  #subscription: Subscription | null = null;
  #timer: NodeJS.Timeout | null = null;
  #silences: readonly Silence[] = [];
  #remove: () => void = () => undefined;

  constructor(
    private readonly store: MaestranoStore,
    private readonly registry: MarketplaceRegistry,
    private readonly loader: MarketplaceLoader,
    private readonly traces: LoginTraceService,
    private readonly notifications: ConnecNotificationCounters,
    private readonly contributors: HealthContributors,
    @Inject(MARKETPLACE_SETTINGS) private readonly settings: MarketplaceSettings,
  ) {}

  onModuleInit(): void {
    this.#subscription = this.traces.recorded.subscribe(({ marketplace, accepted }) => {
      if (accepted) this.#logins.set(marketplace, (this.#logins.get(marketplace) ?? 0) + 1);
    });
    this.#remove = this.contributors.add({ name: 'silence', report: () => this.#report() });
    this.#timer = setInterval(() => void this.tick(), TICK_MS).unref();
  }

  onModuleDestroy(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#subscription?.unsubscribe();
    this.#remove();
  }

  /** What is silent, as of the last look: one a minute. */
  get silences(): readonly Silence[] {
    return [...this.#silences, ...this.#refreshes(Date.now())];
  }

  /** Counts what happened since the last tick, and looks what is silent. Never rejects. */
  async tick(): Promise<void> {
    try {
      await this.#flush();
      await this.#look();
    } catch (error) {
      this.#logger.debug(
        `Activity was not counted: ${error instanceof Error ? error.name : 'unknown error'}`,
      );
    }
  }

  async #flush(): Promise<void> {
    let left = [
      ...countsOf('login', this.#logins),
      ...countsOf('notification', this.notifications.takeArrivals()),
    ];
    this.#logins = new Map();
    for (let tries = 0; left.length > 0 && tries < MAX_TRIES; tries += 1) left = await this.#count(left);
  }

  /** Adds to what is stored; gives back what another instance came before with. */
  async #count(pending: readonly Count[]): Promise<Count[]> {
    const found = await inChunks(
      pending.map(([key]) => key),
      MAX_BATCH,
      (keys) => this.store.getMany(keys),
    );
    const now = Date.now();
    const writes = pending.map(([key, count], position) => {
      const expected = found[position] ?? null;
      const value = writeActivity(addActivity(readActivity(expected), now, count));
      return { key, expected, value, ttlMs: KEPT_MS };
    });
    const wrote = await inChunks(writes, MAX_BATCH, (some) => this.store.writeMany(some));
    return pending.filter((_, position) => !wrote[position]);
  }

  async #look(): Promise<void> {
    const asked = this.registry
      .list()
      .flatMap(({ name, sso, connec }) => [
        ...(sso.enabled ? [{ kind: 'login', name } as const] : []),
        ...(connec.enabled ? [{ kind: 'notification', name } as const] : []),
      ]);
    const keys = asked.map(({ kind, name }) => keyOf(kind, name));
    const found = await inChunks(keys, MAX_BATCH, (some) => this.store.getMany(some));
    const now = Date.now();
    this.#silences = asked.flatMap((one, position) => {
      const activity = readActivity(found[position] ?? null);
      const since = activity && silentSince(activity, now);
      return since ? [{ ...one, since }] : [];
    });
  }

  #refreshes(now: number): readonly Silence[] {
    const { intervalMs } = this.settings.refresh;
    if (intervalMs === 0) return [];
    const longest = Math.max(INTERVALS * intervalMs, LEAST_REFRESH_MS);
    return this.loader.status.sources.flatMap(({ name, confirmedAt }) =>
      confirmedAt !== null && now - confirmedAt.getTime() > longest
        ? [{ kind: 'refresh' as const, name, since: confirmedAt }]
        : [],
    );
  }

  #report(): HealthReport {
    const silences = this.silences;
    return {
      warnings: silences.map(
        ({ kind, name, since }) => `${WORDS[kind]} "${name}" since ${since.toISOString().slice(0, 16)}Z`,
      ),
      details: silences.map(({ kind, name, since }) => ({ kind, name, since: since.toISOString() })),
    };
  }
}

/** How often something happened since the last tick, by the key it is counted under. */
type Count = readonly [key: string, count: number];

function countsOf(kind: SilentKind, counts: ReadonlyMap<string, number>): Count[] {
  return [...counts].map(([marketplace, count]) => [keyOf(kind, marketplace), count]);
}

function keyOf(kind: SilentKind, marketplace: string): string {
  return storeKey('activity', kind, marketplace);
}
