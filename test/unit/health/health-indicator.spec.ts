import { describe, expect, it } from '@jest/globals';
import { HealthCheckService, TerminusModule, type HealthIndicatorResult } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';

import type { ConnecNotifications } from '../../../src/connec/notifications/notification-intake.service.js';
import type {
  NotificationQueue,
  NotificationQueueCounts,
} from '../../../src/connec/notifications/notification-queue.js';
import { HealthContributors } from '../../../src/health/health-contributors.service.js';
import { MaestranoHealthIndicator } from '../../../src/health/maestrano.health-indicator.js';
import type { HttpTargetHealth } from '../../../src/http/http-limiter.js';
import type { MaestranoHttp } from '../../../src/http/maestrano-http.service.js';
import type { SourceStatus } from '../../../src/marketplace/loader/source-runner.js';
import type { MarketplaceLoader, MarketplaceStatus } from '../../../src/marketplace/marketplace-loader.js';
import type { SessionRevocations } from '../../../src/session/session-revocations.service.js';
import { MaestranoTestingModule } from '../../../src/testing/index.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';

const DAY = 86_400_000;

function expiring(marketplace: string, daysLeft: number) {
  return {
    marketplace,
    daysLeft,
    sha256: 'ab',
    subject: 'CN=idp',
    notAfter: new Date(Date.now() + daysLeft * DAY),
  };
}

const SOURCE: SourceStatus = {
  name: 'developer-platform',
  origin: 'live',
  confirmedAt: new Date(Date.now() - 90_000),
  failures: 0,
  lastError: null,
  vanished: [],
};

interface Parts {
  readonly status?: Partial<MarketplaceStatus>;
  readonly store?: MemoryStore;
  readonly targets?: HttpTargetHealth[];
  readonly queue?: Partial<NotificationQueueCounts>;
  readonly queueWarnings?: readonly string[];
}

function setUp({ status, store, targets, queue, queueWarnings = [] }: Parts = {}) {
  const defaults: MarketplaceStatus = {
    marketplaces: 1,
    version: 1,
    sources: [],
    problems: [],
    expiringCertificates: [],
  };
  const loader = { status: { ...defaults, ...status } } as MarketplaceLoader;
  const http = { health: () => targets ?? [] } as unknown as MaestranoHttp;
  const notifications = { stats: { received: 3 } } as unknown as ConnecNotifications;
  const counts = { waiting: 0, active: 0, delayed: 0, dead: 0, lagMs: null, ...queue };
  const contributors = new HealthContributors();
  const indicator = new MaestranoHealthIndicator(
    loader,
    store ?? new MemoryStore(),
    http,
    notifications,
    { status: { passedOver: 0, awayMs: null } } as SessionRevocations,
    contributors,
    queue
      ? ({
          counts: () => Promise.resolve(counts),
          warnings: () => Promise.resolve(queueWarnings),
        } as unknown as NotificationQueue)
      : undefined,
  );
  return { indicator, contributors };
}

