import { describe, expect, it } from '@jest/globals';

import { MemorySyncScheduler } from '../../../src/sync/schedule/memory-sync-scheduler.js';

describe('the scheduler of one process', () => {
  it('goes on with ten thousand that wait, each once, in the order in which they came, and stops at once', async () => {
    const scheduler = new MemorySyncScheduler();
    const done: string[] = [];
    const company = (n: number) => ({ marketplace: 'acme', groupUid: `cld-${n}` });
    const timers = process.getActiveResourcesInfo().length;
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    scheduler.work(async ({ groupUid }) => {
      done.push(groupUid);
      if (groupUid !== 'cld-0') return false;
      await held;
      // It has more to do, and there is no place left for it.
      return true;
    }, 1);
    for (let n = 0; n < 12_000; n += 1) await scheduler.enqueue(company(n));
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(timers);
    letGo();
    await scheduler.idle();
    expect(done).toEqual(Array.from({ length: 10_001 }, (_one, n) => `cld-${n}`));
    scheduler.work(async () => new Promise(() => undefined), 1);
    for (let n = 0; n < 10_000; n += 1) await scheduler.enqueue(company(n));
    await scheduler.stop(10);
    expect(done).toHaveLength(10_001);
  });
});
