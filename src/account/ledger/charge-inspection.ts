import { type AccountErrorFacts, MaestranoInvalidRequestError } from '../../errors/account.error.js';
import type { AccountEntity, Fields, Payload, PayloadValue } from '../fields.js';
import { type ChargeLedger, type LedgerScope, maybeOf, monotonicNow } from './charge-ledger.service.js';

/** A value that was sent, beside the one that a charge has. */
export interface ComparedValue {
  /** Name in records and bodies of requests: `price_cents`. */
  readonly column: string;
  readonly sent: PayloadValue;
  /** As the marketplace lists it; undefined where it lists no such field. */
  readonly found: unknown;
  /** Whether the found value may have been made of the sent one. */
  readonly isSame: boolean;
}

/** A charge at the marketplace that an undecided key may stand for. */
export interface ChargeCandidate<T extends AccountEntity> {
  readonly charge: T;
  /** Whether it was not there before anything was sent, and belongs to no other key: only such a one can be it. */
  readonly isNew: boolean;
  readonly values: readonly ComparedValue[];
}

/** What can be known of an undecided key. */
export interface ChargeInspection<T extends AccountEntity> {
  readonly key: string;
  readonly groupId: string;
  /** What was sent, or may have been; null where the record does not hold it. */
  readonly payload: Payload | null;
  /** Milliseconds until no request of the key can arrive any more; 0 when none can. */
  readonly arrivesWithinMs: number;
  /** The group's charges of this price, those that fit best first. */
  readonly candidates: readonly ChargeCandidate<T>[];
}

/** What an inspection needs of the collection. */
export interface InspectionTask<T extends AccountEntity> {
  readonly key: string;
  readonly scope: LedgerScope;
  readonly context: AccountErrorFacts;
  readonly fields: Fields;
  /** The group's charges of a price. */
  listOfPrice(groupId: string, priceCents: string): Promise<readonly T[]>;
}

/**
 * Looks at an undecided key beside what the marketplace lists, and changes nothing.
 *
 * @throws MaestranoInvalidRequestError (`account.invalidInput`) when the key is not undecided.
 */
export async function inspectOnce<T extends AccountEntity>(
  ledger: ChargeLedger,
  task: InspectionTask<T>,
): Promise<ChargeInspection<T>> {
  const { key, scope, context, fields } = task;
  const record = await ledger.readKey(scope, key);
  if (record?.state !== 'open') {
    throw new MaestranoInvalidRequestError('account.invalidInput', {
      message: 'no undecided charge has this key.',
      ...context,
      fields: { key: ['is not undecided'] },
    });
  }
  const { groupId, priceCents, payload } = record;
  const charges = await ledger.readCharges(scope, record);
  const maybe = maybeOf(charges, key);
  const candidates = (await task.listOfPrice(groupId, priceCents)).map((charge) => ({
    charge,
    isNew: maybe(charge.id),
    values: compare(fields, payload, charge),
  }));
  return {
    key,
    groupId,
    payload,
    arrivesWithinMs: Math.max(0, Math.ceil(charges.settledAt - monotonicNow())),
    candidates: candidates.toSorted((one, other) => fitOf(other) - fitOf(one)),
  };
}

function compare(fields: Fields, payload: Payload | null, { raw }: AccountEntity): readonly ComparedValue[] {
  return Object.values(fields).flatMap(({ column, type }) => {
    const sent = payload?.[column];
    if (sent === undefined) return [];
    const found = raw[column];
    const isSame = found !== undefined && found !== null && type.mayBe(sent, found);
    return [{ column, sent, found, isSame }];
  });
}

function fitOf({ isNew, values }: Pick<ChargeCandidate<AccountEntity>, 'isNew' | 'values'>): number {
  return (isNew ? 100 : 0) + values.filter(({ isSame }) => isSame).length;
}
