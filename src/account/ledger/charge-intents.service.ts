import { Injectable } from '@nestjs/common';

import { MaestranoStoreError } from '../../errors/store.error.js';
import { MaestranoStore } from '../../stores/maestrano-store.js';
import { storeKey } from '../../stores/store-key.js';
import { transactional } from '../../stores/transactional-store.js';
import { isRecord } from '../../utils/values.js';
import type { Payload } from '../fields.js';
import { contentOf, type LedgerScope } from './charge-ledger.service.js';

/** A charge that the application recorded in a transaction of its own, and that is to be made. */
export interface ChargeIntent {
  readonly key: string;
  /** What is sent. */
  readonly payload: Payload;
}

/**
 * Charges recorded in the application's own transactions: there when that committed, and gone when it did not. They stay
 * until the charge is made, and are found by the index of their marketplace and resource.
 */
@Injectable()
export class ChargeIntents {
  constructor(private readonly store: MaestranoStore) {}

  /**
   * Records a charge in a transaction; says whether the key is free, or stands for the same charge.
   *
   * @throws MaestranoStoreError `store.noTransactions` when the store is in no database of the application.
   */
  async record(scope: LedgerScope, { key, payload }: ChargeIntent, transaction: unknown): Promise<boolean> {
    const inside = transactional(this.store)?.within(transaction);
    if (!inside) throw new MaestranoStoreError('store.noTransactions');
    const value = textOf({ key, payload });
    const intent = {
      key: keyOf(scope, key),
      value,
      ttlMs: null,
      index: { name: indexOf(scope), at: Date.now() },
    };
    for (const expected of [null, value]) {
      // A write meets what is there by now; a read in MySQL only what was when the transaction began.
      const [wrote] = await inside.writeMany([{ ...intent, expected }]);
      if (wrote) return true;
    }
    const present = parse(await inside.get(keyOf(scope, key)));
    return present !== null && contentOf(present.payload).digest === contentOf(payload).digest;
  }

  /** Forgets an intent; with a payload only when that is what was recorded. Says whether there was one. */
  async remove(scope: LedgerScope, key: string, payload?: Payload): Promise<boolean> {
    const recorded = payload && textOf({ key, payload });
    return transactional(this.store) !== null && this.store.delete(keyOf(scope, key), recorded);
  }

  /** Some intents, newest first, and where the following ones begin. */
  async page(
    scope: LedgerScope,
    before: string | undefined,
    limit: number,
  ): Promise<{ readonly intents: readonly ChargeIntent[]; readonly next: string | null }> {
    const from = before === undefined ? { limit } : { before, limit };
    const { entries, next } = await this.store.page(indexOf(scope), from);
    return { intents: entries.map(({ value }) => parse(value)).filter((intent) => intent !== null), next };
  }
}

function keyOf(scope: LedgerScope, key: string): string {
  return storeKey('ledger-intent', scope.resource, scope.marketplace, key);
}

function indexOf(scope: LedgerScope): string {
  return storeKey('ledger-intents', scope.resource, scope.marketplace);
}

function textOf({ key, payload }: ChargeIntent): string {
  return JSON.stringify({ key, payload });
}

/** Null for text that is no intent of ours. */
function parse(stored: string | null): ChargeIntent | null {
  if (stored === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(stored);
  } catch {
    return null;
  }
  if (!isRecord(value) || typeof value.key !== 'string' || !isRecord(value.payload)) return null;
  return { key: value.key, payload: value.payload as Payload };
}
