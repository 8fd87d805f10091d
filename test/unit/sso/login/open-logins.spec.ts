import { randomUUID } from 'node:crypto';

import { afterAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { RedisStore } from '../../../../src/redis/redis-store.js';
import {
  type LoginTransaction,
  LoginTransactionService,
  MAX_OPEN_LOGINS,
  newLogin,
} from '../../../../src/sso/login/login-transaction.service.js';
import type { MaestranoStore, StoreCall, StoreWrite } from '../../../../src/stores/maestrano-store.js';
import { VerificationAllowance } from '../../../../src/sso/openid/verification-allowance.js';
import { MemoryStore } from '../../../../src/stores/memory-store.js';
import { chunksOf } from '../../../../src/utils/chunks.js';
import { registeredMarketplace } from '../../../support/marketplaces.js';
import { settingsOf } from '../../../support/settings.js';
import { stormSize } from '../../../support/sizes.js';

const marketplace = registeredMarketplace('uat');
const other = registeredMarketplace('production');
/** Logins that are begun on Redis; in a storm, more than fit. */
const FLOOD = stormSize(500, 60_000);
/** Of so many logins under way one asks the provider; each of them in a storm. */
const EVERY = stormSize(4, 1);

/** A store that evicts nothing by itself, as a server does not. */
class Server extends MemoryStore {
  readonly keys = new Set<string>();

  constructor() {
    super({ maxEntriesPerNamespace: 1_000_000 });
  }

  override async writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
    const wrote = await super.writeMany(writes, call);
    writes.forEach(
      ({ key, value }, n) => wrote[n] && (value === null ? this.keys.delete(key) : this.keys.add(key)),
    );
    return wrote;
  }
}

function services(store: MaestranoStore) {
  const transactions = new LoginTransactionService(store, settingsOf().sso);
  const begin = async (where = marketplace, startedAt = Date.now()): Promise<LoginTransaction> => {
    const { transaction } = newLogin(where, { returnTo: '/invoices/1', params: {} });
    const login = { ...transaction, startedAt };
    await transactions.save(login);
    return login;
  };
  /** Logins that anybody begins, and nobody comes back from. */
  const flood = async (count: number, startedAt?: number): Promise<LoginTransaction[]> => {
    const logins: LoginTransaction[] = [];
    while (logins.length < count) {
      logins.push(...(await Promise.all(Array.from({ length: 500 }, () => begin(marketplace, startedAt)))));
    }
    return logins;
  };
  return { transactions, begin, flood };
}

