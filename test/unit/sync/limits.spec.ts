import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { HeldLease } from '../../../src/sync/engine/held-lease.js';
import { Bucket, Paces } from '../../../src/sync/engine/pace.js';
import { FULL_RUN } from '../../../src/sync/engine/sync-engine.js';
import type { SyncSide } from '../../../src/sync/store/sync-link.js';
import type { SyncLease } from '../../../src/sync/store/sync-store.js';
import { MemorySyncStore } from '../../../src/sync/store/memory-sync-store.js';
import { EngineBench, SCOPE } from '../../support/sync/engine-bench.js';

describe('a bucket of calls', () => {
  it('lets a burst go at once, and then one call after the other', () => {
    const bucket = new Bucket({ perSecond: 10, burst: 3 });
    expect(Array.from({ length: 6 }, () => bucket.reserve(5_000))).toEqual([0, 0, 0, 100, 200, 300]);
    expect(bucket.reserve(5_350)).toBe(50);
    // A rest fills it again, and no more than that.
    expect(Array.from({ length: 4 }, () => bucket.reserve(60_000))).toEqual([0, 0, 0, 100]);
  });

  it('holds back those of its own marketplace, and one company where it is asked to', () => {
    const rate = { perSecond: 0.1 };
    const paces = new Paces({ connec: rate, appPerGroup: rate });
    const [one, same, other] = [paces.ofRun('one'), paces.ofRun('one'), paces.ofRun('other')];
    expect([one.reserve('connec'), other.reserve('connec')]).toEqual([0, 0]);
    expect(same.reserve('connec')).toBeGreaterThan(9_000);
    expect([one.reserve('app'), same.reserve('app')]).toEqual([0, 0]);
    expect(one.reserve('app')).toBeGreaterThan(9_000);
    const together = new Paces({ app: rate });
    expect(together.ofRun('one').reserve('app')).toBe(0);
    expect(together.ofRun('other').reserve('app')).toBeGreaterThan(9_000);
    expect(new Paces({}).ofRun('one').reserve('connec')).toBe(0);
  });

  it.each([
    { perSecond: 0 },
    { perSecond: Number.NaN },
    { perSecond: 1, burst: 0 },
    { perSecond: 1, burst: 1.5 },
  ])('is refused as %j', (connec) =>
    expect(() => new Paces({ connec })).toThrow('limits.connec is no limit.'),
  );
});

describe('the lease of a run', () => {
  const realNow = Date.now;
  let bench: EngineBench | null = null;
  afterEach(() => {
    bench?.close();
    bench = null;
    Date.now = realNow;
  });

  it('is kept while the run waits for its turn', async () => {
    const store = new MemorySyncStore();
    let now = realNow();
    // Twenty milliseconds go by with every look at the clock.
    Date.now = () => (now += 20);
    const renew = jest.spyOn(store, 'renew');
    const lease = (await store.acquire(SCOPE, 100))!;
    const waits = [60, 0];
    const guard = new HeldLease(store, lease, { leaseMs: 60, timeoutMs: 50 }, undefined, {
      reserve: () => waits.shift() ?? 0,
    });
    await guard.check('connec');
    await guard.check('connec');
    expect(renew.mock.calls.length).toBeGreaterThan(0);
    expect(guard.lease.token).toBe(lease.token);
  });

  it('is over when its time is, although the clock was set back meanwhile', async () => {
    const lease: SyncLease = { scope: SCOPE, token: 1, until: Date.now() + 20 };
    const guard = new HeldLease(new MemorySyncStore(), lease, { leaseMs: 60_000, timeoutMs: 10 });
    await pause(30);
    Date.now = () => realNow() - 3_600_000;
    await expect(guard.check('connec')).rejects.toMatchObject({ code: 'sync.leaseLost' });
  });

  it('lets a run go that is to end while it waits', async () => {
    const ending = new AbortController();
    const lease: SyncLease = { scope: SCOPE, token: 1, until: Number.MAX_SAFE_INTEGER };
    const guard = new HeldLease(
      new MemorySyncStore(),
      lease,
      { leaseMs: 60_000, timeoutMs: 30_000 },
      ending.signal,
      { reserve: () => 10_000_000 },
    );
    const checked = guard.check('app');
    ending.abort(new Error('over'));
    await expect(checked).rejects.toThrow('over');
  });

  it('check 38: a process that stood still for longer than its lease sends nothing, though nobody took it over', async () => {
    bench = new EngineBench();
    const stood = bench;
    await stood.run();
    stood.source.add({ firstName: 'Imogen' });
    stood.connec.add({ first_name: 'Rasheed', last_name: '', status: 'ACTIVE' });
    const get = stood.source.get.bind(stood.source);
    stood.source.get = async (...args) => {
      const found = await get(...args);
      stood.now += 2 * (stood.settings.leaseMs + stood.settings.timeoutMs);
      return found;
    };
    await expect(stood.run()).rejects.toMatchObject({ code: 'sync.leaseLost' });
    expect(stood.writes).toBe(0);
    stood.source.get = get;
    await stood.run();
    expect(stood.names).toEqual({ app: ['Imogen', 'Rasheed'], connec: ['Imogen', 'Rasheed'] });
  });

  it('waits before every request to Connec!', async () => {
    bench = new EngineBench();
    for (let n = 0; n < 120; n += 1) bench.source.add({ firstName: `Person ${n}` });
    for (let n = 0; n < 130; n += 1) {
      bench.connec.add({ first_name: `Elsewhere ${n}`, last_name: '', status: 'ACTIVE' });
    }
    const waited: Record<SyncSide, number> = { app: 0, connec: 0 };
    let requests = 0;
    const connec = new Proxy(bench.connec, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          requests += ['page', 'get', 'write'].includes(String(name)) ? 1 : 0;
          return Reflect.apply(value, target, args);
        };
      },
    });
    const pace = { reserve: (side: SyncSide) => ((waited[side] += 1), 0) };
    for (let run = 0; run < 2; run += 1) {
      bench.now += 5_000;
      await bench.engine.run({ ...bench.sides, connec, pace }, FULL_RUN);
    }
    expect(bench.names.app).toHaveLength(250);
    expect(requests).toBeGreaterThan(8);
    expect(waited.connec).toBe(requests);
    // Each record that is created here is a call by itself.
    expect(waited.app).toBeGreaterThan(130);
  });
});