describe('MaestranoHealthIndicator', () => {
  it('is up when everything responds, under the key asked for', async () => {
    const { indicator } = setUp();
    expect(await indicator.check('marketplaces')).toEqual({
      marketplaces: {
        status: 'up',
        failures: [],
        warnings: [],
        configuration: { version: 1, marketplaces: 1, sources: [], problems: [] },
        certificates: [],
        store: { kind: 'MemoryStore', pingMs: expect.any(Number) },
        sessions: { lookUpsPassedOver: 0, storeAwayMs: null },
        targets: [],
        notifications: { received: 3 },
      },
    });
  });

  it('is down without a marketplace', async () => {
    const { maestrano } = await setUp({ status: { marketplaces: 0 } }).indicator.check();
    expect(maestrano).toMatchObject({ status: 'down', failures: ['no marketplace is configured'] });
  });

  it('is down when the store does not respond, and reports no address', async () => {
    const store = new (class extends MemoryStore {
      override ping(): Promise<void> {
        return Promise.reject(new TypeError('connect redis://user:hunter2@host'));
      }
    })();
    const { maestrano } = await setUp({ store }).indicator.check();
    expect(maestrano).toMatchObject({ status: 'down', failures: ['store failed (TypeError)'] });
    expect(JSON.stringify(maestrano)).not.toContain('hunter2');
  });

  it('is up with warnings for what a restart would not mend', async () => {
    const { indicator } = setUp({
      status: {
        sources: [
          {
            ...SOURCE,
            origin: 'file',
            failures: 2,
            lastError: { code: 'configuration.sourceStatus', message: 'no', at: new Date() },
          },
          {
            ...SOURCE,
            name: 'Mine',
            failures: 1,
            lastError: { code: 'configuration.source', message: 'no', at: new Date() },
          },
        ],
        problems: [
          {
            code: 'configuration.missing',
            severity: 'error',
            marketplace: 'x',
            key: 'api.id',
            found: null,
            message: 'm',
            remedy: 'r',
          },
        ],
        expiringCertificates: [expiring('old', -1), expiring('soon', 10)],
      },
      queue: { waiting: 5, lagMs: 61_000, dead: 2 },
      targets: [
        { target: 'old', service: 'account', breaker: 'open', active: 0, queued: 0 },
        { target: 'soon', service: 'connec', breaker: 'closed', active: 3, queued: 1 },
      ],
    });
    const { maestrano } = await indicator.check();
    expect(maestrano.status).toBe('up');
    expect(maestrano.warnings).toEqual([
      'developer-platform failed 2 times (configuration.sourceStatus)',
      'developer-platform is served from its copy on disk',
      'the configuration has 1 error',
      'a certificate of "old" has expired',
      'a certificate of "soon" expires in 10 days',
      'calls to account of "old" are stopped (breaker open)',
      'the oldest notification has waited for 61 s',
      '2 notifications were given up',
    ]);
    expect(maestrano.configuration).toMatchObject({ sources: [{ ageSeconds: 90 }, { ageSeconds: 90 }] });
  });

  it('knows what the start of the application warns of: memory, a Redis that evicts, shared credentials', async () => {
    const shared = (marketplace: string) => ({
      code: 'configuration.sharedCredentials' as const,
      severity: 'warning' as const,
      marketplace,
      key: 'api.key',
      found: null,
      message: 'm',
      remedy: 'r',
    });
    const { indicator } = setUp({
      status: { problems: Array.from({ length: 12 }, (_, n) => shared(`m${n}`)) },
      queue: {},
      queueWarnings: ['The Redis of the notification queue may evict keys.'],
    });
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    const { maestrano } = await indicator.check();
    process.env['NODE_ENV'] = before;
    expect(maestrano.status).toBe('up');
    expect(maestrano.warnings).toEqual([
      expect.stringMatching(/^id and key are those of another marketplace as well: "m0", .*"m9" and 2 more$/),
      expect.stringContaining('State is kept in memory'),
      'The Redis of the notification queue may evict keys.',
    ]);
  });

  it('asks the application’s own contributors; a silent one is a failure, and no timer stays', async () => {
    const { indicator, contributors } = setUp();
    contributors.add({
      name: 'queue',
      report: () => ({ warnings: ['the queue lags'], details: { waiting: 12 } }),
    });
    const remove = contributors.add({ name: 'mute', report: () => new Promise(() => undefined) });
    const { maestrano } = await indicator.check();
    expect(maestrano).toMatchObject({
      status: 'down',
      queue: { waiting: 12 },
      mute: null,
      warnings: ['the queue lags'],
      failures: ['mute did not respond within 2000 ms'],
    });
    remove();
    expect((await indicator.check()).maestrano.status).toBe('up');
  });

  it('cannot be given a false status by a contributor of that name', async () => {
    const { indicator, contributors } = setUp({ status: { marketplaces: 0 } });
    contributors.add({ name: 'status', report: () => ({ details: 'up' }) });
    expect((await indicator.check()).maestrano.status).toBe('down');
  });

  it('fits Terminus', async () => {
    const testing = await Test.createTestingModule({
      imports: [TerminusModule.forRoot({ logger: false })],
    }).compile();
    const health = await testing.resolve(HealthCheckService);
    const up = setUp().indicator;
    const result = await health.check([(): Promise<HealthIndicatorResult> => up.check()]);
    expect(result).toMatchObject({ status: 'ok', details: { maestrano: { status: 'up' } } });
    const down = setUp({ status: { marketplaces: 0 } }).indicator;
    await expect(health.check([() => down.check()])).rejects.toMatchObject({ status: 503 });
    await testing.close();
  });

  it('is there to inject in a registered module', async () => {
    const testing = await Test.createTestingModule({ imports: [MaestranoTestingModule.forRoot()] }).compile();
    const { maestrano } = await testing.get(MaestranoHealthIndicator).check();
    expect(maestrano).toMatchObject({ status: 'up', failures: [], configuration: { marketplaces: 1 } });
    expect(JSON.stringify(maestrano)).not.toContain('key-of-test');
    await testing.close();
  });
});
