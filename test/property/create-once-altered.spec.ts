import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { MaestranoCreationError } from '../../src/errors/account.error.js';
import { MaestranoHttpError } from '../../src/errors/http.error.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { type AccountClients, accountClients } from '../support/account/account-clients.js';
import { ALTERATIONS, AlteringMarketplace, type Fate } from '../support/account/altering-marketplace.js';
import { StallingStore } from '../support/account/stalling-store.js';
import { registeredMarketplace } from '../support/marketplaces.js';
import { stormSize } from '../support/sizes.js';

/** Keys in one run: several for charges of one price, some of these with equal texts. */
const KEYS = 25;
const PRICES = 6;
const WORKERS = 8;

/** Runs beside each other, since most of their time is waiting: 500 keys in the suite, 5,000 in a storm. */
const LANES = 10;
const RUNS_A_LANE = stormSize(2, 20);

/** Calls for a key while everything fails; the rest is left for the time after. */
const TRIES = 2;

/** Milliseconds. A creation is carried out at most so long after its connection was closed. */
const LATE = 250;
const SETTLE = 900;
const TIMEOUT = 400;
const DEADLINE = 3_500;

/** What a stall of the store takes, up to longer than a whole call may. */
const STALLS = [5, 60, 300, 1_000, 4_000] as const;

/** Texts that some server changes, and one that none does. */
const TEXTS = [
  'SMS CREDITS',
  'Plan "A" & <extras>',
  'Crédit – été',
  `  long ${'x'.repeat(240)} `,
  'Users 👩‍👩‍👧',
] as const;

const FATES: readonly Fate[] = [
  'drop',
  'lose',
  'late',
  'page',
  'denied',
  'notFound',
  'tooMany',
  'error',
  'reject',
  'hang',
];

interface World {
  readonly alteration: keyof typeof ALTERATIONS | 'currency' | 'halves' | 'none';
  /** Per cent of creations with each of {@link FATES}. */
  readonly fates: readonly number[];
  /** Per cent of lists that fail. */
  readonly list: number;
  /** Per cent of the store's steps that stall, and that fail. */
  readonly stalls: number;
  readonly failures: number;
  readonly longestLockMs: number;
  readonly texts: readonly number[];
  readonly prices: readonly number[];
}

const someWorld: fc.Arbitrary<World> = fc.record({
  alteration: fc.constantFrom(
    ...(Object.keys(ALTERATIONS) as (keyof typeof ALTERATIONS)[]),
    'currency' as const,
    'halves' as const,
    'none' as const,
  ),
  fates: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: FATES.length, maxLength: FATES.length }),
  list: fc.integer({ min: 0, max: 20 }),
  stalls: fc.integer({ min: 0, max: 12 }),
  failures: fc.integer({ min: 0, max: 4 }),
  longestLockMs: fc.constantFrom(20, 300, 60_000),
  texts: fc.array(fc.nat(TEXTS.length - 1), { minLength: KEYS, maxLength: KEYS }),
  prices: fc.array(fc.integer({ min: 1, max: PRICES }), { minLength: KEYS, maxLength: KEYS }),
});

const isBy = (percent: number): boolean => Math.random() * 100 < percent;
const oneOf = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)] as T;

function fateIn({ fates }: World): Fate {
  let left = Math.random() * 100;
  const index = fates.findIndex((percent) => (left -= percent) < 0);
  return FATES[index] ?? 'answer';
}

function alter(marketplace: AlteringMarketplace, { alteration }: World): void {
  if (alteration === 'currency') marketplace.currency = 'USD';
  else if (alteration === 'halves') marketplace.description = (text) => text.slice(0, text.length / 2);
  else if (alteration !== 'none') marketplace.description = ALTERATIONS[alteration];
}

/** One application's keys against one marketplace, on two instances that share a store. */
class Run {
  readonly store = new StallingStore(new MemoryStore());
  readonly made = new Map<number, string>();
  readonly applications: AccountClients[];

  constructor(
    private readonly marketplace: AlteringMarketplace,
    private readonly world: World,
  ) {
    this.applications = [1, 2].map(() =>
      accountClients({
        marketplaces: [registeredMarketplace('acme', { api: { host: marketplace.url } })],
        store: this.store,
        http: { timeoutMs: TIMEOUT, breaker: false, maxConcurrent: 200 },
        account: { createOnce: { settleMs: SETTLE, deadlineMs: DEADLINE } },
      }),
    );
  }

