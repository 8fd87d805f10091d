import { expect, it } from '@jest/globals';

import { proveSize } from '../support/sizes.js';
import { lineHistory } from '../support/sync/line-history.js';

const HISTORIES = proveSize(60, 2_000);

it(
  'check 25: invoices with lines and references to companies end the same, with every edit in them',
  async () => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= HISTORIES; seed += 1) {
      for (const one of await lineHistory(seed * 7_919)) wrong.push(`${seed}: ${one}`);
    }
    expect(wrong).toEqual([]);
  },
  proveSize(120_000, 1_800_000),
);
