import type { BillInput } from '../../../src/account/resources/bill.js';
import type { SqlExecutor } from '../../../src/sql/sql-executor.js';
import type { MarketplaceBill, UsageBilling } from '../../../src/usage/engine/usage-context.js';
import type { UsageMeter } from '../../../src/usage/meters/usage-meter.js';

/** What is metered where processes are killed. */
export const KILLED_METERS: Readonly<Record<string, UsageMeter>> = {
  sms: { aggregate: 'sum', label: 'SMS', prices: { AUD: [{ model: 'unit', unit: '0.0755' }] } },
};

/** A marketplace whose bills outlive the processes that make them: one for each key, in PostgreSQL. */
export class BillsTable implements UsageBilling {
  static readonly TABLE =
    'create table bills (key text primary key, cents bigint not null, content text not null)';

  constructor(private readonly executor: SqlExecutor) {}

  async createOnce(_marketplace: string, key: string, bill: BillInput): Promise<string> {
    const content = JSON.stringify(bill);
    await this.executor.execute(
      'insert into bills (key, cents, content) values ($1, $2, $3) on conflict do nothing',
      [key, bill.priceCents, content],
    );
    const [row] = await this.executor.query('select content from bills where key = $1', [key]);
    if (row?.['content'] !== content) throw new Error('The key was met with other contents.');
    return key;
  }

  async find(): Promise<MarketplaceBill | null> {
    return null;
  }

  async cancel(): Promise<void> {
    throw new Error('Nothing is taken back here.');
  }

  /** Cents of all bills whose description says something. */
  async cents(): Promise<readonly number[]> {
    const rows = await this.executor.query('select cents from bills order by key', []);
    return rows.map((row) => Number(row['cents']));
  }
}
