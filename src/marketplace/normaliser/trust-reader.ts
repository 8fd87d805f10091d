import type { IdpCertificate, IdpFingerprint } from '../../interfaces/marketplace.interface.js';
import { type ParsedCertificates, parseCertificates } from './certificate-text.js';
import {
  type EnvironmentPreset,
  PUBLIC_KEY_CERTIFICATE_SHA1,
  PUBLIC_KEY_CERTIFICATE_SHA256,
} from './environment-presets.js';
import type { ParameterReader } from './parameter-reader.js';

/** Pairs of hex digits with one separator all along, or none. */
const REGULAR = /^[0-9a-f]{2}(?:(?<separator>[:\s-]?)[0-9a-f]{2})(?:\k<separator>[0-9a-f]{2})*$/i;

/** A fingerprint and whether it was written regularly. */
export interface ParsedFingerprint {
  readonly fingerprint: IdpFingerprint;
  /** False for something like `861e:2e:54…`, which has the right number of digits by accident (protocol §1.5). */
  readonly regular: boolean;
}

/** Reads a SHA-1 or SHA-256 fingerprint in any separation (saml §2.4); null when it is none. */
export function parseFingerprint(text: string): ParsedFingerprint | null {
  const digest = text
    .trim()
    .replace(/[:\s-]/g, '')
    .toLowerCase();
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(digest)) return null;
  return {
    fingerprint: { algorithm: digest.length === 40 ? 'sha1' : 'sha256', digest },
    regular: REGULAR.test(text.trim()),
  };
}

/** Each is tried on the short signed part of every response, whoever sent it (saml §2.4). */
export const MAX_CERTIFICATES = 50;

/** What logins are verified against. */
export interface IdpTrust {
  readonly certificates: readonly IdpCertificate[];
  /** Filled only where there is no certificate. */
  readonly fingerprints: readonly IdpFingerprint[];
}

/** Certificates that were parsed already; marketplaces of one hub share them. */
export type CertificateCache = Map<string, ParsedCertificates>;

/** Reads certificates and fingerprints (protocol §1.5); a certificate wins over a fingerprint. */
export function readTrust(
  reader: ParameterReader,
  preset: EnvironmentPreset | null,
  cache: CertificateCache,
): IdpTrust {
  const configured = readCertificates(reader, cache);
  const fingerprints = readFingerprints(reader);
  let certificates = configured;
  if (preset && !reader.has('sso.x509_certificate')) {
    // With a fingerprint of its own the marketplace gets the preset's certificate only if it is the one meant.
    const usual = parse(preset.certificate, cache).certificates;
    certificates = usual.filter(
      (item) => fingerprints.length === 0 || fingerprints.some((pin) => matches(pin, item)),
    );
  }
  reportMismatches(reader, certificates, fingerprints);
  if (certificates.length > MAX_CERTIFICATES) reportTooMany(reader, certificates.length);
  const trusted = [...certificates]
    .sort((a, b) => b.notBefore.getTime() - a.notBefore.getTime())
    .slice(0, MAX_CERTIFICATES)
    .filter((certificate) => isTrustworthy(reader, 'sso.x509_certificate', certificate.sha256));
  const pins = certificates.length > 0 ? [] : fingerprints;
  return {
    certificates: trusted,
    fingerprints: pins.filter((pin) => isTrustworthy(reader, 'sso.x509_fingerprint', pin.digest)),
  };
}

function parse(text: string, cache: CertificateCache): ParsedCertificates {
  const parsed = cache.get(text) ?? parseCertificates(text);
  cache.set(text, parsed);
  return parsed;
}

function readCertificates(reader: ParameterReader, cache: CertificateCache): IdpCertificate[] {
  const found = new Map<string, IdpCertificate>();
  for (const text of reader.texts('sso.x509_certificate')) {
    const { certificates, failures } = parse(text, cache);
    for (const certificate of certificates) found.set(certificate.sha256, certificate);
    for (const failure of failures) {
      reader.problems.report({
        code: 'configuration.certificate',
        key: 'sso.x509_certificate',
        found: text,
        message: `The certificate is unusable. ${failure}`,
        remedy: "Copy the whole certificate from the marketplace's page, from BEGIN to END.",
      });
    }
  }
  const certificates = [...found.values()];
  for (const { bits, sha256 } of certificates) {
    if (bits >= 2048) continue;
    reader.problems.report({
      code: 'configuration.certificateWeak',
      severity: 'warning',
      key: 'sso.x509_certificate',
      message: `The certificate ${sha256.slice(0, 16)}… has an RSA key of ${bits} bits only.`,
      remedy: 'Ask the marketplace for a certificate with 2048 bits.',
    });
  }
  return certificates;
}

function readFingerprints(reader: ParameterReader): IdpFingerprint[] {
  const found = new Map<string, IdpFingerprint>();
  for (const text of reader.texts('sso.x509_fingerprint')) {
    const parsed = parseFingerprint(text);
    if (parsed) found.set(parsed.fingerprint.digest, parsed.fingerprint);
    if (!parsed?.regular) reportMalformed(reader, text, parsed);
  }
  return [...found.values()];
}

function reportMalformed(reader: ParameterReader, text: string, parsed: ParsedFingerprint | null): void {
  reader.problems.report({
    code: 'configuration.fingerprint',
    severity: 'warning',
    key: 'sso.x509_fingerprint',
    found: text,
    message: parsed
      ? 'The fingerprint is written irregularly, so a digit may be lost.'
      : 'The fingerprint is ignored: it does not have 40 or 64 hex digits.',
    remedy: 'Compute it from the certificate, or configure the certificate alone.',
  });
}

function matches(pin: IdpFingerprint, certificate: IdpCertificate): boolean {
  return certificate[pin.algorithm] === pin.digest;
}

function reportMismatches(
  reader: ParameterReader,
  certificates: readonly IdpCertificate[],
  fingerprints: readonly IdpFingerprint[],
): void {
  if (certificates.length === 0) return;
  for (const pin of fingerprints) {
    if (certificates.some((certificate) => matches(pin, certificate))) continue;
    reader.problems.report({
      code: 'configuration.fingerprint',
      severity: 'warning',
      key: 'sso.x509_fingerprint',
      found: pin.digest,
      message: 'The fingerprint belongs to none of the certificates; the certificates count.',
      remedy: 'Correct the fingerprint or leave it out.',
    });
  }
}

function reportTooMany(reader: ParameterReader, count: number): void {
  reader.problems.report({
    code: 'configuration.certificate',
    severity: 'warning',
    key: 'sso.x509_certificate',
    message: `Of ${count} certificates only the newest ${MAX_CERTIFICATES} are used.`,
    remedy: 'Remove the certificates of past rotations.',
  });
}

/** Rejects the certificate whose private key is public where customers are served, and warns elsewhere. */
function isTrustworthy(
  reader: ParameterReader,
  key: 'sso.x509_certificate' | 'sso.x509_fingerprint',
  digest: string,
): boolean {
  if (digest !== PUBLIC_KEY_CERTIFICATE_SHA256 && digest !== PUBLIC_KEY_CERTIFICATE_SHA1) return true;
  const { production } = reader.context;
  reader.problems.report({
    code: 'configuration.publicKeyCertificate',
    severity: production ? 'error' : 'warning',
    key,
    message: `The private key of this certificate is public, so anybody can forge logins${production ? ': it is rejected in production' : ''}.`,
    remedy: 'Use it with a sandbox only; in production configure the certificate of the marketplace.',
  });
  return !production;
}
