import { type AccountEntity, EntityReader, type RecordOrigin } from './entity-reader.js';

/** Known states of a bill; others are passed on as they come. */
export type BillStatus = 'submitted' | 'invoiced' | 'cancelled' | (string & {});

/** A one-time charge on a group's next invoice (protocol §8.6). */
export interface Bill extends AccountEntity {
  readonly groupId: string | null;
  /** Total in hundredths of the currency, whatever `units` says. */
  readonly priceCents: number | null;
  readonly description: string | null;
  /** ISO 4217. */
  readonly currency: string | null;
  /** Exact decimal text such as `2.5`, informational; `compareDecimals` compares two. */
  readonly units: string | null;
  readonly periodStartedAt: Date | null;
  readonly periodEndedAt: Date | null;
  /** Not subject to the marketplace's commission. */
  readonly thirdParty: boolean | null;
  readonly status: BillStatus | null;
}

export function toBill(record: unknown, origin: RecordOrigin): Bill {
  const reader = new EntityReader(record, origin);
  return Object.freeze({
    ...reader.common,
    groupId: reader.text('group_id'),
    priceCents: reader.integer('price_cents'),
    description: reader.text('description'),
    currency: reader.text('currency'),
    units: reader.decimal('units'),
    // The official ruby SDK's fixtures leave out `_at`.
    periodStartedAt: reader.date('period_started_at') ?? reader.date('period_start'),
    periodEndedAt: reader.date('period_ended_at') ?? reader.date('period_end'),
    thirdParty: reader.boolean('third_party'),
    status: reader.text('status'),
  });
}
