import { describe, expect, it } from '@jest/globals';

import { reportProof } from '../support/proof-report.js';
import { proveSize } from '../support/sizes.js';
import { usageHistory } from '../support/usage/usage-history.js';

const HISTORIES = proveSize(200, 5_000);

describe('random histories of usage', () => {
  it(
    'charge every use once, to the last digit',
    async () => {
      const bad: string[] = [];
      const since = performance.now();
      let bills = 0;
      for (let seed = 1; seed <= HISTORIES; seed += 1) {
        const history = await usageHistory(seed);
        bills += history.bills;
        if (history.bad.length > 0) bad.push(`${seed}: ${history.bad.join(', ')}`);
      }
      expect(bad).toEqual([]);
      expect(bills).toBeGreaterThan(HISTORIES);
      const seconds = (performance.now() - since) / 1_000;
      reportProof({
        proof: 'usage: a hundred days',
        histories: HISTORIES,
        states: null,
        whole: null,
        seconds,
      });
    },
    proveSize(120_000, 3_600_000),
  );
});
