import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { ConnecDelivery, DeliveryRecords } from '../../src/connec/notifications/connec-delivery.js';
import { DeliveryLedger } from '../../src/connec/notifications/delivery-ledger.js';
import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { proveSize } from '../support/sizes.js';
import { search, seeded, type System } from './interleavings.js';

const LEASE_MS = 30_000;
const START = Date.UTC(2026, 0, 1, 12);

/** A delivery of a version of the one record there is. */
function version(number: number): ConnecDelivery {
  const source = { marketplace: { name: 'acme' } as Marketplace, attempt: 1, identity: 'version' } as const;
  const updatedAt = new Date(Date.UTC(2026, 0, 1, 10, number)).toISOString();
  return new ConnecDelivery(new DeliveryRecords(source, 'cld-1', 'people'), {
    id: 'p-1',
    updated_at: updatedAt,
  });
}

/** Deliveries of versions of one record, each by an instance of its own, repeated while the record is busy. */
function deliveries(versions: readonly number[]): System {
  jest.setSystemTime(START);
  const store = new MemoryStore();
  const handled: string[] = [];
  const done: number[] = [];
  let inside: string | null = null;
  let overlap = false;
  return {
    store,
    processes: versions.map((number, index) => ({
      name: `instance ${index}`,
      async run(step, shared) {
        const ledger = new DeliveryLedger(shared, { leaseMs: LEASE_MS, rememberMs: 3_600_000 });
        const delivery = version(number);
        for (let tries = 0; tries < 4; tries += 1) {
          const [decision] = await ledger.claim([delivery], await ledger.read([delivery]));
          if (decision === 'duplicate' || decision === 'stale') return;
          // The platform, or the queue, repeats it.
          if (decision === 'busy' || decision === undefined) continue;
          overlap ||= inside !== null;
          inside = `instance ${index}`;
          handled.push(`v${number}`);
          await step();
          done.push(number);
          inside = null;
          await ledger.complete([{ claim: decision, result: 'handled' }]);
          return;
        }
      },
    })),
    check() {
      const fail = (what: string): never => {
        throw new Error(`${what}: handled ${handled.join(', ')}; ended ${done.join(', ')}`);
      };
      if (overlap) fail('two versions were handled at the same time');
      if (new Set(handled).size < handled.length) fail('one version was handled twice');
      if (done.some((number, position) => position > 0 && number < done[position - 1]!))
        fail('an older one followed');
    },
  };
}

describe('deliveries of one record on several instances', () => {
  beforeAll(() => {
    jest.useFakeTimers({
      now: START,
      doNotFake: [
        'hrtime',
        'nextTick',
        'performance',
        'queueMicrotask',
        'setImmediate',
        'clearImmediate',
        'setTimeout',
        'clearTimeout',
      ],
    });
  });
  afterAll(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  it('are handled once, the same version twice, in every order', async () => {
    const searched = await search(() => deliveries([1, 1]), { most: 20_000 });
    expect(searched.exhaustive).toBe(true);
  });

  it('never go back to an older version, in every order', async () => {
    const searched = await search(() => deliveries([1, 2]), { most: 20_000 });
    expect(searched.exhaustive).toBe(true);
  });

  it('hold both for four deliveries of three versions, in orders at random', async () => {
    await search(() => deliveries([1, 3, 2, 3]), { most: proveSize(300, 50_000), random: seeded(7) });
  });
});
