import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';

import { DeliveryTraces } from '../../src/console/deliveries/delivery-traces.service.js';
import { ConsoleSections } from '../../src/console/index.js';
import { ConnecHandler } from '../../src/index.js';
import { MaestranoNotificationAdapter } from '../../src/adapters/maestrano-notification.adapter.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { consoleModule, Operator } from '../support/console.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';

const HOSTILE = '<img src=x onerror=alert(1)>';
let isMended = false;

@Injectable()
class Listener {
  @ConnecHandler('invoices')
  onInvoice({ code }: Readonly<Record<string, unknown>>): void {
    if (code === 'bad' && !isMended) throw new TypeError('the tax code is empty');
  }
}

@Injectable()
class Customers extends MaestranoNotificationAdapter {
  override knowsGroup({ groupUid }: { readonly groupUid: string }): boolean {
    return groupUid !== 'cld-9';
  }
}

describe.each(HTTP_ADAPTERS)('deliveries in the console on %s', (httpAdapter) => {
  let app: TestApplication;
  let operator: Operator;

  const send = async (status: number, ...invoices: readonly object[]): Promise<void> => {
    const response = await fetch(`${app.url}/maestrano/connec/notifications/acme`, {
      method: 'POST',
      headers: { authorization: basicOf('acme'), 'content-type': 'application/json' },
      body: JSON.stringify({ invoices }),
    });
    expect(response.status).toBe(status);
    await app.app.get(DeliveryTraces, { strict: false }).flush();
  };
  const invoice = (id: string, more: object = {}) => ({
    id,
    group_id: 'cld-1',
    updated_at: '2026-01-02T00:00:00Z',
    ...more,
  });

  beforeAll(async () => {
    isMended = false;
    app = await testApplication({
      httpAdapter,
      options: { marketplaces: [marketplaceInput('acme'), marketplaceInput('bluebank')] },
      extras: { notificationAdapter: Customers },
      imports: [consoleModule()],
      providers: [Listener],
    });
    operator = new Operator(`${app.url}/maestrano/console`);
  });
  afterAll(() => app?.close());

  it('say that none came, and then of each what became of it', async () => {
    expect((await operator.open('/deliveries')).title).toBe('No delivery in the last day');
    await send(500, invoice('i-1'), invoice(HOSTILE, { code: 'bad' }));
    await send(200, invoice('i-1'), invoice('i-2', { group_id: 'cld-9' }));
    await send(200, invoice('i-1', { updated_at: '2026-01-01T00:00:00Z' }));

    const list = await operator.open('/deliveries');
    expect(list.title).toBe('1 delivery failed');
    expect(list.text).not.toContain('<img');
    expect(list.words).toContain('TypeError in Listener.onInvoice');
    expect(list.words).toContain('Unknown company');
    // What needs somebody is asked for anew every five seconds.
    app.app.get(ConsoleSections, { strict: false }).changed();
    const overview = await operator.open();
    expect(overview.words).toContain('1 delivery of the last day failed and was not handled since');

    const failed = await operator.follow(list, 'invoices <img');
    expect(failed.words).toContain('the marketplace sends it again');
    expect(failed.text).not.toContain('<img');
    expect(failed.text).not.toContain('tax code');
    const known = await operator.open('/deliveries?q=i-1&result=handled');
    const handled = await operator.follow(known, 'invoices i-1');
    expect(handled.words).toMatch(/Came again .*Handled/);
    expect(handled.words).toContain('2 attempts');
    const older = await operator.open('/deliveries?result=stale');
    expect(older.words).toContain('1 of 1 shown');

    isMended = true;
    await send(200, invoice(HOSTILE, { code: 'bad' }));
    const again = await operator.open(failed.url);
    expect(again.words).toMatch(/Handled · .*Failed · .*TypeError in Listener/);
    expect((await operator.open('/deliveries')).title).toBe('No delivery failed');
  });

  it('are narrowed and turned over by their address, as data too', async () => {
    const at = (n: number): string => `2026-01-03T00:00:${String(n % 60).padStart(2, '0')}Z`;
    await send(
      200,
      ...Array.from({ length: 60 }, (_, n) =>
        invoice(`many-${n}`, { updated_at: at(n), group_id: 'cld-60' }),
      ),
    );
    const first = await operator.open('/deliveries?q=CLD-60&marketplace=acme&resource=invoices');
    expect(first.words).toContain('50 of 60 shown');
    const second = await operator.follow(first, 'Older');
    expect(second.words).toContain('10 of 60 shown');
    const idsOf = (text: string) => [...text.matchAll(/delivery\?id=([\w-]+)"/g)].map(([, id]) => id);
    expect(new Set([...idsOf(first.text), ...idsOf(second.text)]).size).toBe(60);
    expect((await operator.follow(second, 'Newer')).words).toContain('50 of 60 shown');
    const { data } = await operator.data<{ data: { deliveries: readonly object[]; total: number } }>(
      '/deliveries?q=cld-60',
    );
    expect([data.deliveries.length, data.total]).toEqual([50, 60]);
    expect((await operator.open('/deliveries?marketplace=bluebank')).words).toContain('Nothing matches');
    expect((await operator.open('/deliveries/delivery?id=nothing')).status).toBe(404);
  });
});
