import { createDiffieHellman, createHmac, hash } from 'node:crypto';

import { constantTimeEqual } from '../../utils/constant-time.js';
import type { OpenIdMessage } from './openid-message.js';

/** A key that a provider and we agreed upon, by which its responses are judged without asking it. */
export interface Association {
  /** What the provider calls it. */
  readonly handle: string;
  /** Of HMAC-SHA256, in base64. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** A request for an association, and what is made of the response to it. */
export interface AssociationRequest {
  readonly fields: Readonly<Record<string, string>>;
  /** @returns null for a response without a usable association. */
  readonly accept: (response: ReadonlyMap<string, string | null>, now: number) => Association | null;
}

/** The prime that OpenID 2.0 names for the exchange of keys (appendix B of its specification); its generator is 2. */
const PRIME =
  'dcf93a0b883972ec0e19989ac5a2ce310e1d37717e8d9571bb7623731866e61ef75a2e27898b057f9891c2e27a639c3f' +
  '29b60814581cd3b2ca3986d2683705577d45c2e7e52dc81c7a171876e5cea74b1448bfdfaf18828efd2519f14e45e382' +
  '6634af1949e5b535cc829a483b8a76223e5d490a257f05bdff16f2fb22c583ab';
const GENERATOR = 2;
const TYPE = 'HMAC-SHA256';
const KEY_BYTES = 32;
/** What the specification allows; it goes into every request. */
const HANDLE = /^[!-~]{1,255}$/;
/** A provider may say any number. */
const MAX_LIFETIME_S = 14 * 24 * 3_600;

/** The key comes as it is: only where the connection is encrypted. */
export function plainAssociation(): AssociationRequest {
  const session_type = 'no-encryption';
  return {
    fields: { mode: 'associate', assoc_type: TYPE, session_type },
    accept: (response, now) => associationOf(response, session_type, now, base64(response.get('mac_key'))),
  };
}

/** The key is agreed upon by Diffie-Hellman: who listens does not learn it. */
export function exchangedAssociation(): AssociationRequest {
  const session_type = 'DH-SHA256';
  const exchange = createDiffieHellman(PRIME, 'hex', GENERATOR);
  const dh_consumer_public = shortest(exchange.generateKeys()).toString('base64');
  return {
    fields: { mode: 'associate', assoc_type: TYPE, session_type, dh_consumer_public },
    accept(response, now) {
      const theirs = base64(response.get('dh_server_public'));
      const encrypted = base64(response.get('enc_mac_key'));
      if (theirs === null || encrypted === null) return null;
      try {
        const pad = hash('sha256', shortest(exchange.computeSecret(theirs)), 'buffer');
        const key = Buffer.from(encrypted.map((byte, index) => byte ^ (pad[index] ?? 0)));
        return associationOf(response, session_type, now, key);
      } catch {
        // A public key that is none, such as 0 or 1.
        return null;
      }
    },
  };
}

/** As it is kept with a login. */
export function writeAssociation({ handle, key, expiresAt }: Association): string {
  return JSON.stringify([handle, key, expiresAt]);
}

/** What {@link writeAssociation} wrote; null where there is none. */
export function readAssociation(text: string | undefined): Association | null {
  if (text === undefined) return null;
  const [handle, key, expiresAt] = JSON.parse(text) as [string, string, number];
  return { handle, key, expiresAt };
}

/** Whether the association's key signed these fields of the message. */
export function hasSigned({ key }: Association, message: OpenIdMessage, names: Iterable<string>): boolean {
  const mac = createHmac('sha256', Buffer.from(key, 'base64'));
  for (const name of names) mac.update(`${name}:${message.get(name) ?? ''}\n`);
  return constantTimeEqual(message.get('sig') ?? '', mac.digest('base64'));
}

function associationOf(
  response: ReadonlyMap<string, string | null>,
  sessionType: string,
  now: number,
  key: Buffer | null,
): Association | null {
  const handle = response.get('assoc_handle') ?? '';
  const seconds = Number(response.get('expires_in') ?? '');
  const fits =
    response.get('assoc_type') === TYPE &&
    response.get('session_type') === sessionType &&
    HANDLE.test(handle);
  if (!fits || key?.length !== KEY_BYTES || !Number.isSafeInteger(seconds) || seconds < 1) return null;
  const expiresAt = now + Math.min(seconds, MAX_LIFETIME_S) * 1_000;
  return { handle, key: key.toString('base64'), expiresAt };
}

/** A whole number as OpenID writes it: big-endian, as short as it can be, the first bit clear. */
function shortest(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const number = bytes.subarray(start);
  return (number[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), number]) : number;
}

function base64(text: string | null | undefined): Buffer | null {
  return text ? Buffer.from(text, 'base64') : null;
}
