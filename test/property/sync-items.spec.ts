import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { proveSize } from '../support/sizes.js';
import { itemHistory, type ItemPlatform, memoryItems } from '../support/sync/item-history.js';
import { SandboxItems } from '../support/sync/sandbox-items.js';

const HISTORIES = proveSize(60, 2_000);
/** Over HTTP, which takes longer. */
const SANDBOX_HISTORIES = proveSize(20, 500);

/** Apart, so that their generators do not begin alike. */
const STEP = 7_919;

describe('check 25: items that are a product and a variant end the same, with every edit in them', () => {
  let sandbox: SandboxItems;

  beforeAll(async () => {
    sandbox = await SandboxItems.start();
  });
  afterAll(() => sandbox.close());

  it.each([
    ['in memory', HISTORIES, (): ItemPlatform => memoryItems()],
    ["at the sandbox's Connec!, over HTTP", SANDBOX_HISTORIES, (): ItemPlatform => sandbox.platform()],
  ])(
    '%s',
    async (_where, histories, platform) => {
      const wrong: string[] = [];
      for (let seed = 1; seed <= histories; seed += 1) {
        for (const one of await itemHistory(seed * STEP, platform())) wrong.push(`${seed}: ${one}`);
      }
      expect(wrong).toEqual([]);
    },
    proveSize(120_000, 1_800_000),
  );
});
