import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Redis } from 'ioredis';

import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import { normaliseMarketplaces } from '../../src/marketplace/marketplace-normaliser.js';
import { RedisStore } from '../../src/redis/redis-store.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import type { MaestranoStore } from '../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { type AccountClients, accountClients } from '../support/account/account-clients.js';
import { CrashingStore } from '../support/account/crashing-store.js';
import { stormSize } from '../support/sizes.js';

/** Keys in one run, several of them for charges with equal contents. */
const KEYS = 25;

/** Keys that are worked on at the same time in one run. */
const WORKERS = 8;

/** Runs in memory, in lanes beside each other since most of their time is waiting: 600 keys in all, 1,000 in a storm. */
const LANES = 8;
const RUNS_A_LANE = stormSize(3, 5);

/**
 * Milliseconds. Nothing here arrives late but by what a busy machine adds;
 * requests that arrive late have a test of their own.
 */
const TIMEOUT = 2_500;
const SETTLE = 1_000;

/** Everything that may become of a creation, with the work done or not. */
const FAULTS = [
  { applyThenDrop: true },
  { truncated: true },
  { empty: true },
  { invalidJson: true },
  { reset: true },
  { hang: true },
  { status: 500, body: { success: false, errors: { system: ['A system error occured.'] }, data: {} } },
  { status: 502, body: '<html>bad gateway</html>' },
  { status: 503 },
] as const;

const LIST_FAULTS = [{ reset: true }, { status: 503 }, { empty: true }] as const;

interface Faults {
  /** Per cent of creations that each of {@link FAULTS} strikes. */
  readonly creation: readonly number[];
  /** Per cent of lists that fail. */
  readonly list: number;
  /** Per cent of the store's calls at which the process dies. */
  readonly crash: number;
  /** Which of some contents each key's charge has. */
  readonly contents: readonly number[];
  /** Whether a second instance of the application works on the key at the same time. */
  readonly twice: readonly boolean[];
  readonly recurring: boolean;
}

const someFaults: fc.Arbitrary<Faults> = fc.record({
  creation: fc.array(fc.integer({ min: 0, max: 10 }), {
    minLength: FAULTS.length,
    maxLength: FAULTS.length,
  }),
  list: fc.integer({ min: 0, max: 20 }),
  crash: fc.integer({ min: 0, max: 10 }),
  contents: fc.array(fc.nat(14), { minLength: KEYS, maxLength: KEYS }),
  twice: fc.array(fc.boolean(), { minLength: KEYS, maxLength: KEYS }),
  recurring: fc.boolean(),
});

const redisUrl = process.env.TEST_REDIS_URL;
if (!redisUrl) console.warn('Skipping createOnce on Redis (Debian package: redis-server).');
const withRedis = redisUrl ? describe : describe.skip;

let sandbox: Sandbox;
let marketplace: Marketplace;
let run = 0;

beforeAll(async () => {
  sandbox = await startSandbox({ scenario: 'demo', seed: 4 });
  const [first] = normaliseMarketplaces(sandbox.options.marketplaces).marketplaces;
  if (!first) throw new Error('the sandbox has no marketplace');
  marketplace = first;
});

afterAll(() => sandbox.close());

/** Two instances of an application that share a store. */
function instances(store: MaestranoStore): AccountClients[] {
  return [1, 2].map(() =>
    accountClients({
      marketplaces: [marketplace],
      store,
      http: { timeoutMs: TIMEOUT, breaker: false, maxConcurrent: 200 },
      account: { createOnce: { settleMs: SETTLE, deadlineMs: 8_000 } },
    }),
  );
}

async function expectOneChargeAKey(store: CrashingStore, given: Faults): Promise<void> {
  const name = `run${(run += 1)}`;
  const group = sandbox.build.group(marketplace.name, { uid: `cld-${name}`, name });
  const resource = given.recurring ? 'recurring_bills' : 'bills';
  const applications = instances(store);
  const faults = [
    ...FAULTS.map((effect, index) => ({ effect, verb: 'POST', percent: given.creation[index]! })),
    ...LIST_FAULTS.map((effect) => ({ effect, verb: 'GET', percent: given.list / LIST_FAULTS.length })),
  ].map(({ effect, verb, percent }) =>
    sandbox.faults.add(
      { route: `${verb} account/${resource}`, group: group.uid, probability: percent / 100 },
      effect,
    ),
  );
  const clearUp = (): void => {
    for (const { id } of faults) sandbox.faults.remove(id);
    store.probability = 0;
  };
  store.probability = given.crash / 100;

  const attempt = (key: number, application: AccountClients): Promise<string> => {
    const charge = {
      groupId: group.uid,
      priceCents: 100 + (given.contents[key] ?? 0),
      description: `Content ${given.contents[key]}`,
    };
    const { bills, recurringBills } = application.billing;
    const creating = given.recurring
      ? recurringBills.createOnce(`${name}-key${key}`, charge)
      : bills.createOnce(`${name}-key${key}`, charge);
    return creating.then(({ id }) => id);
  };
  const insist = async (key: number): Promise<string> => {
    for (let tries = 1; ; tries += 1) {
      if (tries === 4) clearUp();
      const at = given.twice[key] ? applications : [applications[tries % 2]!];
      const results = await Promise.allSettled(at.map((application) => attempt(key, application)));
      const ids = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(new Set(ids).size).toBeLessThanOrEqual(1);
      if (ids[0]) return ids[0];
      if (tries > 20) throw new Error(`key ${key} never came to an end: ${JSON.stringify(results)}`);
    }
  };
  try {
    const ids: string[] = [];
    const keys = Array.from({ length: KEYS }, (_unused, key) => key).values();
    const work = async (): Promise<void> => {
      for (const key of keys) ids.push(await insist(key));
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
    expect(new Set(ids).size).toBe(KEYS);
    const { state } = sandbox;
    const made = (given.recurring ? state.recurringBills : state.bills)
      .list()
      .filter(({ groupId }) => groupId === group.uid);
    expect(made.map(({ id }) => id).sort()).toEqual(ids.sort());
  } finally {
    clearUp();
    await Promise.all(applications.map((application) => application.close()));
  }
}

describe('createOnce against a marketplace that fails in every way', () => {
  it('makes exactly one charge a key, with the ledger in memory', async () => {
    const lane = (): Promise<void> =>
      fc.assert(
        fc.asyncProperty(someFaults, (faults) =>
          expectOneChargeAKey(new CrashingStore(new MemoryStore()), faults),
        ),
        { numRuns: RUNS_A_LANE, endOnFailure: true },
      );
    await Promise.all(Array.from({ length: LANES }, lane));
  }, 300_000);

  withRedis('on Redis', () => {
    it('makes exactly one charge a key', async () => {
      const redis = new Redis(redisUrl ?? '');
      try {
        await fc.assert(
          fc.asyncProperty(someFaults, (given) => {
            const store = new RedisStore(redis, { prefix: `create-once-${process.pid}:${run}:` });
            return expectOneChargeAKey(new CrashingStore(store), given);
          }),
          { numRuns: 2, endOnFailure: true },
        );
      } finally {
        redis.disconnect();
      }
    }, 120_000);
  });
});
