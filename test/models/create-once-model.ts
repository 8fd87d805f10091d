import { ChargeCollection } from '../../src/account/charge.collection.js';
import { ChargeIntents } from '../../src/account/ledger/charge-intents.service.js';
import { ChargeLedger } from '../../src/account/ledger/charge-ledger.service.js';
import { BILLS } from '../../src/account/resources/bill.js';
import { MaestranoEvents } from '../../src/events/maestrano-events.service.js';
import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import type { MaestranoStore, StoreCall, StoreWrite } from '../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { ChargeMarket, MarketClient, type RequestFate, untilAllArrived } from './charge-market.js';
import type { Scenario } from './scenario.js';
import { search, seeded, type System, type Turns } from './search.js';

const MARKETPLACE = { name: 'acme' } as Marketplace;
const SETTINGS = { settleMs: 600, deadlineMs: 2_500, rememberMs: 86_400_000_000 };

/** Longer than any lock is held: `deadlineMs` and the margin of the lock. */
const LOCK_MS = 33_000;

/** A lock whose store has another idea of time: over long before any deadline. */
const SHORT_LOCK_MS = 150;

/** What happens to some calls, and how. */
interface Conditions extends Pick<System, 'deaths' | 'faults' | 'stalls'> {
  /** The key of each call; each is made by an instance of its own, and again where it did not come to its end. */
  readonly keys: readonly string[];
  readonly fates?: readonly RequestFate[];
  /** Whether the server changes texts. */
  readonly altered?: boolean;
  /** Whether locks last for {@link SHORT_LOCK_MS} only. */
  readonly shortLocks?: boolean;
}

/** A store whose locks end early. */
class ShortLockStore extends MemoryStore {
  override writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
    const shortened = writes.map((write) =>
      write.key.startsWith('ledger-lock') && write.value !== null
        ? { ...write, ttlMs: SHORT_LOCK_MS }
        : write,
    );
    return super.writeMany(shortened, call);
  }
}

/**
 * A key is free, open, or stands for a charge; the marketplace is {@link ChargeMarket}. All charges have one price and one
 * text, so that only keys tell them apart. There are never more charges than keys; every call of a key that returns
 * one returns the same; no two keys share one. When all is quiet, each key comes to its end: with its charge, or undecided
 * where the server changed what it was sent, or somebody died whose lock was over before.
 */
function charges({ keys, fates = [], altered = false, shortLocks = false, ...limits }: Conditions): System {
  const store = shortLocks ? new ShortLockStore() : new MemoryStore();
  const market = new ChargeMarket(
    SETTINGS.settleMs,
    fates,
    altered ? (text) => text.toUpperCase() : (text) => text,
  );
  const returned = new Map<string, string>();
  const ended: string[] = [];
  const different = new Set(keys);
  const createOnce = async (turns: Turns, shared: MaestranoStore, key: string): Promise<void> => {
    const scope = { client: new MarketClient(market, turns), marketplace: () => MARKETPLACE };
    const memory = {
      ledger: new ChargeLedger(shared),
      // Empty, and so no part of what is tried.
      intents: new ChargeIntents(new MemoryStore()),
      events: new MaestranoEvents(),
      settings: SETTINGS,
    };
    const bills = new ChargeCollection(scope, () => Promise.resolve(BILLS), memory);
    try {
      const { id } = await bills.createOnce(key, { groupId: 'cld-1', priceCents: 100, description: 'Seats' });
      const before = returned.get(key) ?? id;
      if (before !== id) throw new Error(`${key} stands for ${before} and ${id}`);
      returned.set(key, id);
      ended.push(`${key}: ${id}`);
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code === undefined) throw error;
      ended.push(`${key}: ${code}`);
    }
  };
  const fail = (what: string): never => {
    throw new Error(`${what}: ${market.kept.length} charges; ${ended.join(', ')}`);
  };
  return {
    ...limits,
    store,
    processes: keys.map((key, index) => ({
      name: `instance ${index}`,
      run: (turns, shared) => createOnce(turns, shared, key),
    })),
    after: {
      name: 'later',
      run: async (turns, shared) => {
        await untilAllArrived(SETTINGS.settleMs);
        // What one key found may be what another one waits for; and each call waits at most as long as its deadline.
        for (let round = 0; round < 4 + (limits.faults ?? 0); round += 1)
          for (const key of different)
            if (round === 0 || !returned.has(key)) await createOnce(turns, shared, key);
      },
    },
    state: () => [market.kept.map(({ id }) => id), market.requests, [...returned], ended],
    always() {
      if (market.kept.length > different.size) fail('there are more charges than keys');
      if (new Set(returned.values()).size < returned.size) fail('two keys share a charge');
    },
    check(dead) {
      // Who opened a key behind others' backs and died leaves a record of which nobody knows whether it was sent.
      if (altered || (limits.stalls && dead.size > 0)) return;
      if (returned.size < different.size) fail('a key never came to its end');
    },
  };
}

const ALL = { most: 500_000 };
const FATES = ['lost', 'dropped', 'late', 'rejected'] as const;

/** Searched to the end by the full size, and at random by the short one. */
function sampled(name: string, conditions: Conditions, few: number): Scenario {
  return {
    name,
    whole: 'full',
    search: (full) =>
      search(() => charges(conditions), full ? ALL : { most: few, random: seeded(name.length) }),
  };
}

function whole(name: string, conditions: Conditions): Scenario {
  return { name, whole: 'always', search: () => search(() => charges(conditions), ALL) };
}

const EARLY = { shortLocks: true, stalls: { most: 1, ms: SHORT_LOCK_MS + 1 } };
const [ONCE, TWICE, BOTH] = [['a'], ['a', 'a'], ['a', 'b']];

export const CREATE_ONCE: readonly Scenario[] = [
  whole('one call, a fault, a death', { keys: ONCE, fates: FATES, faults: 1, deaths: 1 }),
  whole('a key twice, a fault', { keys: TWICE, fates: FATES, faults: 1 }),
  sampled('two keys, altered texts, a fault', { keys: BOTH, fates: FATES, faults: 1, altered: true }, 40),
  sampled('a key twice, a fault, a death', { keys: TWICE, fates: FATES, faults: 1, deaths: 1 }, 40),
  sampled('two keys, two faults, a death', { keys: BOTH, fates: FATES, faults: 2, deaths: 1 }, 40),
  sampled(
    'a key twice, held up for longer than its lock',
    { keys: TWICE, fates: FATES, faults: 1, stalls: { most: 1, ms: LOCK_MS } },
    40,
  ),
  sampled('two keys, a lock that ends early', { keys: BOTH, ...EARLY }, 40),
  sampled('a key twice, a lock that ends early', { keys: TWICE, ...EARLY, fates: ['late'], faults: 1 }, 40),
  {
    name: 'five calls of three keys',
    whole: 'never',
    search: (full) =>
      search(
        () =>
          charges({
            keys: ['a', 'b', 'a', 'c', 'b'],
            fates: FATES,
            faults: 4,
            deaths: 2,
            shortLocks: true,
            stalls: { most: 2, ms: SHORT_LOCK_MS + 1 },
          }),
        { most: full ? 4_000 : 30, random: seeded(3) },
      ),
  },
];
