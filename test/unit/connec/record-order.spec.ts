import { beforeEach, describe, expect, it } from '@jest/globals';

import { ConnecDelivery, DeliveryRecords } from '../../../src/connec/notifications/connec-delivery.js';
import { type DeliveryOutcome, DeliveryLedger } from '../../../src/connec/notifications/delivery-ledger.js';
import type { Marketplace } from '../../../src/interfaces/marketplace.interface.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

let ledger: DeliveryLedger;
beforeEach(() => {
  ledger = new DeliveryLedger(new MemoryStore(), { leaseMs: 60_000, rememberMs: 60_000 });
});

function update(
  updated_at: string | undefined,
  name = 'Jo',
  identity: 'version' | 'content' = 'version',
): ConnecDelivery {
  const source = { marketplace: { name: 'one' } as Marketplace, attempt: 1, identity };
  return new ConnecDelivery(new DeliveryRecords(source, 'cld-1', 'people'), { id: 'p1', updated_at, name });
}
const at = (second: number): string => new Date(Date.UTC(2016, 7, 1, 0, 0, second)).toISOString();

/** What is decided of the update, and, where it has to be handled, carried out. */
async function deliver(
  delivery: ConnecDelivery,
  outcome: { result: 'handled' } | { result: 'failed'; finished: string[] } = { result: 'handled' },
): Promise<string> {
  const [decision] = await ledger.claim([delivery], await ledger.read([delivery]));
  if (typeof decision === 'string') return decision;
  await ledger.complete([{ claim: decision!, ...outcome } as DeliveryOutcome]);
  return outcome.result;
}
const fails = { result: 'failed', finished: [] } as { result: 'failed'; finished: string[] };

describe('an update of a record', () => {
  it.each(['version', 'content'] as const)(
    'without a time stays known after one with a time (%s)',
    async (identity) => {
      const timeless = update(undefined, 'Jo', identity);
      expect(await deliver(timeless)).toBe('handled');
      expect(await deliver(update(at(1), 'Joe', identity))).toBe('handled');
      expect(await deliver(update(at(2), 'Joel', identity))).toBe('handled');
      expect(await deliver(timeless)).toBe('duplicate');
      expect(await deliver(update(undefined, 'Joy', identity))).toBe('handled');
    },
  );

  it('with a time is forgotten by its content once there is a newer one', async () => {
    for (let second = 0; second < 20; second += 1) {
      expect(await deliver(update(at(second), `Jo ${second}`, 'content'))).toBe('handled');
    }
    const [stored] = await ledger.read([update(at(0), 'Jo', 'content')]);
    expect(stored!.length).toBeLessThan(60);
  });

  it.each([
    ['which failed', []],
    ['of which a handler is done', ['first']],
  ])('does not follow a newer one %s', async (_name, finished) => {
    expect(await deliver(update(at(5)), { result: 'failed', finished })).toBe('failed');
    expect(await deliver(update(at(1)))).toBe('stale');
    expect(await deliver(update(at(5)))).toBe('handled');
    expect(await deliver(update(at(1)))).toBe('stale');
    expect(await deliver(update(at(6)))).toBe('handled');
  });

  it('does not follow the newest of those that failed', async () => {
    expect(await deliver(update(at(5)), fails)).toBe('failed');
    expect(await deliver(update(at(9)), fails)).toBe('failed');
    expect(await deliver(update(undefined), fails)).toBe('failed');
    expect(await deliver(update(undefined, 'Joe'))).toBe('handled');
    expect(await deliver(update(at(8)))).toBe('stale');
    expect(await deliver(update(at(9)))).toBe('handled');
  });

  it('from far ahead keeps no later one out', async () => {
    const ahead = update('9999-12-31T23:59:59Z', 'Jo');
    expect(ahead.updatedAt).toBeNull();
    expect(await deliver(ahead)).toBe('handled');
    expect(await deliver(ahead)).toBe('duplicate');
    expect(await deliver(update(at(1)))).toBe('handled');
    expect(await deliver(update(at(2)))).toBe('handled');
    // Clocks and zones may be off by some hours.
    const soon = new Date(Date.now() + DAY_MS / 2).toISOString();
    expect(update(soon).updatedAt?.toISOString()).toBe(soon);
    expect(update(new Date(Date.now() + DAY_MS * 2).toISOString()).updatedAt).toBeNull();
  });
});
