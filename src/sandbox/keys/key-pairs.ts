import { generateKeyPair, X509Certificate, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

import type { SandboxKeyPair } from '../state/records.js';
import { selfSignedCertificate } from './self-signed-certificate.js';

/** How a key pair is asked for. */
export interface KeyPairOptions {
  /** CN of the certificate. */
  readonly commonName: string;
  /** Defaults to 2049: a sandbox's certificate does not expire by itself. */
  readonly notAfter?: Date;
}

const NOT_BEFORE = new Date('2014-01-01T00:00:00Z');
const NOT_AFTER = new Date('2049-12-31T00:00:00Z');

const generate = promisify(generateKeyPair);
/** Keys of this process by number: making one costs some 100 ms, and a test run starts many sandboxes. */
const keys = new Map<number, Promise<KeyObject>>();

function privateKey(number: number): Promise<KeyObject> {
  let key = keys.get(number);
  if (!key) {
    key = generate('rsa', { modulusLength: 2048 }).then((pair) => pair.privateKey);
    keys.set(number, key);
  }
  return key;
}

/** Begins to make the keys of the first marketplaces, while the rest of a sandbox starts. */
export function warmUpKeys(): void {
  for (const number of [1, 2]) void privateKey(number);
}

/**
 * The process' RSA key of a number with a fresh certificate. Never a published key: each process makes its own
 * (protocol §1.5).
 */
export async function keyPair(number: number, options: KeyPairOptions): Promise<SandboxKeyPair> {
  const key = await privateKey(number);
  const certificate = selfSignedCertificate(key, {
    commonName: options.commonName,
    serial: number + 1,
    notBefore: NOT_BEFORE,
    notAfter: options.notAfter ?? NOT_AFTER,
  });
  return {
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate,
    fingerprint: new X509Certificate(certificate).fingerprint.toLowerCase(),
  };
}
