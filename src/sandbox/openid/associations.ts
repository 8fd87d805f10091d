import { Injectable } from '@nestjs/common';

import { createDiffieHellman, createHash, createHmac, randomBytes } from 'node:crypto';

/** The prime that OpenID 2.0 names for associations (appendix B of its specification). */
const DEFAULT_MODULUS =
  'dcf93a0b883972ec0e19989ac5a2ce310e1d37717e8d9571bb7623731866e61ef75a2e27898b057f9891c2e27a639c3f' +
  '29b60814581cd3b2ca3986d2683705577d45c2e7e52dc81c7a171876e5cea74b1448bfdfaf18828efd2519f14e45e382' +
  '6634af1949e5b535cc829a483b8a76223e5d490a257f05bdff16f2fb22c583ab';

const HASHES: Readonly<Record<string, { readonly hash: string; readonly bytes: number }>> = {
  'HMAC-SHA1': { hash: 'sha1', bytes: 20 },
  'HMAC-SHA256': { hash: 'sha256', bytes: 32 },
};

/** Lifetime that is given to consumers, seconds. */
const LIFETIME_SECONDS = 3_600;
const CAPACITY = 10_000;

interface Association {
  readonly hash: string;
  readonly secret: Buffer;
  /** Made for one response, which only the provider itself can confirm. */
  readonly isPrivate: boolean;
}

/** A whole number as OpenID writes it: big-endian, shortest, the first bit clear. */
function btwoc(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const shortest = bytes.subarray(start);
  return (shortest[0] as number) & 0x80 ? Buffer.concat([Buffer.from([0]), shortest]) : shortest;
}

/** Bytes of the longest prime that a consumer may bring. */
const MAX_PRIME_BYTES = 512;

function exchangeKeys(
  fields: OpenIdFields,
): { readonly publicKey: Buffer; readonly shared: Buffer } | 'unusable' {
  const modulus = fields.get('dh_modulus');
  const prime = modulus ? Buffer.from(modulus, 'base64') : Buffer.from(DEFAULT_MODULUS, 'hex');
  if (prime.length > MAX_PRIME_BYTES) return 'unusable';
  try {
    const diffieHellman = createDiffieHellman(prime, Buffer.from(fields.get('dh_gen') ?? 'Ag==', 'base64'));
    const publicKey = diffieHellman.generateKeys();
    const theirs = Buffer.from(fields.get('dh_consumer_public') ?? '', 'base64');
    return { publicKey, shared: diffieHellman.computeSecret(theirs) };
  } catch {
    return 'unusable';
  }
}

/** Fields of a message without `openid.`. */
export type OpenIdFields = ReadonlyMap<string, string>;

/** Secrets shared with consumers, and the private ones behind responses to be confirmed directly. */
@Injectable()
export class Associations {
  readonly #known = new Map<string, Association>();
  readonly #confirmed = new Set<string>();

  /** Whether a handle was given to a consumer, and its secret is still known. */
  isKnown(handle: string): boolean {
    return this.#known.get(handle)?.isPrivate === false;
  }

  /** Handles a request for an association; null for types that cannot be had, an `error` for no usable key exchange. */
  associate(fields: OpenIdFields): Record<string, string> | null {
    const type = fields.get('assoc_type') ?? '';
    const session = fields.get('session_type') ?? '';
    const kind = HASHES[type];
    if (!kind || (session !== 'no-encryption' && session !== type.replace('HMAC', 'DH'))) return null;
    const secret = randomBytes(kind.bytes);
    const exchange = session === 'no-encryption' ? null : exchangeKeys(fields);
    if (exchange === 'unusable') return { error: 'The key exchange cannot be carried out' };
    const handle = this.#remember({ hash: kind.hash, secret, isPrivate: false });
    const common = {
      assoc_handle: handle,
      assoc_type: type,
      session_type: session,
      expires_in: String(LIFETIME_SECONDS),
    };
    if (!exchange) return { ...common, mac_key: secret.toString('base64') };
    const pad = createHash(kind.hash).update(btwoc(exchange.shared)).digest();
    return {
      ...common,
      dh_server_public: btwoc(exchange.publicKey).toString('base64'),
      enc_mac_key: Buffer.from(secret.map((byte, index) => byte ^ (pad[index] as number))).toString('base64'),
    };
  }

  /** The handle to sign with: the consumer's own when it is known, else a private one. */
  handleFor(wanted: string | undefined): string {
    const known = wanted === undefined ? undefined : this.#known.get(wanted);
    if (wanted !== undefined && known && !known.isPrivate) return wanted;
    return this.#remember({ hash: 'sha256', secret: randomBytes(32), isPrivate: true });
  }

  /** Signs the fields that `signed` names. */
  sign(fields: OpenIdFields): string {
    const association = this.#known.get(fields.get('assoc_handle') ?? '');
    const text = (fields.get('signed') ?? '')
      .split(',')
      .map((name) => `${name}:${fields.get(name) ?? ''}\n`)
      .join('');
    return association ? createHmac(association.hash, association.secret).update(text).digest('base64') : '';
  }

  /** Whether a response is one of ours, made with a private secret and confirmed for the first time. */
  confirm(fields: OpenIdFields): boolean {
    const handle = fields.get('assoc_handle') ?? '';
    const isOurs = this.#known.get(handle)?.isPrivate === true && this.sign(fields) === fields.get('sig');
    const isFirst = !this.#confirmed.has(handle);
    if (isOurs) this.#confirmed.add(handle);
    return isOurs && isFirst;
  }

  #remember(association: Association): string {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= CAPACITY && oldest !== undefined) {
      this.#known.delete(oldest);
      this.#confirmed.delete(oldest);
    }
    const handle = randomBytes(12).toString('hex');
    this.#known.set(handle, association);
    return handle;
  }
}
