import type { IdpFingerprint } from '../../interfaces/marketplace.interface.js';

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
