import type { MarketplaceSso } from '../../interfaces/marketplace.interface.js';
import type { EnvironmentPreset } from './environment-presets.js';
import type { ParameterReader } from './parameter-reader.js';
import { type CertificateCache, type IdpTrust, readTrust } from './trust-reader.js';

/** What the single sign-on section needs to know of the others. */
export interface SsoDefaults {
  readonly marketplace: string;
  readonly appHost: string;
  readonly apiHost: string;
  readonly preset: EnvironmentPreset | null;
}

const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';

/** Reads the `sso` section; what is wrong with it switches sign-on off and leaves the rest of the marketplace alone. */
export function readSso(
  reader: ParameterReader,
  defaults: SsoDefaults,
  cache: CertificateCache,
): MarketplaceSso {
  const wanted = reader.flag('sso.enabled', true);
  const slo = reader.flag('sso.slo_enabled', true);
  const protocol = reader.choice('sso.protocol', ['saml', 'openid'], 'saml');
  const creationMode = reader.choice('sso.creation_mode', ['real', 'virtual'], 'real');
  const idm = reader.host('sso.idm', defaults.appHost, true);
  const idp = reader.host('sso.idp', defaults.apiHost);
  const prefix = `/${reader.context.routePrefix}`;
  const suffix = encodeURIComponent(defaults.marketplace);
  const initPath = reader.path('sso.init_path', `${prefix}/auth/saml/init/${suffix}`);
  const consumePath = reader.path('sso.consume_path', `${prefix}/auth/saml/consume/${suffix}`);
  const trust = readTrust(reader, defaults.preset, cache);
  // Guessing one of these would send users, or trust answers, of the wrong kind.
  const understood = idm !== null && idp !== null && protocol !== null && creationMode !== null;
  const enabled =
    wanted === true && understood && (protocol === 'openid' || isTrustSufficient(reader, trust));
  return {
    enabled,
    sloEnabled: enabled && slo !== false,
    protocol: protocol ?? 'saml',
    creationMode: creationMode ?? 'real',
    idm: idm ?? defaults.appHost,
    initPath,
    consumePath,
    idp: idp ?? defaults.apiHost,
    nameIdFormat: reader.text('sso.name_id_format') ?? PERSISTENT,
    ...trust,
  };
}

function isTrustSufficient(reader: ParameterReader, trust: IdpTrust): boolean {
  if (trust.certificates.length > 0) return true;
  const remedy =
    'Add sso.x509_certificate, or sso.enabled: false when users do not sign in through this marketplace.';
  if (trust.fingerprints.length === 0) {
    reader.missing('sso.x509_certificate', 'logins cannot be verified and sign-on is off', remedy);
    return false;
  }
  reader.problems.report({
    code: 'configuration.fingerprintOnly',
    severity: 'warning',
    key: 'sso.x509_certificate',
    message: 'Only a fingerprint is there: logins must bring the certificate themselves.',
    remedy: 'Add sso.x509_certificate.',
  });
  return true;
}
