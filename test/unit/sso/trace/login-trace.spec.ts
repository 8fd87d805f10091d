import { randomUUID } from 'node:crypto';

import { afterAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import type { LoginTrace } from '../../../../src/interfaces/login-trace.interface.js';
import { RedisStore } from '../../../../src/redis/redis-store.js';
import { LoginTraceService } from '../../../../src/sso/trace/login-trace.service.js';
import type { MaestranoStore } from '../../../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../../../src/stores/memory-store.js';
import { storeKey } from '../../../../src/stores/store-key.js';

const { TEST_REDIS_URL } = process.env;
const redis = TEST_REDIS_URL ? new Redis(TEST_REDIS_URL) : null;
if (!redis)
  console.warn('Skipping traces on Redis: redis-server is not installed (Debian package: redis-server).');
afterAll(() => redis?.quit());

const stores: [string, () => MaestranoStore][] = [['memory', () => new MemoryStore()]];
if (redis) stores.push(['Redis', () => new RedisStore(redis, { prefix: `t-${randomUUID()}:` })]);

const START = Date.UTC(2026, 0, 1);

describe.each(stores)('login traces in %s', (_name, make) => {
  const store = make();
  const traces = new LoginTraceService(store);
  let count = 0;

  const record = async (more: Partial<LoginTrace> = {}): Promise<string> => {
    const trace: LoginTrace = {
      code: traces.newCode('acme'),
      marketplace: 'acme',
      at: new Date(START + (count += 1)).toISOString(),
      accepted: true,
      began: true,
      rejection: null,
      requestId: null,
      clockOffsetMs: null,
      cleanedAttributes: [],
      omittedAttributes: [],
      subject: null,
      checks: [{ code: 'sso.audience', title: 'x', expected: 'a', seen: 'b', result: 'passed' }],
      ...more,
    };
    await traces.record(trace);
    return trace.code;
  };

  it('are found by their code alone, and listed newest first', async () => {
    const [first, second] = [await record(), await record({ began: false, accepted: false })];
    expect(await traces.find(first)).toMatchObject({ code: first, accepted: true });
    expect(await traces.find(second.toLowerCase().replace('-', ''))).toMatchObject({ code: second });
    expect((await traces.list('acme')).map(({ code }) => code)).toEqual([second, first]);
    expect(await traces.list('other')).toEqual([]);
  });

  it('are bounded, a flood of strays beside the logins of real people', async () => {
    const real = await record();
    let last = '';
    for (let n = 0; n < 200; n += 1) last = await record({ began: false });
    const kept = await store.page(storeKey('sso-trace', 'acme', 'stray'), { limit: 1_000 });
    expect(kept.entries.length).toBeGreaterThanOrEqual(50);
    expect(kept.entries.length).toBeLessThan(70);
    expect(await traces.find(last)).not.toBeNull();
    expect(await traces.find(real)).not.toBeNull();
    const listed = await traces.list('acme');
    expect(listed.filter(({ began }) => !began)).toHaveLength(50);
    expect(listed[0]?.code).toBe(last);
  });

  it('keep who could not log in, however many could', async () => {
    const refused = await record({ marketplace: 'busy', accepted: false, rejection: 'sso.audience' });
    for (let n = 0; n < 120; n += 1) await record({ marketplace: 'busy' });
    const listed = await traces.list('busy');
    expect(listed.filter(({ accepted }) => accepted)).toHaveLength(50);
    expect(listed.filter(({ accepted }) => !accepted).map(({ code }) => code)).toEqual([refused]);
  });
});
