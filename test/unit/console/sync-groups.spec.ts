import { describe, expect, it } from '@jest/globals';

import { SyncGroups } from '../../../src/console/sections/sync-groups.js';
import { NEW_GROUP } from '../../../src/sync/store/sync-store.js';

/** As many companies, by name, of which every 3,000th is wanted. */
function companies(many: number) {
  let reads = 0;
  const name = (number: number): string => `cld-${String(number).padStart(6, '0')}`;
  const groups = ({ after = null, limit = 1_000 }: { after?: string | null; limit?: number } = {}) => {
    reads += 1;
    const from = after === null ? 0 : Number(after.slice(4)) + 1;
    const to = Math.min(many, from + limit);
    const numbers = Array.from({ length: to - from }, (_, index) => from + index);
    const list = numbers.map((one) => ({ marketplace: 'acme', groupUid: name(one), state: NEW_GROUP }));
    return Promise.resolve({ groups: list, next: to < many ? name(to - 1) : null });
  };
  return { groups, reads: () => reads };
}

const isWanted = ({ groupUid }: { readonly groupUid: string }): boolean =>
  Number(groupUid.slice(4)) % 3_000 === 0;

describe('companies of the synchronization', () => {
  it('are read a stretch at a time, to the last one', async () => {
    const read = new SyncGroups(companies(12_000));
    const seen: string[] = [];
    for (let next: string | null = null; ;) {
      const stretch = await read.stretch(next);
      expect(stretch.groups.length).toBeLessThanOrEqual(2_000);
      seen.push(...stretch.groups.map(({ groupUid }) => groupUid));
      next = stretch.next;
      if (next === null) break;
    }
    expect(new Set(seen).size).toBe(12_000);
  });

  it('are all looked at in turn, one stretch with each look', async () => {
    const world = companies(12_000);
    const read = new SyncGroups(world);
    const found = async (): Promise<number> => (await read.all(isWanted)).length;
    expect(await found()).toBe(1);
    expect(world.reads()).toBe(2);
    expect([await found(), await found(), await found(), await found()]).toEqual([2, 2, 3, 4]);
    expect(await found()).toBe(4);
    const none = async (): Promise<number> => (await read.all(() => false)).length;
    expect([await none(), await none(), await none(), await none(), await none()]).toEqual([3, 2, 2, 1, 0]);
  });
});
