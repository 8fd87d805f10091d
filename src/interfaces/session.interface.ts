import type { Secret } from '../utils/secret.js';

/** A person signed in through a marketplace (protocol §4.11). */
export interface MaestranoSessionData {
  readonly marketplace: string;
  /** Real uid (`usr-…`), whatever the creation mode. */
  readonly userUid: string;
  /** The identifier the application stored: masked by the creation mode. */
  readonly maskedUserUid: string;
  readonly groupUid: string;
  /** Token of the marketplace's session; sent only to its session check. */
  readonly token: Secret;
  /** When the marketplace must be asked again. */
  readonly recheckAt: Date;
  /** When this login happened; sessions older than a removal are closed. */
  readonly signedInAt: Date;
  /** When the person's session at the identity provider ends, and this one with it; null when it did not say. */
  readonly endsAt: Date | null;
}
