import { hkdfSync, randomBytes } from 'node:crypto';

import type { Secret } from './secret.js';

/**
 * A key for one purpose from each secret, newest first; a random one, which ends with the process, where there is none.
 *
 * @param purpose keeps the keys of different purposes apart; it never changes.
 */
export function deriveKeys(
  secrets: readonly Secret[] | null,
  purpose: string,
): readonly [Buffer, ...Buffer[]] {
  const [first, ...others] = (secrets ?? []).map((secret) =>
    Buffer.from(hkdfSync('sha256', secret.reveal(), '', purpose, 32)),
  );
  return [first ?? randomBytes(32), ...others];
}
