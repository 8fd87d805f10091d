import { describe, expect, it } from '@jest/globals';

import { FULL_RUN } from '../../../src/sync/engine/sync-engine.js';
import { SyncRuns } from '../../../src/sync/sync-runs.js';

const groupOf = (groupUid: string) => ({ marketplace: 'uat', groupUid });

describe('runs in the background', () => {
  it('delays others by one slice where a group has much to do', async () => {
    const order: string[] = [];
    let left = 4;
    const runs = new SyncRuns(async ({ groupUid }) => {
      order.push(groupUid);
      await Promise.resolve();
      return groupUid === 'large' && (left -= 1) > 0;
    }, 1);
    for (const name of ['large', 'a', 'b', 'c']) runs.start(groupOf(name), FULL_RUN);
    await runs.idle();
    expect(order).toEqual(['large', 'a', 'b', 'c', 'large', 'large', 'large']);
  });

  it('makes of many starts one run and one more', async () => {
    let count = 0;
    let release = (): void => undefined;
    const runs = new SyncRuns(async () => {
      count += 1;
      if (count === 1) await new Promise<void>((resolve) => (release = resolve));
      return false;
    }, 4);
    for (let n = 0; n < 20; n += 1) runs.start(groupOf('cld-1'), FULL_RUN);
    release();
    await runs.idle();
    expect(count).toBe(2);
  });
});
