import { X509Certificate } from 'node:crypto';

import type { IdpCertificate } from '../../interfaces/marketplace.interface.js';

/** More text than any list of certificates holds is not looked at. */
const MAX_LENGTH = 32 * 1024;
const MIN_BITS = 1024;
const BLOCK =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([\s\S]*?)-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** What one configured text holds. */
export interface ParsedCertificates {
  readonly certificates: readonly IdpCertificate[];
  /** Why a part of it is unusable, one sentence a part. */
  readonly failures: readonly string[];
}

/**
 * Reads certificates in every spelling seen (protocol §1.5, saml §2.4): PEM, several PEM blocks in one
 * text, one line, literal `\n`, without armour, CRLF, indented, with a prologue, and base64 of any of these.
 */
export function parseCertificates(text: string): ParsedCertificates {
  const certificates: IdpCertificate[] = [];
  const failures: string[] = [];
  for (const body of bodies(text, true)) {
    const parsed = parseBody(body);
    if (typeof parsed === 'string') failures.push(parsed);
    else certificates.push(parsed);
  }
  return { certificates, failures };
}

/** The base64 bodies in a text, without blanks. */
function bodies(text: string, unwrap: boolean): string[] {
  if (text.length > MAX_LENGTH) return [''];
  const plain = text.replace(/\\r/g, '').replace(/\\n/g, '\n');
  const blocks = [...plain.matchAll(BLOCK)].map((match) => match[1] ?? '');
  const found = (blocks.length > 0 ? blocks : [plain]).map((body) => body.replace(/\s+/g, ''));
  const [only = ''] = found;
  if (unwrap && blocks.length === 0 && only.startsWith('LS0tLS1CRUdJTi')) {
    return bodies(Buffer.from(only, 'base64').toString('latin1'), false);
  }
  return found;
}

function parseBody(body: string): IdpCertificate | string {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body)) return 'It is not base64.';
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(Buffer.from(body, 'base64'));
  } catch {
    return 'It does not parse as a certificate.';
  }
  const key = certificate.publicKey;
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa') return 'Its key is not RSA.';
  if (bits < MIN_BITS) return `Its RSA key has ${bits} bits, fewer than ${MIN_BITS}.`;
  return {
    pem: toPem(certificate.raw),
    sha1: hex(certificate.fingerprint),
    sha256: hex(certificate.fingerprint256),
    subject: certificate.subject.replace(/\n/g, ', '),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    bits,
  };
}

function hex(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}

/** PEM with 64 columns, from the bytes that were parsed and not from the text they came in. */
function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
