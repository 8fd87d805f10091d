import { createHash, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';

import type { IdpCertificate } from '../../../src/interfaces/marketplace.interface.js';
import { selfSignedCertificate } from '../../../src/sandbox/keys/self-signed-certificate.js';

/** A signing key with its certificate, as an identity provider holds it. */
export interface TestKey {
  readonly privateKey: KeyObject;
  readonly certificate: IdpCertificate;
  /** Base64 of the DER certificate, as responses embed it. */
  readonly embedded: string;
}

/** The certificate of a PEM in the form that a marketplace snapshot holds. */
export function idpCertificate(pem: string): IdpCertificate {
  const certificate = new X509Certificate(pem);
  const digest = (algorithm: string) => createHash(algorithm).update(certificate.raw).digest('hex');
  return {
    pem: certificate.toString(),
    sha1: digest('sha1'),
    sha256: digest('sha256'),
    subject: certificate.subject,
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    bits: certificate.publicKey.asymmetricKeyDetails?.modulusLength ?? 0,
  };
}

function makeKey(commonName: string, bits: number): TestKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const pem = selfSignedCertificate(privateKey, {
    commonName,
    serial: bits,
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2049-01-01T00:00:00Z'),
  });
  const certificate = idpCertificate(pem);
  return { privateKey, certificate, embedded: new X509Certificate(pem).raw.toString('base64') };
}

const made = new Map<string, TestKey>();

/** A key by name, made once a process: `provider`, `next` and others, or `old` with 1024 and `tiny` with 512 bits. */
export function testKey(
  name: 'provider' | 'next' | 'attacker' | 'old' | 'tiny' | 'second' | 'third' | 'fourth',
): TestKey {
  const bits = name === 'tiny' ? 512 : name === 'old' ? 1024 : 2048;
  const key = made.get(name) ?? makeKey(`${name} key of the tests`, bits);
  made.set(name, key);
  return key;
}
