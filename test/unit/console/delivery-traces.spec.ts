import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { DeliveryTraces } from '../../../src/console/deliveries/delivery-traces.service.js';
import { ConnecDelivery, DeliveryRecords } from '../../../src/connec/notifications/connec-delivery.js';
import { ConnecNotificationCounters } from '../../../src/connec/notifications/notification-stats.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { registeredMarketplace } from '../../support/marketplaces.js';

const delivery = (id: string, attempt = 1): ConnecDelivery => {
  const source = { marketplace: registeredMarketplace('acme'), attempt, identity: 'version' } as const;
  const records = new DeliveryRecords(source, 'cld-1', 'invoices');
  return new ConnecDelivery(records, {
    id,
    updated_at: '2026-01-01T00:00:00Z',
    secret: 'what a customer wrote',
  });
};

let store: MemoryStore;
let counters: ConnecNotificationCounters;
let traces: DeliveryTraces;

beforeEach(() => {
  store = new MemoryStore();
  counters = new ConnecNotificationCounters();
  traces = new DeliveryTraces(store, counters);
  traces.onModuleInit();
});
afterEach(() => traces.beforeApplicationShutdown());

describe('what became of deliveries', () => {
  it('is kept with all attempts of one, also those of other instances, and nothing of what was sent', async () => {
    counters.ended('failed', [delivery('i-1')], new TypeError('of a customer'));
    await traces.flush();
    const other = new DeliveryTraces(store, counters);
    other.onModuleInit();
    await traces.beforeApplicationShutdown();
    counters.ended('handled', [delivery('i-1', 2)]);
    counters.ended('duplicates', [delivery('i-1')]);
    await other.beforeApplicationShutdown();
    const [trace] = await traces.list();
    expect(trace).toMatchObject({ groupUid: 'cld-1', recordId: 'i-1', result: 'handled', times: 3 });
    expect(trace?.attempts.map(({ result, attempt }) => [result, attempt])).toEqual([
      ['failed', 1],
      ['handled', 2],
      ['duplicates', 1],
    ]);
    expect(trace?.attempts[0]?.reason).toContain('TypeError in ');
    expect(JSON.stringify(trace)).not.toContain('customer');
    expect(await traces.find(trace!.id)).toEqual(trace);
    expect(counters.counts).toMatchObject({ failed: 1, handled: 1, duplicates: 1 });
  });

  it('is bounded, and a flood of what is well pushes out nothing that failed', async () => {
    counters.ended('failed', [delivery('bad')], new Error('no'));
    for (let turn = 0; turn < 6; turn += 1) {
      counters.ended(
        'handled',
        Array.from({ length: 300 }, (_, n) => delivery(`i-${turn}-${n}`)),
      );
      await traces.flush();
    }
    const all = await traces.list();
    expect(all).toHaveLength(1_001);
    expect(all.filter(({ recordId }) => recordId === 'bad')).toHaveLength(1);
    // Of more than 250 in one turn the others are counted only.
    expect(all.some(({ recordId }) => recordId === 'i-5-249')).toBe(true);
    expect(all.some(({ recordId }) => recordId === 'i-5-250')).toBe(false);
    const beyond = await store.page('delivery-trace:of:settled', { limit: 1_000 });
    expect(beyond.next).toBeNull();
  });

  it('costs the list where the store is away, never a delivery', async () => {
    Logger.overrideLogger(false);
    jest.spyOn(store, 'writeMany').mockRejectedValueOnce(new Error('away'));
    counters.ended('handled', [delivery('i-1')]);
    await traces.flush();
    counters.ended('handled', [delivery('i-2')]);
    await traces.flush();
    expect((await traces.list()).map(({ recordId }) => recordId)).toEqual(['i-2']);
  });
});
