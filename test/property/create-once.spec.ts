import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';

import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import { normaliseMarketplaces } from '../../src/marketplace/marketplace-normaliser.js';
import { RedisStore } from '../../src/redis/redis-store.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import type { MaestranoStore } from '../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { type AccountClients, accountClients } from '../support/account/account-clients.js';
import { CrashingStore } from '../support/account/crashing-store.js';

/** Keys in one run: they are worked on at the same time, several for charges with equal contents. */
const KEYS = 50;

/** Runs in memory: 1,000 keys in all. */
const RUNS = 20;

/** Milliseconds. The server applies what it was late for before a request counts as settled. */
const TIMEOUT = 500;
const LATE = 650;
const SETTLE = 1_500;

/** Everything that may become of a creation, with the work done or not. */
const FAULTS = [
  { applyThenDrop: true },
  { applyThenDrop: true, latency: LATE },
  { latency: LATE },
  { truncated: true },
  { empty: true },
  { invalidJson: true },
  { reset: true },
  { hang: true },
  { status: 500, body: { success: false, errors: { system: ['A system error occured.'] }, data: {} } },
  { status: 502, body: '<html>bad gateway</html>' },
  { status: 503 },
] as const;

interface Weather {
  /** Probability of each of {@link FAULTS} for a creation. */
  readonly creation: readonly number[];
  /** Probability that a list fails. */
  readonly list: number;
  /** Probability that the process dies at a call of the store. */
  readonly crash: number;
  /** Which of some contents each key's charge has. */
  readonly contents: readonly number[];
  /** Whether a second instance of the application works on the key at the same time. */
  readonly twice: readonly boolean[];
  readonly recurring: boolean;
}

const weather: fc.Arbitrary<Weather> = fc.record({
  creation: fc.array(fc.double({ min: 0, max: 0.08, noNaN: true }), {
    minLength: FAULTS.length,
    maxLength: FAULTS.length,
  }),
  list: fc.double({ min: 0, max: 0.2, noNaN: true }),
  crash: fc.double({ min: 0, max: 0.1, noNaN: true }),
  contents: fc.array(fc.nat(39), { minLength: KEYS, maxLength: KEYS }),
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
      account: { createOnce: { settleMs: SETTLE, deadlineMs: 15_000 } },
    }),
  );
}

async function expectOneChargeAKey(store: CrashingStore, sky: Weather): Promise<void> {
  run += 1;
  const group = sandbox.build.group(marketplace.name, { uid: `cld-run${run}`, name: `Run ${run}` });
  const resource = sky.recurring ? 'recurring_bills' : 'bills';
  const applications = instances(store);
  sandbox.faults.clear();
  // Each fault is asked in turn, so that the probabilities add up to something below one.
  FAULTS.forEach((effect, index) =>
    sandbox.faults.add({ route: `POST account/${resource}`, probability: sky.creation[index] }, effect),
  );
  for (const effect of [{ reset: true }, { status: 503 }, { empty: true }]) {
    sandbox.faults.add({ route: `GET account/${resource}`, probability: sky.list / 3 }, effect);
  }
  store.probability = sky.crash;

  const attempt = (key: number, application: AccountClients): Promise<string> => {
    const charge = {
      groupId: group.uid,
      priceCents: 100 + (sky.contents[key] ?? 0),
      description: `Content ${sky.contents[key]}`,
    };
    const { bills, recurringBills } = application.billing;
    const charges = sky.recurring ? recurringBills : bills;
    return charges.createOnce(`run${run}-key${key}`, charge).then(({ id }) => id);
  };
  const insist = async (key: number): Promise<string> => {
    for (let tries = 1; ; tries += 1) {
      if (tries === 4) {
        sandbox.faults.clear();
        store.probability = 0;
      }
      const at = sky.twice[key] ? applications : [applications[tries % 2]!];
      const results = await Promise.allSettled(at.map((application) => attempt(key, application)));
      const ids = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(new Set(ids).size).toBeLessThanOrEqual(1);
      if (ids[0]) return ids[0];
      if (tries > 20) throw new Error(`key ${key} never came to an end: ${JSON.stringify(results)}`);
    }
  };
  try {
    const ids = await Promise.all(Array.from({ length: KEYS }, (_unused, key) => insist(key)));
    expect(new Set(ids).size).toBe(KEYS);
    const { state } = sandbox;
    const made = (sky.recurring ? state.recurringBills : state.bills)
      .list()
      .filter(({ groupId }) => groupId === group.uid);
    expect(made.map(({ id }) => id).sort()).toEqual(ids.sort());
  } finally {
    sandbox.faults.clear();
    await Promise.all(applications.map((application) => application.close()));
  }
}

describe('createOnce against a marketplace that fails in every way', () => {
  it('makes exactly one charge a key, with the ledger in memory', async () => {
    await fc.assert(
      fc.asyncProperty(weather, (sky) => expectOneChargeAKey(new CrashingStore(new MemoryStore()), sky)),
      { numRuns: RUNS, endOnFailure: true },
    );
  }, 300_000);

  withRedis('on Redis', () => {
    it('makes exactly one charge a key', async () => {
      const redis = new Redis(redisUrl ?? '');
      try {
        await fc.assert(
          fc.asyncProperty(weather, (sky) => {
            const store = new RedisStore(redis, { prefix: `create-once-${process.pid}:${run}:` });
            return expectOneChargeAKey(new CrashingStore(store), sky);
          }),
          { numRuns: 2, endOnFailure: true },
        );
      } finally {
        redis.disconnect();
      }
    }, 120_000);
  });
});
