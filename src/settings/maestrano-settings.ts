import type { AccountOptions, CreateOnceOptions } from '../interfaces/account-options.interface.js';
import type {
  ConnecClientOptions,
  ConnecNotificationOptions,
  ConnecOptions,
} from '../interfaces/connec-options.interface.js';
import type { HttpBreakerOptions, HttpHooks, HttpOptions } from '../interfaces/http-options.interface.js';
import type {
  MarketplaceOptions,
  MarketplaceRefreshOptions,
} from '../interfaces/marketplace-options.interface.js';
import type { SessionOptions } from '../interfaces/session-options.interface.js';
import type { SsoLimits, SsoOptions, SsoPolicyOptions } from '../interfaces/sso-options.interface.js';
import type { LockoutOptions, WebhooksOptions } from '../interfaces/webhooks-options.interface.js';
import { Secret } from '../utils/secret.js';
import { developerPlatform } from './developer-platform-settings.js';
import { bytes, count, milliseconds } from './number-rule.js';
import { type ReadingContext, readOptions, type SettingOf } from './option-reader.js';
import { PAGES, type PagesSettings } from './pages-rule.js';
import {
  callback,
  choice,
  choiceOrList,
  type Complaint,
  flag,
  group,
  instance,
  list,
  mapped,
  namedGroups,
  nullable,
  oneOrMore,
  readElsewhere,
  type RulesFor,
  switchable,
  text,
  textOrCallback,
} from './rules.js';

/*
 * Every option with its bounds and its default, which stands nowhere else. The types of the settings follow from the
 * rules, and each group has a rule for every member of its interface, or it does not compile.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Where a duration only ends up in a time to live and in comparisons, not in a timer. */
const LONG = { most: 10_000 * DAY };
const MEGABYTE = 1_024 * 1_024;

const HTTP = group({
  timeoutMs: milliseconds(15 * SECOND),
  deadlineMs: milliseconds(45 * SECOND),
  attempts: count(3),
  backoffMs: milliseconds(200),
  maxRetryAfterMs: milliseconds(10 * SECOND, { least: 0 }),
  maxConcurrent: count(64),
  maxQueued: count(1_000, { least: 0 }),
  breaker: switchable(
    group({
      failures: count(10),
      openForMs: milliseconds(10 * SECOND),
    } satisfies RulesFor<HttpBreakerOptions>),
    'on',
  ),
  ca: oneOrMore(text('', { takes: 'a certificate in PEM', concealed: true, check: noCertificate })),
  configure: callback<NonNullable<HttpOptions['configure']>>(),
  onAttempt: callback<NonNullable<HttpHooks['onAttempt']>>(),
  onOutcome: callback<NonNullable<HttpHooks['onOutcome']>>(),
} satisfies RulesFor<HttpOptions>);

/** The first seals, all open; null where there is none. */
const SECRETS = mapped(
  oneOrMore(text('', { takes: 'a secret of 32 characters or more', concealed: true, check: shortSecret })),
  (secrets) => secrets && Object.freeze(secrets.map((secret) => new Secret(secret))),
);

const SESSION = group({
  secret: SECRETS,
  storage: choice(['auto', 'request', 'cookie'], 'auto'),
  maxAgeMs: milliseconds(12 * HOUR, { least: SECOND, most: 366 * DAY }),
  graceMs: milliseconds(5 * MINUTE, { least: 0, most: 366 * DAY }),
  recheckTimeoutMs: milliseconds(2 * SECOND),
  saveTimeoutMs: milliseconds(5 * SECOND),
  marketplaceOf: callback<NonNullable<SessionOptions['marketplaceOf']>>(),
  guard: choice(['required', 'optional'], 'required'),
  signInUrl: text(null, { takes: 'a path or a URL', check: noAddress }),
} satisfies RulesFor<SessionOptions>);

/** A negative skew would switch checks of node-saml off. */
const POLICY = {
  acceptedClockSkewMs: milliseconds(MINUTE, { least: 0, ...LONG }),
  maxAssertionAgeMs: milliseconds(15 * MINUTE, { least: SECOND, ...LONG }),
  maxAuthenticationAgeMs: milliseconds(14 * DAY, { least: SECOND, ...LONG }),
  requestTtlMs: milliseconds(15 * MINUTE, { least: SECOND, ...LONG }),
  audience: choiceOrList(['default', 'off'], 'default'),
  issuer: choiceOrList(['default', 'off'], 'default'),
  algorithms: list(choice(['sha1', 'sha256', 'sha512'], 'sha256'), ['sha1', 'sha256', 'sha512'], {
    least: 1,
  }),
  signature: choice(['assertion', 'response', 'either'], 'assertion'),
  binding: choice(['require', 'prefer', 'off'], 'prefer'),
  nameIdMustMatchUid: flag(true),
  limits: group({
    responseLength: count(131_072),
    references: count(2_000),
    elements: count(300),
    depth: count(20),
    xmlAttributes: count(24),
    attributes: count(120),
    valueLength: count(32_768),
  } satisfies RulesFor<SsoLimits>),
} satisfies RulesFor<SsoPolicyOptions>;

