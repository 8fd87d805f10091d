import type { ConfigurationProblem } from '../errors/configuration.error.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';

/** How long before its end a certificate is warned of. */
const WARNING_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate that has expired or is about to. */
export interface ExpiringCertificate {
  readonly marketplace: string;
  readonly sha256: string;
  readonly subject: string;
  readonly notAfter: Date;
  /** Full days left; negative when it has expired. */
  readonly daysLeft: number;
}

/**
 * The certificates that end within 30 days. Marketplaces pin keys and their identity providers go on signing with
 * them, so an expired one still works; it is a sign that the marketplace is about to change it.
 */
export function findExpiringCertificates(
  marketplaces: Iterable<Marketplace>,
  now: number = Date.now(),
): ExpiringCertificate[] {
  const expiring: ExpiringCertificate[] = [];
  for (const { name, sso } of marketplaces) {
    for (const { sha256, subject, notAfter } of sso.certificates) {
      const daysLeft = Math.floor((notAfter.getTime() - now) / DAY_MS);
      if (daysLeft < WARNING_DAYS) expiring.push({ marketplace: name, sha256, subject, notAfter, daysLeft });
    }
  }
  return expiring;
}

/** The same as warnings. */
export function describeExpiry(certificate: ExpiringCertificate): ConfigurationProblem {
  const { marketplace, sha256, notAfter, daysLeft } = certificate;
  const when = `${daysLeft < 0 ? 'expired' : 'expires'} on ${notAfter.toISOString().slice(0, 10)}`;
  return {
    code: 'configuration.certificateExpiry',
    severity: 'warning',
    marketplace,
    key: 'sso.x509_certificate',
    found: null,
    message: `The certificate ${sha256.slice(0, 16)}… ${when}.`,
    remedy: 'Configure the new certificate beside it before the marketplace changes over.',
  };
}
