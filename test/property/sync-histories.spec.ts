import { describe, expect, it } from '@jest/globals';

import { proveSize } from '../support/sizes.js';
import { allowedLosses, history, losses, SETUPS } from '../support/sync/history.js';

/** Histories of each kind of world: 2,000 in all, or 32,000. */
const HISTORIES = proveSize(80, 1_280);

/** Apart, so that their generators do not begin alike. */
const STEP = 7_919;

describe('random histories of users, faults and the engine', () => {
  it.each(Object.entries(SETUPS))(
    'check 25: loses nothing, or no more than the guide says: %s',
    async (_name, setup) => {
      const lost: string[] = [];
      const restless: number[] = [];
      const stopped: number[] = [];
      for (let seed = 1; seed <= HISTORIES; seed += 1) {
        const { bad, restless: still, stopped: stops } = await history(seed * STEP, setup.options);
        const found = losses(bad);
        if (found.length > 0) lost.push(`${seed}: ${found.join(', ')}`);
        if (still) restless.push(seed);
        if (stops) stopped.push(seed);
      }
      expect(restless).toEqual([]);
      // A person who puts a value back looks like a backup, where nothing proves otherwise; so do the newest rows, deleted together.
      const { restore, arch, reuse, values } = setup.options;
      const mayStop = restore ? HISTORIES : arch || reuse || values === 'few' ? HISTORIES / 40 : 0;
      expect(stopped.slice(mayStop)).toEqual([]);
      const allowed = allowedLosses(setup, HISTORIES);
      expect(lost.slice(0, Math.max(lost.length - allowed, 0))).toEqual([]);
    },
    proveSize(120_000, 3_600_000),
  );
});