const SSO = group({
  ...POLICY,
  returnToOrigins: list(
    mapped(text('', { takes: 'an origin such as https://admin.example.com', check: noOrigin }), originOf),
    [],
  ),
  homeUrl: text('/', { takes: 'a path or a URL', check: noAddress }),
  deniedUrl: textOrCallback<Extract<SsoOptions['deniedUrl'], (...denial: never[]) => unknown>>({
    takes: 'a path or a URL',
    check: noAddress,
  }),
  passParameters: list(text(''), []),
  // Last: the policies of marketplaces inherit from what is read above.
  perMarketplace: namedGroups(group(POLICY)),
} satisfies RulesFor<SsoOptions>);

const WEBHOOKS = group({
  bodyLimit: bytes(5 * MEGABYTE),
  lockout: switchable(
    group({
      failures: count(20),
      windowMs: milliseconds(MINUTE, LONG),
      lockMs: milliseconds(5 * MINUTE, LONG),
      maxEntries: count(10_000),
    } satisfies RulesFor<LockoutOptions>),
    'off',
  ),
} satisfies RulesFor<WebhooksOptions>);

const ACCOUNT = group({
  maxResponseBytes: bytes(5_000_000),
  createOnce: group({
    settleMs: milliseconds(75 * SECOND, { least: 0 }),
    deadlineMs: milliseconds(120 * SECOND),
    rememberMs: milliseconds(400 * DAY, LONG),
  } satisfies RulesFor<CreateOnceOptions>),
} satisfies RulesFor<AccountOptions>);

const CONNEC = group({
  client: group({
    externalIds: flag(false),
    countryFormat: nullable(text('alpha2')),
    timeoutMs: milliseconds(null),
    pageConcurrency: count(4, { most: 16 }),
    maxResponseBytes: bytes(20 * MEGABYTE),
  } satisfies RulesFor<ConnecClientOptions>),
  notifications: group({
    acknowledge: choice(['whenHandled', 'always'], 'whenHandled'),
    maxEntities: count(1_000),
    maxDepth: count(32, { most: 1_000 }),
    concurrency: count(4, { most: 64 }),
    identity: choice(['version', 'content'], 'version'),
    rememberMs: milliseconds(30 * DAY, LONG),
    leaseMs: milliseconds(MINUTE, { least: 100 }),
    handlerTimeoutMs: milliseconds(5 * MINUTE),
    deletionWaitMs: milliseconds(10 * SECOND),
    deadLetterSecret: SECRETS,
  } satisfies RulesFor<ConnecNotificationOptions>),
} satisfies RulesFor<ConnecOptions>);

const MARKETPLACE = {
  marketplaces: readElsewhere('a marketplace, a list of them, or an object of them by name'),
  developerPlatform,
  defaultMarketplace: text(null),
  strict: flag(false),
  refresh: group({
    intervalMs: milliseconds(5 * MINUTE, { least: 0 }),
    timeoutMs: milliseconds(5 * SECOND),
    bootDeadlineMs: milliseconds(15 * SECOND),
    retryAtStart: flag(true),
    vanishedGraceMs: milliseconds(DAY, { least: 0 }),
    rotationOverlapMs: milliseconds(HOUR, { least: 0 }),
    file: text(null),
    startEmpty: flag(false),
  } satisfies RulesFor<MarketplaceRefreshOptions>),
} satisfies RulesFor<MarketplaceOptions>;

const OPTIONS = group({
  ...MARKETPLACE,
  store: instance('a MaestranoStore', ['getMany', 'writeMany', 'take', 'page', 'ping']),
  storeTimeoutMs: milliseconds(3 * SECOND),
  adapterTimeoutMs: milliseconds(MINUTE),
  sso: SSO,
  session: SESSION,
  webhooks: WEBHOOKS,
  http: HTTP,
  account: ACCOUNT,
  connec: CONNEC,
  pages: PAGES,
  shutdownTimeoutMs: milliseconds(25 * SECOND),
});