describe('logins under way', () => {
  it('are found as they were begun, by their marketplace alone, and used up once', async () => {
    const { transactions, begin } = services(new MemoryStore());
    const login = await begin();
    expect(await transactions.peek(marketplace, login.id)).toMatchObject(login);
    expect(await transactions.peek(other, login.id)).toBeNull();
    expect(await transactions.take(other, login.id)).toBeNull();
    const takers = Array.from({ length: 5 }, () => transactions.take(marketplace, login.id));
    expect((await Promise.all(takers)).filter((taken) => taken !== null)).toMatchObject([login]);
    expect(await transactions.peek(marketplace, login.id)).toBeNull();
    expect(await transactions.wasTaken(marketplace, login.id)).toBe(true);
    expect(await transactions.wasTaken(other, login.id)).toBe(false);
  });

  it('are bounded in number; the oldest give way, and nearly never one of a moment ago', async () => {
    const server = new Server();
    const { transactions, begin, flood } = services(server);
    const old = await flood(1_000, Date.now() - 600_000);
    await flood(MAX_OPEN_LOGINS);
    const recent = await flood(1_000);
    const fresh = await begin();
    await flood(MAX_OPEN_LOGINS / 10);
    const found = async (logins: readonly LoginTransaction[]): Promise<number> => {
      const all = await Promise.all(logins.map(({ id }) => transactions.peek(marketplace, id)));
      return all.filter((login) => login !== null).length;
    };
    expect(server.keys.size).toBeLessThanOrEqual(MAX_OPEN_LOGINS);
    // A login goes with a chance of about x⁴, where x is the part that began after it.
    expect(await found([fresh])).toBe(1);
    expect(await found(recent)).toBeGreaterThan(980);
    expect(await found(old)).toBeLessThan(600);
  });

  it('keep what was asked of the provider for as many logins, in few bytes, and none reads what was another’s', async () => {
    const server = new Server();
    const { transactions, flood } = services(server);
    const allowance = new VerificationAllowance(server);
    const logins = await flood(MAX_OPEN_LOGINS + 4_000);
    const digests = ['a', 'b', 'c', 'd'].map((mark) => mark.repeat(22));
    let open = 0;
    for (const { id } of logins.filter((_, n) => n % EVERY === 0)) {
      const { place } = (await transactions.peek(marketplace, id)) ?? {};
      if (place === undefined) continue;
      open += 1;
      for (const bound of [true, false]) {
        const owner = { requestId: id, place, bound, ttlMs: 60_000 };
        const taken = [];
        for (const digest of digests) taken.push(await allowance.take(owner, digest, null));
        expect(taken.filter((result) => result === 'taken')).toHaveLength(bound ? 3 : 1);
        await allowance.decided(owner, digests[0]!, 'no');
      }
      // Another login comes to the place, and begins anew.
      if (open % 10 === 0) {
        const next = { requestId: `_next${open}`, place, bound: true, ttlMs: 60_000 };
        expect(await allowance.result(next, digests[0]!)).toBeNull();
        expect(await allowance.take(next, digests[0]!, null)).toBe('taken');
      }
    }
    expect(open).toBeGreaterThan(15_000 / EVERY);
    const asked = [...server.keys].filter((key) => key.startsWith('openid-asked:'));
    expect(asked.length).toBeLessThanOrEqual(2 * MAX_OPEN_LOGINS);
    expect(asked.length).toBe(2 * open);
    const texts = await server.getMany(asked.slice(0, 1_000));
    expect(Math.max(...texts.map((text) => text?.length ?? 0))).toBeLessThan(200);
  });

  it('do not get lost where two begin in one place at the same moment', async () => {
    const store = new MemoryStore();
    const { getMany } = store;
    const { transactions, begin } = services(store);
    // What was empty a moment ago is taken by the time of the write.
    store.setIfAbsent = () => Promise.resolve(false);
    let looks = 0;
    store.getMany = async (keys, call) => {
      const found = await getMany.call(store, keys, call);
      if ((looks += 1) === 1)
        await store.set(keys[0]!, JSON.stringify([Date.now(), 'uat', '_x', null, {}]), 60_000);
      return found;
    };
    const login = await begin();
    expect(looks).toBe(2);
    expect(await transactions.peek(marketplace, login.id)).toMatchObject(login);
  });
});

const url = process.env['TEST_REDIS_URL'];
if (!url) console.warn('Skipping a flood on Redis: redis-server is missing (Debian package: redis-server).');
const onRedis = url ? describe : describe.skip;

onRedis('logins under way on Redis', () => {
  const redis = new Redis(url!, { lazyConnect: true });
  const prefix = `flood-${randomUUID()}:`;

  afterAll(() => redis.quit());

  async function keys(): Promise<string[]> {
    const found: string[] = [];
    for await (const some of redis.scanStream({ match: `${prefix}*`, count: 1_000 }))
      found.push(...(some as string[]));
    return found;
  }

  it('take no more room than some megabytes', async () => {
    const { flood } = services(new RedisStore(redis, { prefix }));
    await flood(FLOOD);
    const kept = await keys();
    expect(kept.length).toBeLessThanOrEqual(MAX_OPEN_LOGINS);
    const [one = ''] = kept;
    expect(Number(await redis.memory('USAGE', one))).toBeLessThan(400);
    for (const some of chunksOf(kept, 1_000)) await redis.unlink(...some);
  }, 120_000);
});
