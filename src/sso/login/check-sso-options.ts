import { ConfigurationError } from '../../errors/configuration.error.js';
import type { SsoOptions, SsoPolicyOptions } from '../../interfaces/sso-options.interface.js';

const ALGORITHMS: readonly unknown[] = ['sha1', 'sha256', 'sha512'];
const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  signature: ['assertion', 'response', 'either'],
  binding: ['require', 'prefer', 'off'],
  nameIdMustMatchUid: [true, false],
};
/** Options in milliseconds, with the least that makes sense: a negative skew would switch node-saml's checks off. */
const DURATIONS = {
  acceptedClockSkewMs: 0,
  maxAssertionAgeMs: 1_000,
  maxAuthenticationAgeMs: 1_000,
  requestTtlMs: 1_000,
} as const;

/**
 * Refuses settings that would weaken a check without saying so.
 *
 * @throws ConfigurationError naming every wrong option.
 */
export function checkSsoOptions(sso: SsoOptions | undefined): void {
  if (!sso) return;
  const wrong = [
    ...wrongSettings(sso, 'sso'),
    ...Object.entries(sso.perMarketplace ?? {}).flatMap(([name, policy]) =>
      wrongSettings(policy, `sso.perMarketplace.${name}`),
    ),
  ];
  if (wrong.length === 0) return;
  throw new ConfigurationError('configuration.options', {
    message: `Unusable sign-on options: ${wrong.join('; ')}.`,
    remedy: 'Leave an option out for its default.',
  });
}

function wrongSettings(policy: SsoPolicyOptions, path: string): string[] {
  const wrong: string[] = [];
  const settings: Readonly<Record<string, unknown>> = { ...policy };
  for (const [name, least] of Object.entries(DURATIONS)) {
    if (!isNumber(settings[name], least))
      wrong.push(`${path}.${name} must be milliseconds, at least ${least}`);
  }
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = settings[name];
    if (value !== undefined && !choices.includes(value))
      wrong.push(`${path}.${name} must be ${choices.join(' or ')}`);
  }
  for (const [name, value] of Object.entries(policy.limits ?? {})) {
    if (!isNumber(value, 1)) wrong.push(`${path}.limits.${name} must be a number, at least 1`);
  }
  const { algorithms } = policy;
  if (algorithms && (algorithms.length === 0 || !algorithms.every((name) => ALGORITHMS.includes(name)))) {
    wrong.push(`${path}.algorithms must name some of ${ALGORITHMS.join(', ')}`);
  }
  for (const name of ['audience', 'issuer'] as const) {
    if (!isPolicyOrList(policy[name]))
      wrong.push(`${path}.${name} must be 'default', 'off' or a list of texts`);
  }
  return wrong;
}

function isNumber(value: unknown, least: number): boolean {
  return value === undefined || (typeof value === 'number' && Number.isFinite(value) && value >= least);
}

function isPolicyOrList(value: unknown): boolean {
  if (value === undefined || value === 'default' || value === 'off') return true;
  return (
    Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && item !== '')
  );
}
