import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { BillFilter } from '../../../src/account/resources/bill.js';
import { type AccountClients, accountClients } from '../../support/account/account-clients.js';
import { registeredMarketplace } from '../../support/marketplaces.js';
import { reply, ScriptedServer } from '../http/scripted-server.js';

let server: ScriptedServer;
let clients: AccountClients;

beforeEach(async () => {
  server = await new ScriptedServer().start();
  clients = accountClients({ marketplaces: [registeredMarketplace('acme', { api: { host: server.url } })] });
});

afterEach(async () => {
  await clients.close();
  await server.stop();
});

/** What the server lists, whatever the query. */
function listing(...records: Readonly<Record<string, unknown>>[]): void {
  server.respond = reply(200, JSON.stringify({ success: true, errors: {}, data: records }));
}

const queryOf = (index = 0): string => new URL(server.seen[index]?.url ?? '', server.url).search;

describe('a filter of a list', () => {
  it('by what the server has no column for is not sent, and looked at in what it lists', async () => {
    listing(
      { id: 'cld-1', status: 'running', currency: 'AUD', has_credit_card: true },
      { id: 'cld-2', status: 'terminated', currency: 'AUD', has_credit_card: true },
      { id: 'cld-3', status: 'running', currency: 'AUD', has_credit_card: false },
      { id: 'cld-4' },
    );
    const { groups } = clients.membership;
    const filter = { status: 'running', currency: 'AUD', hasCreditCard: true };
    expect((await groups.list(filter)).map(({ id }) => id)).toEqual(['cld-1']);
    const iterated: string[] = [];
    for await (const { id } of groups.iterate({ status: 'terminated' })) iterated.push(id);
    expect(iterated).toEqual(['cld-2']);
    expect([queryOf(0), queryOf(1)]).toEqual(['', '']);
  });

  it('means the same when the server ignores it', async () => {
    listing({ id: 'rsl-1', name: 'Blue' }, { id: 'rsl-2', name: 'Red' });
    expect((await clients.membership.resellers.list({ name: 'Red' })).map(({ id }) => id)).toEqual(['rsl-2']);
    listing({ id: 'bill-1', price_cents: 5 }, { id: 'bill-2', price_cents: 6 }, { id: 'bill-3' });
    const bills = await clients.billing.bills.list({ priceCentsGreaterThan: 6 });
    // What a record does not show, the server knows.
    expect(bills.map(({ id }) => id)).toEqual(['bill-2', 'bill-3']);
    expect(queryOf(1)).toBe('?price_cents_greater_than=6');
  });

  it('by the period of a recurring bill is in any case', async () => {
    listing({ id: 'rbill-1', period: 'semimonth' }, { id: 'rbill-2', period: 'month' });
    const found = await clients.billing.recurringBills.list({ period: 'SemiMonth' });
    expect(found.map(({ id }) => id)).toEqual(['rbill-1']);
    expect(queryOf()).toBe('');
  });

  it('by text with a moment in it is not sent: the server would look for the moment', async () => {
    listing({ id: 'bill-1', description: 'until 2026-01-01T00:00:00' }, { id: 'bill-2', description: 'x' });
    const found = await clients.billing.bills.list({ description: 'until 2026-01-01T00:00:00' });
    expect(found.map(({ id }) => id)).toEqual(['bill-1']);
    expect(queryOf()).toBe('');
  });

  const moment = '2026-01-01T00:00:05.400Z';
  it.each<[BillFilter, string, string[]]>([
    [{ createdAt: '2026-01-01T00:00:05Z' }, 'after=05.000 strictly_before=06.000', ['2']],
    [{ createdAt: moment }, 'after=05.000 strictly_before=06.000', []],
    [{ createdAtBefore: moment }, 'strictly_before=06.000', ['1', '2']],
    [{ createdAtBefore: '2026-01-01T00:00:05Z' }, 'strictly_before=06.000', ['1', '2']],
    [{ createdAtStrictlyBefore: '2026-01-01T00:00:05Z' }, 'strictly_before=05.000', ['1']],
    [{ createdAtStrictlyBefore: moment }, 'strictly_before=06.000', ['1', '2']],
    [{ createdAtAfter: moment }, 'after=05.000', ['3']],
    [{ createdAtAfter: '2026-01-01T00:00:05Z' }, 'after=05.000', ['2', '3']],
    [{ createdAtStrictlyAfter: '2026-01-01T00:00:05Z' }, 'after=05.000', ['3']],
  ])(
    'by a moment asks for whole seconds, since the server keeps fractions: %j',
    async (filter, sent, ids) => {
      listing(
        ...[4, 5, 6].map((second, index) => ({
          id: `${index + 1}`,
          created_at: `2026-01-01T00:00:0${second}Z`,
        })),
      );
      expect((await clients.billing.bills.list(filter)).map(({ id }) => id)).toEqual(ids);
      const parameters = [...new URLSearchParams(queryOf())].map(
        ([name, value]) => `${name.replace('created_at_', '')}=${value.slice(17, 23)}`,
      );
      expect(parameters.join(' ')).toBe(sent);
    },
  );
});
