import { Injectable, Optional } from '@nestjs/common';

import { ConnecNotifications } from '../connec/notifications/notification-intake.service.js';
import { NotificationQueue } from '../connec/notifications/notification-queue.js';
import { MaestranoHttp } from '../http/maestrano-http.service.js';
import type {
  HealthContributor,
  HealthReport,
  MaestranoHealthState,
} from '../interfaces/health.interface.js';
import { MarketplaceLoader } from '../marketplace/marketplace-loader.js';
import { SessionRevocations } from '../session/session-revocations.service.js';
import { MaestranoStore } from '../stores/maestrano-store.js';
import { builtInContributors } from './built-in-contributors.js';
import { HealthContributors } from './health-contributors.service.js';

/** How long one contributor may take, in milliseconds. */
const CONTRIBUTOR_TIMEOUT_MS = 2000;

/** What one part says of itself. */
export interface NamedReport {
  readonly name: string;
  readonly report: HealthReport;
}

/**
 * The state of the integration in the shape of `@nestjs/terminus`, which need not be installed:
 * `health.check([() => maestrano.check('maestrano')])`.
 *
 * `down` means that this instance cannot do its work: no marketplace, or a store that does not respond. Everything
 * that a restart would not mend (a stopped marketplace, an expiring certificate, a queue that lags) is `up` with
 * `warnings`, so that a platform in trouble does not take the application with it.
 */
@Injectable()
export class MaestranoHealthIndicator {
  readonly #builtIn: readonly HealthContributor[];

  constructor(
    loader: MarketplaceLoader,
    store: MaestranoStore,
    http: MaestranoHttp,
    notifications: ConnecNotifications,
    revocations: SessionRevocations,
    private readonly contributors: HealthContributors,
    @Optional() queue?: NotificationQueue,
  ) {
    this.#builtIn = builtInContributors({
      loader,
      store,
      revocations,
      http,
      notifications,
      queue: queue ?? null,
    });
  }

  /** Never rejects: what goes wrong is in the result. */
  async check<Key extends string = 'maestrano'>(
    key: Key = 'maestrano' as Key,
  ): Promise<Record<Key, MaestranoHealthState>> {
    const contributors = await this.reports();
    const reports = contributors.map(({ report }) => report);
    const failures = reports.flatMap((report) => report.failures ?? []);
    const state: MaestranoHealthState = {
      ...Object.fromEntries(contributors.map(({ name, report }) => [name, report.details ?? null])),
      status: failures.length > 0 ? 'down' : 'up',
      failures,
      warnings: reports.flatMap((report) => report.warnings ?? []),
    };
    return { [key]: state } as Record<Key, MaestranoHealthState>;
  }

  /** What each part says of itself, in the order of the result. Never rejects. */
  async reports(): Promise<readonly NamedReport[]> {
    const contributors = [...this.#builtIn, ...this.contributors.list()];
    return Promise.all(
      contributors.map(async (contributor) => ({
        name: contributor.name,
        report: await reportOf(contributor),
      })),
    );
  }
}

async function reportOf(contributor: HealthContributor): Promise<HealthReport> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<HealthReport>((resolve) => {
    timer = setTimeout(
      () =>
        resolve({ failures: [`${contributor.name} did not respond within ${CONTRIBUTOR_TIMEOUT_MS} ms`] }),
      CONTRIBUTOR_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([Promise.resolve(contributor.report()), silence]);
  } catch (error) {
    // The name only: messages of drivers hold addresses, and some hold passwords.
    return {
      failures: [`${contributor.name} failed (${error instanceof Error ? error.name : 'unknown error'})`],
    };
  } finally {
    clearTimeout(timer);
  }
}
