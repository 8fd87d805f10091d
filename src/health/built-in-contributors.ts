import type { ConnecNotifications } from '../connec/notifications/notification-intake.service.js';
import type { NotificationQueue } from '../connec/notifications/notification-queue.js';
import type { MaestranoHttp } from '../http/maestrano-http.service.js';
import type { HealthContributor, HealthReport } from '../interfaces/health.interface.js';
import type { ConfigurationProblem } from '../errors/configuration.error.js';
import type { MarketplaceLoader } from '../marketplace/marketplace-loader.js';
import type { SessionRevocations } from '../session/session-revocations.service.js';
import type { MaestranoStore } from '../stores/maestrano-store.js';
import { storeKind } from '../stores/store-with-deadline.js';
import { count } from '../views/format.js';

/** Failures in a row after which a source of marketplaces is warned of: one is a hiccup. */
const SOURCE_FAILURES = 2;
/** A queue whose oldest notification waits longer is warned of; milliseconds. */
const LAG_MS = 60_000;
/** Marketplaces named in one warning. */
const MAX_NAMED = 10;

/** What the built-in parts are asked of. */
export interface HealthSources {
  readonly loader: MarketplaceLoader;
  readonly store: MaestranoStore;
  readonly revocations: SessionRevocations;
  readonly http: MaestranoHttp;
  readonly notifications: ConnecNotifications;
  /** Null where notifications are handled before the response. */
  readonly queue: NotificationQueue | null;
}

/** Marketplaces, certificates, store, calls and notifications: the parts every registration has. */
export function builtInContributors(sources: HealthSources): readonly HealthContributor[] {
  const { queue } = sources;
  return [
    { name: 'configuration', report: () => configuration(sources.loader) },
    { name: 'certificates', report: () => certificates(sources.loader) },
    { name: 'store', report: () => store(sources.store) },
    { name: 'sessions', report: () => sessions(sources.revocations) },
    { name: 'targets', report: () => targets(sources.http) },
    { name: 'notifications', report: () => ({ details: sources.notifications.stats }) },
    ...(queue ? [{ name: 'queue', report: () => waiting(queue) }] : []),
  ];
}

function configuration(loader: MarketplaceLoader): HealthReport {
  const { version, marketplaces, sources, problems } = loader.status;
  const failing = sources.filter(({ failures }) => failures >= SOURCE_FAILURES);
  const copies = sources.filter(({ origin }) => origin === 'file');
  const errors = problems.filter(({ severity }) => severity === 'error');
  return {
    failures: marketplaces === 0 ? ['no marketplace is configured'] : [],
    warnings: [
      ...failing.map(
        ({ name, failures, lastError }) => `${name} failed ${failures} times (${lastError?.code})`,
      ),
      ...copies.map(({ name }) => `${name} is served from its copy on disk`),
      ...(errors.length > 0 ? [`the configuration has ${count(errors.length, 'error')}`] : []),
      ...sharing(problems),
    ],
    details: {
      version,
      marketplaces,
      sources: sources.map(({ name, origin, confirmedAt, failures, lastError, vanished }) => ({
        name,
        origin,
        ageSeconds: confirmedAt === null ? null : Math.round((Date.now() - confirmedAt.getTime()) / 1000),
        failures,
        lastError: lastError?.code ?? null,
        vanished,
      })),
      problems: problems.map(({ marketplace, key, code, severity }) => ({
        marketplace,
        key,
        code,
        severity,
      })),
    },
  };
}

/** Marketplaces that nothing but their paths distinguishes from another one. */
function sharing(problems: readonly ConfigurationProblem[]): string[] {
  const names = problems
    .filter(({ code, severity }) => code === 'configuration.sharedCredentials' && severity === 'warning')
    .map(({ marketplace }) => `"${marketplace}"`);
  if (names.length === 0) return [];
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return [
    `id and key are those of another marketplace as well: ${names.slice(0, MAX_NAMED).join(', ')}${more}`,
  ];
}

/** Expired ones as well: an identity provider goes on signing with them until the marketplace changes over. */
function certificates(loader: MarketplaceLoader): HealthReport {
  const expiring = loader.status.expiringCertificates;
  return {
    warnings: expiring.map(
      ({ marketplace, daysLeft }) =>
        `a certificate of "${marketplace}" ${daysLeft < 0 ? 'has expired' : `expires in ${count(daysLeft, 'day')}`}`,
    ),
    details: expiring.map(({ marketplace, sha256, notAfter, daysLeft }) => ({
      marketplace,
      sha256,
      notAfter: notAfter.toISOString(),
      daysLeft,
    })),
  };
}

async function waiting(queue: NotificationQueue): Promise<HealthReport> {
  const counts = await queue.counts();
  const { lagMs, dead } = counts;
  return {
    warnings: [
      ...(lagMs !== null && lagMs > LAG_MS
        ? [`the oldest notification has waited for ${Math.round(lagMs / 1000)} s`]
        : []),
      ...(dead > 0 ? [`${count(dead, 'notification was', 'notifications were')} given up`] : []),
      ...(await warningsOf(queue)),
    ],
    details: counts,
  };
}

async function store(maestranoStore: MaestranoStore): Promise<HealthReport> {
  const started = performance.now();
  await maestranoStore.ping();
  const pingMs = Math.round(performance.now() - started);
  return { warnings: await warningsOf(maestranoStore), details: { kind: storeKind(maestranoStore), pingMs } };
}

/** What cannot say how it is set up is no worse for it. */
async function warningsOf(part: MaestranoStore | NotificationQueue): Promise<readonly string[]> {
  try {
    return await part.warnings();
  } catch {
    return [];
  }
}

/** Sessions go on for a while without a look at the removals; who reads this should know. */
function sessions(revocations: SessionRevocations): HealthReport {
  const { passedOver, awayMs } = revocations.status;
  return {
    warnings:
      awayMs === null
        ? []
        : [`removals cannot be looked up since ${Math.round(awayMs / 1_000)} s: sessions go on without`],
    details: { lookUpsPassedOver: passedOver, storeAwayMs: awayMs },
  };
}

/** An open breaker is the other side's trouble: a warning, or every instance would restart because of it. */
function targets(http: MaestranoHttp): HealthReport {
  const inUse = http.health();
  return {
    warnings: inUse
      .filter(({ breaker }) => breaker !== 'closed')
      .map(
        ({ target, service, breaker }) =>
          `calls to ${service} of "${target}" are stopped (breaker ${breaker})`,
      ),
    details: inUse.map(({ target, service, breaker, active, queued }) => ({
      target,
      service,
      breaker,
      active,
      queued,
    })),
  };
}
