import { createHash, createPublicKey, type KeyObject, timingSafeEqual, X509Certificate } from 'node:crypto';

import type {
  IdpCertificate,
  IdpFingerprint,
  MarketplaceSso,
} from '../../interfaces/marketplace.interface.js';
import type { CheckList } from '../login/check-list.js';
import { SIGNATURE_NS } from './saml-names.js';
import type { ResponseFacts } from './response-structure.js';
import { childrenNamed, descendants, isNamed, type XmlElement } from './xml-reader.js';

/** A certificate that a response may be verified with. */
export interface TrustAnchor {
  readonly pem: string;
  readonly key: KeyObject;
  /** Lower-case hex without separators. */
  readonly sha256: string;
}

const MAX_EMBEDDED_LENGTH = 16_384;
const MIN_BITS = 1_024;
/** Reading a key takes longer than verifying with it. */
const keys = new WeakMap<IdpCertificate, KeyObject>();

/**
 * The certificates that a response may be verified with (saml §2.4, §2.5): all configured ones, or, where only a
 * fingerprint is configured, the single embedded certificate whose digest matches it.
 *
 * @throws CheckFailed with `sso.certificate` or `sso.fingerprint`.
 */
export function trustAnchors(
  { root, signatures }: Pick<ResponseFacts, 'root' | 'signatures'>,
  sso: Pick<MarketplaceSso, 'certificates' | 'fingerprints'>,
  checks: CheckList,
): TrustAnchor[] {
  if (sso.certificates.length > 0) return configuredAnchors(sso.certificates, checks);
  const texts = embeddedCertificates(root);
  const [text] = texts;
  const embedded = text === undefined ? null : readCertificate(text);
  const placed = [signatures.response, signatures.assertion].flatMap(keyInfoCertificates);
  const usable = texts.length === 1 && placed.length === 1 && embedded !== null && isStrong(embedded);
  checks.require(
    'sso.certificate',
    sso.fingerprints.length > 0 && usable,
    'one embedded RSA certificate of 1024 bits, to compare with the configured fingerprint',
    sso.fingerprints.length === 0
      ? 'neither certificate nor fingerprint configured'
      : `${texts.length} embedded, ${placed.length} of them in the signature`,
  );
  const matches =
    embedded !== null && sso.fingerprints.some((fingerprint) => hasFingerprint(embedded, fingerprint));
  checks.require(
    'sso.fingerprint',
    matches,
    sso.fingerprints.map((fingerprint) => fingerprint.digest).join(' or '),
    embedded ? `sha1 ${digest(embedded, 'sha1').toString('hex')}, sha256 ${sha256(embedded)}` : 'none',
  );
  // The re-encoded certificate that was hashed, and no other, is what verifies.
  return embedded ? [{ pem: embedded.toString(), key: embedded.publicKey, sha256: sha256(embedded) }] : [];
}

/** SHA-256 of the first certificate inside a response, for explanations only; null without a readable one. */
export function embeddedFingerprint(root: XmlElement): string | null {
  const [text] = embeddedCertificates(root);
  const certificate = text === undefined ? null : readCertificate(text);
  return certificate && sha256(certificate);
}

function configuredAnchors(all: readonly IdpCertificate[], checks: CheckList): TrustAnchor[] {
  const strong = all.filter((certificate) => certificate.bits >= MIN_BITS);
  checks.require(
    'sso.certificate',
    strong.length > 0,
    'at least one, RSA of 1024 bits',
    `${strong.length} configured`,
  );
  return strong.map((certificate) => ({
    pem: certificate.pem,
    key: keyOf(certificate),
    sha256: certificate.sha256,
  }));
}

function keyOf(certificate: IdpCertificate): KeyObject {
  const known = keys.get(certificate);
  if (known) return known;
  const key = createPublicKey(certificate.pem);
  keys.set(certificate, key);
  return key;
}

/** The certificates at the one place in a signature where they belong. */
function keyInfoCertificates(signature: XmlElement | null): XmlElement[] {
  if (!signature) return [];
  return childrenNamed(signature, SIGNATURE_NS, 'KeyInfo')
    .flatMap((info) => childrenNamed(info, SIGNATURE_NS, 'X509Data'))
    .flatMap((data) => childrenNamed(data, SIGNATURE_NS, 'X509Certificate'));
}

function embeddedCertificates(root: XmlElement): string[] {
  return descendants(root)
    .filter((element) => isNamed(element, SIGNATURE_NS, 'X509Certificate'))
    .map((element) => element.text);
}

/** The known provider embeds base64 of PEM, others base64 of DER; both parse. */
function readCertificate(text: string): X509Certificate | null {
  if (text.length > MAX_EMBEDDED_LENGTH) return null;
  try {
    return new X509Certificate(Buffer.from(text, 'base64'));
  } catch {
    return null;
  }
}

function isStrong(certificate: X509Certificate): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_BITS;
}

function hasFingerprint(certificate: X509Certificate, fingerprint: IdpFingerprint): boolean {
  const expected = Buffer.from(fingerprint.digest, 'hex');
  const actual = digest(certificate, fingerprint.algorithm);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function digest(certificate: X509Certificate, algorithm: 'sha1' | 'sha256'): Buffer {
  return createHash(algorithm).update(certificate.raw).digest();
}

function sha256(certificate: X509Certificate): string {
  return digest(certificate, 'sha256').toString('hex');
}
