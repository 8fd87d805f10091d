import type { SsoLimits, SsoOptions, SsoPolicyOptions } from '../../interfaces/sso-options.interface.js';

/** A {@link SsoPolicyOptions} with nothing left open. */
export type SsoPolicy = Required<Omit<SsoPolicyOptions, 'limits'>> & {
  readonly limits: Required<SsoLimits>;
};

const MINUTE = 60_000;

/** What holds where nothing is configured. */
export const DEFAULT_SSO_POLICY: SsoPolicy = {
  acceptedClockSkewMs: MINUTE,
  maxAssertionAgeMs: 15 * MINUTE,
  maxAuthenticationAgeMs: 14 * 24 * 60 * MINUTE,
  requestTtlMs: 15 * MINUTE,
  audience: 'default',
  issuer: 'default',
  algorithms: ['sha1', 'sha256', 'sha512'],
  signature: 'assertion',
  binding: 'prefer',
  nameIdMustMatchUid: true,
  limits: {
    responseLength: 131_072,
    references: 2_000,
    elements: 300,
    depth: 20,
    xmlAttributes: 24,
    attributes: 120,
    valueLength: 32_768,
  },
};

/** Policies by the options they come from, and by the settings of their own that marketplaces have. */
const resolved = new WeakMap<SsoOptions, Map<SsoPolicyOptions | undefined, SsoPolicy>>();

/**
 * The policy for one marketplace: its own settings, then those of the registration, then the defaults. Put together
 * once, as every login asks for it several times.
 */
export function resolveSsoPolicy(options: SsoOptions | undefined, marketplace: string): SsoPolicy {
  if (!options) return DEFAULT_SSO_POLICY;
  const own = options.perMarketplace?.[marketplace];
  const known = resolved.get(options)?.get(own);
  if (known) return known;
  const policies = resolved.get(options) ?? new Map<SsoPolicyOptions | undefined, SsoPolicy>();
  const policy = resolve(options, own);
  resolved.set(options, policies.set(own, policy));
  return policy;
}

function resolve(options: SsoOptions, own: SsoPolicyOptions | undefined): SsoPolicy {
  return {
    ...DEFAULT_SSO_POLICY,
    ...defined(options),
    ...defined(own),
    limits: { ...DEFAULT_SSO_POLICY.limits, ...defined(options.limits), ...defined(own?.limits) },
  };
}

function defined<T extends object>(value: T | undefined): Partial<T> {
  if (!value) return {};
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}
