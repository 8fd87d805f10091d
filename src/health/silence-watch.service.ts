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
/** Times of one marketplace between two ticks that are kept; more say nothing more. */
const MAX_PENDING = 10_000;
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
  /** Moments since the last tick, by the key they are counted under. */
  readonly #pending = new Map<string, number[]>();
  readonly #subscriptions: Subscription[] = [];
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
    this.#subscriptions.push(
      this.traces.recorded.subscribe(({ marketplace, accepted }) => {
        if (accepted) this.#note('login', marketplace);
      }),
      this.notifications.arrivals.subscribe((marketplace) => this.#note('notification', marketplace)),
    );
    this.#remove = this.contributors.add({ name: 'silence', report: () => this.#report() });
    this.#timer = setInterval(() => void this.tick(), TICK_MS).unref();
  }

  onModuleDestroy(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
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

  #note(kind: SilentKind, marketplace: string): void {
    const key = keyOf(kind, marketplace);
    const times = this.#pending.get(key);
    if (!times) this.#pending.set(key, [Date.now()]);
    else if (times.length < MAX_PENDING) times.push(Date.now());
  }

  async #flush(): Promise<void> {
    const pending = [...this.#pending];
    this.#pending.clear();
    let left: readonly (readonly [key: string, times: readonly number[]])[] = pending;
    for (let tries = 0; left.length > 0 && tries < MAX_TRIES; tries += 1) left = await this.#count(left);
  }

  /** Adds to what is stored; gives back what another instance came before with. */
  async #count(
    pending: readonly (readonly [key: string, times: readonly number[]])[],
  ): Promise<typeof pending> {
    const found = await inChunks(
      pending.map(([key]) => key),
      MAX_BATCH,
      (keys) => this.store.getMany(keys),
    );
    const writes = pending.map(([key, times], position) => {
      const expected = found[position] ?? null;
      const next = addActivity(readActivity(expected), times);
      return { key, expected, value: next && writeActivity(next), ttlMs: KEPT_MS };
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

function keyOf(kind: SilentKind, marketplace: string): string {
  return storeKey('activity', kind, marketplace);
}
