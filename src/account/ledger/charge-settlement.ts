import {
  type AccountErrorFacts,
  MaestranoCreationError,
  MaestranoInvalidRequestError,
} from '../../errors/account.error.js';
import { type ChargeLedger, ignoreConflict, type LedgerScope, maybeOf } from './charge-ledger.service.js';

/** Longest that a settlement holds and waits for the lock; milliseconds. */
const LOCK_MS = 30_000;

/** What a human found out about an undecided key. */
export interface ChargeSettlement {
  readonly key: string;
  /** The charge that the key stands for; null when none was made, so that the next `createOnce` sends it. */
  readonly chargeId: string | null;
  readonly scope: LedgerScope;
  readonly context: AccountErrorFacts;
}

/**
 * Records what became of an undecided key.
 *
 * @throws MaestranoInvalidRequestError (`account.invalidInput`) when the key is not undecided, or the charge not its own.
 * @throws MaestranoCreationError `account.inProgress` when the key is being worked on.
 */
export async function settleOnce(
  ledger: ChargeLedger,
  { rememberMs }: { readonly rememberMs: number },
  { key, chargeId, scope, context }: ChargeSettlement,
): Promise<void> {
  const record = await ledger.readKey(scope, key);
  if (record?.state !== 'open') {
    throw new MaestranoInvalidRequestError('account.invalidInput', {
      message: 'no undecided charge has this key.',
      ...context,
      fields: { key: ['is not undecided'] },
    });
  }
  const times = { heldMs: LOCK_MS, waitMs: LOCK_MS };
  const done = await ledger.exclusively(scope, record, times, async () => {
    const charges = await ledger.readCharges(scope, record);
    if (chargeId !== null && !maybeOf(charges, key)(chargeId)) {
      throw new MaestranoInvalidRequestError('account.invalidInput', {
        message: 'the charge cannot be that of the key.',
        remedy: 'Look at the candidates that are new, with inspectOnce.',
        ...context,
        fields: { chargeId: ['was there before anything was sent, or belongs to another key'] },
      });
    }
    if (chargeId === null) await ledger.forgetKey(scope, key, record);
    else await ledger.finishKey(scope, key, { digest: record.digest, from: record, chargeId }, rememberMs);
    const known = charges.known && chargeId !== null ? [...charges.known, chargeId] : charges.known;
    const open = charges.open.filter((other) => other.key !== key);
    await ledger
      .writeCharges(scope, record, charges, { ...charges, known, open }, rememberMs)
      .catch(ignoreConflict);
    return true;
  });
  if (done) return;
  throw new MaestranoCreationError('account.inProgress', {
    message: 'the charge is being created at this moment.',
    ...context,
  });
}
