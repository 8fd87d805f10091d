import { CERTIFICATE_A, CERTIFICATE_B, CERTIFICATE_C } from './public-certificates.js';

/** What a preset supplies where the configuration is silent (protocol §1.4). Never ids or keys. */
export interface EnvironmentPreset {
  /** Also the identity provider, unless one is configured. */
  readonly apiHost: string;
  readonly connecHost: string;
  readonly connecBasePath: string;
  /** Seconds. */
  readonly connecTimeout: number;
  /** PEM of the identity provider's certificate. */
  readonly certificate: string;
}

const TEST: EnvironmentPreset = {
  apiHost: 'http://api-sandbox.maestrano.io',
  connecHost: 'http://api-sandbox.maestrano.io',
  connecBasePath: '/connec/api/v2',
  connecTimeout: 60,
  certificate: CERTIFICATE_A,
};

/** The emulator on this machine serves Connec! itself, unlike the host in Ruby's preset of this name. */
const LOCAL: EnvironmentPreset = {
  apiHost: 'http://localhost:3001',
  connecHost: 'http://localhost:3001',
  connecBasePath: '/connec/api/v2',
  connecTimeout: 60,
  certificate: CERTIFICATE_A,
};

const UAT: EnvironmentPreset = {
  apiHost: 'https://uat.maestrano.io',
  connecHost: 'https://api-connec-uat.maestrano.io',
  connecBasePath: '/api/v2',
  connecTimeout: 180,
  certificate: CERTIFICATE_B,
};

const PRODUCTION: EnvironmentPreset = {
  apiHost: 'https://maestrano.com',
  connecHost: 'https://api-connec.maestrano.com',
  connecBasePath: '/api/v2',
  connecTimeout: 180,
  certificate: CERTIFICATE_C,
};

const PRESETS: ReadonlyMap<string, EnvironmentPreset> = new Map([
  ['test', TEST],
  ['sandbox', TEST],
  ['local', LOCAL],
  ['uat', UAT],
  ['maestrano-uat', UAT],
  ['production', PRODUCTION],
  ['maestrano-production', PRODUCTION],
  ['production-sandbox', PRODUCTION],
]);

/** The preset named by the environment, else by the marketplace, in any case; null when neither is one. */
export function findPreset(environment: string | null, marketplace: string): EnvironmentPreset | null {
  return PRESETS.get(environment?.toLowerCase() ?? '') ?? PRESETS.get(marketplace.toLowerCase()) ?? null;
}