  /** Everything that can go wrong does. */
  async storm(): Promise<void> {
    const { marketplace, store, world } = this;
    alter(marketplace, world);
    marketplace.fate = () => fateIn(world);
    marketplace.lateMs = LATE;
    marketplace.listFails = () => isBy(world.list);
    store.longestLockMs = world.longestLockMs;
    store.stall = () => {
      const ms = isBy(world.stalls) ? oneOf(STALLS) : 0;
      const fails = isBy(world.failures) ? { fails: oneOf(['before', 'after'] as const) } : {};
      return { [oneOf(['beforeMs', 'afterMs'])]: ms, ...fails };
    };
    const keys = Array.from({ length: KEYS }, (_unused, key) => key).values();
    const work = async (): Promise<void> => {
      for (const key of keys) {
        // Both instances at once, as when a job is delivered twice.
        for (let tries = 0; tries < TRIES && !this.made.has(key); tries += 1) {
          await Promise.all(this.applications.map((application) => this.attempt(key, application)));
        }
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
    marketplace.fate = () => 'answer';
    marketplace.listFails = () => false;
    store.stall = () => ({});
    await new Promise((resolve) => setTimeout(resolve, LATE + Math.max(...STALLS)));
  }

  /** Every key comes to its end: by itself, or by a human who knows what was sent for which charge. */
  async settle(): Promise<void> {
    for (let round = 1; this.made.size < KEYS; round += 1) {
      if (round > 10) throw new Error(`only ${[...this.made.keys()].join()} came to their end`);
      const undecided = new Set<number>();
      for (let key = 0; key < KEYS; key += 1) {
        if (this.made.has(key)) continue;
        const error = await this.attempt(key, this.applications[0] as AccountClients);
        if (isUndecided(error)) undecided.add(key);
      }
      // Of charges with the same contents the human gives none away while some key may still say that it is its own.
      if (this.made.size + undecided.size < KEYS) continue;
      for (const key of undecided) await this.#decide(key);
    }
  }

  async #decide(key: number): Promise<void> {
    const error = await this.attempt(key, this.applications[0] as AccountClients);
    if (!isUndecided(error)) return;
    const taken = [...this.made.values()];
    const mine = error.candidates.find(
      (id) => !taken.includes(id) && this.marketplace.sent.get(id)?.description === this.#textOf(key),
    );
    if (!mine) return;
    await this.#settle(key, mine);
    await this.attempt(key, this.applications[0] as AccountClients);
  }

  /** A response that takes too long on a busy machine is asked for again in the next round. */
  async #settle(key: number, id: string): Promise<void> {
    try {
      await this.applications[0]?.billing.bills.settleOnce(this.#nameOf(key), id);
    } catch (error) {
      if (!(error instanceof MaestranoHttpError)) throw error;
    }
  }

  /** @returns the error, when there was one. */
  async attempt(key: number, application: AccountClients): Promise<unknown> {
    const bill = {
      groupId: 'cld-1',
      priceCents: this.world.prices[key] ?? 1,
      description: this.#textOf(key),
      currency: 'EUR',
    };
    try {
      const { id } = await application.billing.bills.createOnce(this.#nameOf(key), bill);
      expect(this.made.get(key) ?? id).toBe(id);
      this.made.set(key, id);
      return null;
    } catch (error) {
      if (error instanceof Error && 'matcherResult' in error) throw error;
      // Each says how far the charge got.
      expect(error).toMatchObject({
        code: expect.any(String),
        sent: expect.stringMatching(/^(no|maybe|yes)$/),
      });
      return error;
    }
  }

  #textOf(key: number): string {
    return TEXTS[this.world.texts[key] ?? 0] ?? '';
  }

  #nameOf(key: number): string {
    return `invoice-${key}`;
  }
}

async function expectOneChargeAKey(world: World): Promise<void> {
  const marketplace = await new AlteringMarketplace().start();
  const run = new Run(marketplace, world);
  try {
    await run.storm();
    await run.settle();
    expect(marketplace.kept.map(({ id }) => id).sort()).toEqual([...run.made.values()].sort());
    const prices = [...run.made].map(([key, id]) => [
      world.prices[key],
      marketplace.sent.get(id)?.price_cents,
    ]);
    for (const [wanted, charged] of prices) expect(charged).toBe(wanted);
  } finally {
    await Promise.all(run.applications.map((application) => application.close()));
    await marketplace.stop();
  }
}

describe('createOnce against a marketplace that changes what it is sent, and a store that stalls', () => {
  it('makes exactly one charge a key', async () => {
    const lane = (): Promise<void> =>
      fc.assert(fc.asyncProperty(someWorld, expectOneChargeAKey), {
        numRuns: RUNS_A_LANE,
        endOnFailure: true,
      });
    await Promise.all(Array.from({ length: LANES }, lane));
  }, 3_600_000);
});

function isUndecided(error: unknown): error is MaestranoCreationError {
  return error instanceof MaestranoCreationError && error.code === 'account.undecided';
}
