import type { MaestranoHttp } from '../http/maestrano-http.service.js';
import type { HealthContributor, HealthReport } from '../interfaces/health.interface.js';
import { findExpiringCertificates } from '../marketplace/certificate-expiry.js';
import type { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import type { MaestranoStore } from '../stores/maestrano-store.js';

/** What the built-in parts are asked of. */
export interface HealthSources {
  readonly registry: MarketplaceRegistry;
  readonly store: MaestranoStore;
  readonly http: MaestranoHttp;
}

/** Marketplaces, certificates, store and calls: the parts every registration has. */
export function builtInContributors(sources: HealthSources): readonly HealthContributor[] {
  return [
    { name: 'configuration', report: () => configuration(sources.registry) },
    { name: 'certificates', report: () => certificates(sources.registry) },
    { name: 'store', report: () => store(sources.store) },
    { name: 'targets', report: () => targets(sources.http) },
  ];
}

function configuration(registry: MarketplaceRegistry): HealthReport {
  const { version, marketplaces } = registry.snapshot;
  return {
    failures: marketplaces.size === 0 ? ['no marketplace is configured'] : [],
    details: { version, marketplaces: marketplaces.size },
  };
}

/** Expired ones as well: an identity provider goes on signing with them until the marketplace changes over. */
function certificates(registry: MarketplaceRegistry): HealthReport {
  const expiring = findExpiringCertificates(registry.list());
  return {
    warnings: expiring.map(
      ({ marketplace, daysLeft }) =>
        `a certificate of "${marketplace}" ${daysLeft < 0 ? 'has expired' : `expires in ${daysLeft} days`}`,
    ),
    details: expiring.map(({ marketplace, sha256, notAfter, daysLeft }) => ({
      marketplace,
      sha256,
      notAfter: notAfter.toISOString(),
      daysLeft,
    })),
  };
}

async function store(maestranoStore: MaestranoStore): Promise<HealthReport> {
  const started = performance.now();
  await maestranoStore.ping();
  return {
    details: { kind: maestranoStore.constructor.name, pingMs: Math.round(performance.now() - started) },
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