/** The `http` option, checked and complete. */
export interface HttpSettings extends SettingOf<typeof HTTP> {}
/** The `session` option, checked and complete. */
export interface SessionSettings extends SettingOf<typeof SESSION> {}
/** The `sso` option, checked and complete; the policy of one marketplace comes from {@link ssoPolicyOf}. */
export interface SsoSettings extends SettingOf<typeof SSO> {}
/** How responses of a marketplace's identity provider are validated: `SsoPolicyOptions` with nothing left open. */
export interface SsoPolicy extends SettingOf<ReturnType<typeof group<typeof POLICY>>> {}
/** The `webhooks` option, checked and complete. */
export interface WebhooksSettings extends SettingOf<typeof WEBHOOKS> {}
/** The `account` option, checked and complete. */
export interface AccountSettings extends SettingOf<typeof ACCOUNT> {}
/** The `connec` option, checked and complete. */
export interface ConnecSettings extends SettingOf<typeof CONNEC> {}
/** The options that say which marketplaces there are, checked and complete; and the developer platform's variables. */
export interface MarketplaceSettings extends SettingOf<ReturnType<typeof group<typeof MARKETPLACE>>> {}

/** All options of one registration, checked and complete. Frozen; secrets in it cannot be printed. */
export interface MaestranoSettings {
  readonly marketplace: MarketplaceSettings;
  /** A `MaestranoStore`; null for the one in memory. */
  readonly store: object | null;
  /** How long one call of the store may take. */
  readonly storeTimeoutMs: number;
  /** How long one call of an adapter of the application may take. */
  readonly adapterTimeoutMs: number;
  readonly sso: SsoSettings;
  readonly session: SessionSettings;
  readonly webhooks: WebhooksSettings;
  readonly http: HttpSettings;
  readonly account: AccountSettings;
  readonly connec: ConnecSettings;
  readonly pages: PagesSettings;
  readonly shutdownTimeoutMs: number;
}

/**
 * Checks the options of a registration and fills in what is left out.
 *
 * @param options as `MaestranoModule.forRoot()` or a factory gave them.
 * @throws MaestranoConfigurationError (`configuration.options`) with everything that is wrong.
 */
export function resolveSettings(options: unknown, context?: ReadingContext): MaestranoSettings {
  const {
    store,
    storeTimeoutMs,
    adapterTimeoutMs,
    sso,
    session,
    webhooks,
    http,
    account,
    connec,
    pages,
    shutdownTimeoutMs,
    ...marketplace
  } = readOptions(OPTIONS, options, 'MaestranoModule', context);
  return Object.freeze({
    marketplace: Object.freeze(marketplace),
    store,
    storeTimeoutMs,
    adapterTimeoutMs,
    sso,
    session,
    webhooks,
    http,
    account,
    connec,
    pages,
    shutdownTimeoutMs,
  });
}

/** The policy for one marketplace: its own settings, then those of the registration, then the defaults. */
export function ssoPolicyOf(settings: SsoSettings, marketplace: string): SsoPolicy {
  return settings.perMarketplace.get(marketplace) ?? settings;
}

function noCertificate(pem: string): Complaint | null {
  if (/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/.test(pem)) return null;
  return {
    message: 'It takes a certificate in PEM.',
    remedy: "Give what the file holds: readFileSync('ca.pem', 'utf8').",
  };
}

/** Shorter secrets could be found by trying. */
function shortSecret(secret: string): Complaint | null {
  if (secret.length >= 32) return null;
  return {
    message: 'It takes a secret of 32 characters or more.',
    remedy: 'Use random ones, such as the output of "openssl rand -base64 48".',
  };
}

/** A leading slash that no browser takes for the beginning of a host, or a full web address. */
function noAddress(address: string): Complaint | null {
  if (/^(?:\/(?![/\\])|https?:\/\/)/i.test(address) && URL.canParse(address, 'https://app.invalid'))
    return null;
  return {
    message: 'It takes a path or a URL.',
    remedy: 'Write it as /page or https://app.example.com/page.',
  };
}

/** Without a scheme `admin.example.com:8443` reads as a URL too, with an origin that nothing ever has. */
function noOrigin(origin: string): Complaint | null {
  if (/^https?:\/\//i.test(origin) && URL.canParse(origin)) return null;
  return { message: 'It is no origin.', remedy: 'Write it as https://admin.example.com.' };
}

function originOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).origin : '';
}
