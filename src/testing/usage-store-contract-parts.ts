import { randomUUID } from 'node:crypto';

import type { SealStep, SeriesSnapshot, StatementRow, UsageFactRow } from '../usage/store/usage-records.js';
import type { UsageStore } from '../usage/store/usage-store.js';

/** Milliseconds of an hour. */
export const HOUR = 3_600_000;
/** 1 September 2026. */
export const T = Date.UTC(2026, 8, 1);

/** A fact with an hour of September 2026. */
export function fact(id: string, changes: Partial<UsageFactRow> = {}): UsageFactRow {
  return {
    id,
    at: T + HOUR,
    quantity: 1_500_000n,
    counted: 1,
    key: '',
    corrects: null,
    value: null,
    turn: 0,
    receivedAt: T + 2 * HOUR,
    ...changes,
  };
}

/** A series of a new company. */
export async function series(store: UsageStore): Promise<string> {
  const [id] = await store.open([
    { marketplace: 'contract', group: `cld-${randomUUID()}`, meter: 'contract' },
  ]);
  return id!;
}

/** Adds facts; what came of each. */
export async function append(
  store: UsageStore,
  id: string,
  ...facts: readonly UsageFactRow[]
): Promise<string[]> {
  const results = await store.append(facts.map((one) => ({ series: id, fact: one, historical: false })));
  return results.map(({ result }) => result);
}

export const SEPTEMBER = { from: T, to: Date.UTC(2026, 9, 1) };

/** A statement on its way. */
export function statement(seq: number): StatementRow {
  const progress = { bills: [], held: null, since: T, error: null, fields: {}, reason: null };
  return { chain: 'chain', seq, status: 'sealed', progress, body: '{"a":"ż\u2028"}', sealedAt: T };
}

/** A step that opens September, and states it with so many facts. */
export function step({ series: row }: SeriesSnapshot, rows: number, seq = 1): SealStep {
  return {
    series: row.id,
    version: row.version,
    state: {
      ...row.state,
      chains: [{ id: 'chain', currency: 'AUD', carry: '-0.005', seq, digest: '', returned: [] }],
    },
    leftAt: row.leftAt,
    nextDue: T,
    opened:
      seq > 1
        ? []
        : [
            {
              n: 0,
              starts: SEPTEMBER.from,
              ends: SEPTEMBER.to,
              zone: 'UTC',
              chain: 'chain',
              grace: 0,
              sealedBy: null,
              stated: '0',
              terms: null,
            },
          ],
    claim: { ranges: [SEPTEMBER], rows },
    statement: statement(seq),
    stated: [
      {
        n: 0,
        sealedBy: 1,
        stated: '0.123456789012345678',
        terms: { currency: 'AUD', prices: [], trialEnd: null },
      },
    ],
  };
}
