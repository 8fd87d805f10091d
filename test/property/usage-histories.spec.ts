import { describe, expect, it } from '@jest/globals';

import { reportProof } from '../support/proof-report.js';
import { proveSize } from '../support/sizes.js';
import { oraclePresent } from '../support/usage/usage-oracle.js';
import { usageHistory } from '../support/usage/usage-history.js';

const HISTORIES = proveSize(200, 5_000);
/** Histories of which one is priced by the oracle too; each of them under `npm run prove`. */
const EVERY = proveSize(5, 1);

if (!oraclePresent)
  console.warn('Histories of usage are priced by the product alone: the oracle is not beside this checkout.');

describe('random histories of usage', () => {
  it(
    'charge every use once, to the last digit',
    async () => {
      const bad: string[] = [];
      const since = performance.now();
      let bills = 0;
      for (let seed = 1; seed <= HISTORIES; seed += 1) {
        const history = await usageHistory(seed, { withoutOracle: seed % EVERY !== 0 });
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
