import { CreationInProgressError, InvalidRequestError } from '../../errors/account.error.js';
import type { AccountErrorDetails } from '../../errors/account.error.js';
import type { ChargeLedger, LedgerScope } from './charge-ledger.service.js';

/** Longest that a settlement holds and waits for the lock; milliseconds. */
const LOCK_MS = 30_000;

/**
 * Records what a human found out about an undecided key: the charge that it stands for, or null when nothing was
 * made, so that the next `createOnce` sends it.
 *
 * @throws InvalidRequestError (`account.invalidInput`) when the key is not undecided.
 * @throws CreationInProgressError when the key is being worked on.
 */
export async function settleCharge(
  ledger: ChargeLedger,
  scope: LedgerScope,
  details: AccountErrorDetails,
  key: string,
  chargeId: string | null,
  rememberMs: number,
): Promise<void> {
  const record = await ledger.readKey(scope, key);
  if (record?.state !== 'open') {
    throw new InvalidRequestError('account.invalidInput', 'no undecided charge has this key.', {
      ...details,
      fields: { key: ['is not undecided'] },
    });
  }
  const done = await ledger.exclusively(scope, record, { heldMs: LOCK_MS, waitMs: LOCK_MS }, async () => {
    const content = await ledger.readContent(scope, record);
    if (chargeId === null) await ledger.forgetKey(scope, key);
    else await ledger.finishKey(scope, key, record.digest, chargeId, rememberMs);
    if (!content) return true;
    const known = chargeId === null ? content.known : [...content.known, chargeId];
    const open = content.open.filter((other) => other !== key);
    await ledger.writeContent(scope, record, { ...content, known, open }, rememberMs);
    return true;
  });
  if (done) return;
  throw new CreationInProgressError(
    'account.inProgress',
    'the charge is being created at this moment.',
    details,
  );
}
