import { setTimeout as wait } from 'node:timers/promises';

import { ConnecDelivery, DeliveryRecords } from '../../src/connec/notifications/connec-delivery.js';
import { DeliveryLedger } from '../../src/connec/notifications/delivery-ledger.js';
import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import type { Scenario } from './scenario.js';
import { search, seeded, type System } from './search.js';

const LEASE_MS = 30_000;

/** How often a delivery that met a busy record is repeated, and after what time. */
const TRIES = 4;
const REPEATED_AFTER_MS = 20_000;

/** A delivery of a version of the one record there is. */
function version(number: number): ConnecDelivery {
  const source = { marketplace: { name: 'acme' } as Marketplace, attempt: 1, identity: 'version' } as const;
  const updatedAt = new Date(Date.UTC(2026, 0, 1, 10, number)).toISOString();
  return new ConnecDelivery(new DeliveryRecords(source, 'cld-1', 'people'), {
    id: 'p-1',
    updated_at: updatedAt,
  });
}

/** What happens beside orders: deaths of instances, and handlers that take so many milliseconds. */
interface Conditions extends Pick<System, 'deaths'> {
  readonly handlerMs?: number;
}

/**
 * A record is free, leased, or was handled up to a version. Deliveries of its versions come to an instance each, and are
 * repeated while it is leased, by an instance that died too. A version's handlers run once, unless one died over them;
 * two never run at the same time; and an older version never ends behind a newer one.
 */
function deliveries(versions: readonly number[], { handlerMs = 0, ...limits }: Conditions = {}): System {
  const store = new MemoryStore();
  const handled: number[] = [];
  const done: number[] = [];
  const inside = new Set<string>();
  const fail = (what: string): never => {
    throw new Error(`${what}: handled ${handled.join(', ')}; ended ${done.join(', ')}`);
  };
  return {
    ...limits,
    store,
    processes: versions.map((number, index) => ({
      name: `instance ${index}`,
      async run(turns, shared) {
        const ledger = new DeliveryLedger(shared, { leaseMs: LEASE_MS, rememberMs: 3_600_000 });
        const delivery = version(number);
        for (let tries = 0; tries < TRIES; tries += 1) {
          const [decision] = await ledger.claim([delivery], await ledger.read([delivery]));
          if (decision === 'duplicate' || decision === 'stale') return;
          // The platform, or the queue, repeats it.
          if (decision === 'busy' || decision === undefined) {
            await wait(REPEATED_AFTER_MS);
            continue;
          }
          inside.add(turns.name);
          handled.push(number);
          await turns.step();
          if (handlerMs > 0) await wait(handlerMs);
          done.push(number);
          inside.delete(turns.name);
          await ledger.complete([{ claim: decision, result: 'handled' }]);
          return;
        }
      },
    })),
    state: () => [handled, done, [...inside]],
    check(dead) {
      const alive = [...inside].filter((name) => !dead.has(name));
      if (alive.length > 0) fail(`${alive.join(', ')} never came to an end`);
      if (handled.length - new Set(handled).size > dead.size) fail('one version was handled twice');
      if (done.some((number, position) => position > 0 && number < done[position - 1]!))
        fail('an older one followed');
      if (dead.size === 0 && Math.max(...done) < Math.max(...versions)) fail('the newest was not handled');
    },
    always(dead) {
      if ([...inside].filter((name) => !dead.has(name)).length > 1)
        fail('two versions were handled at the same time');
    },
  };
}

const ALL = { most: 200_000 };

export const DELIVERIES: readonly Scenario[] = [
  { name: 'one version twice', whole: 'always', search: () => search(() => deliveries([1, 1]), ALL) },
  { name: 'two versions', whole: 'always', search: () => search(() => deliveries([1, 2]), ALL) },
  {
    name: 'a handler longer than its lease',
    whole: 'always',
    search: () => search(() => deliveries([1, 2], { handlerMs: 2 * LEASE_MS }), ALL),
  },
  {
    name: 'two versions, a death',
    whole: 'always',
    search: () => search(() => deliveries([1, 2], { deaths: 1 }), ALL),
  },
  {
    name: 'three deliveries of two versions, a death',
    whole: 'full',
    search: (full) =>
      full
        ? search(() => deliveries([1, 2, 2], { deaths: 1 }), ALL)
        : search(() => deliveries([1, 2, 2], { deaths: 1 }), { most: 200, random: seeded(5) }),
  },
  {
    name: 'four deliveries of three versions',
    whole: 'never',
    search: (full) =>
      search(() => deliveries([1, 3, 2, 3]), { most: full ? 10_000 : 100, random: seeded(7) }),
  },
];
