import { describe, expect, it } from '@jest/globals';
import { HealthCheckService, TerminusModule, type HealthIndicatorResult } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';

import { HealthContributors } from '../../../src/health/health-contributors.js';
import { MaestranoHealthIndicator } from '../../../src/health/maestrano.health-indicator.js';
import type { HttpTargetHealth } from '../../../src/http/target-gates.js';
import type { MaestranoHttp } from '../../../src/http/maestrano-http.service.js';
import type { Marketplace } from '../../../src/interfaces/marketplace.interface.js';
import { MarketplaceRegistry } from '../../../src/marketplace/marketplace-registry.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';

const DAY = 86_400_000;

function marketplace(name: string, notAfter: Date): Marketplace {
  const certificate = { sha256: 'ab'.repeat(32), subject: 'CN=idp', notAfter };
  return {
    name,
    revision: name,
    api: { id: name, keys: [] },
    sso: { certificates: [certificate] },
  } as unknown as Marketplace;
}

function setUp(
  options: { marketplaces?: Marketplace[]; store?: MemoryStore; targets?: HttpTargetHealth[] } = {},
) {
  const registry = new MarketplaceRegistry();
  registry.replace(options.marketplaces ?? [marketplace('one', new Date(Date.now() + 400 * DAY))]);
  const http = { health: () => options.targets ?? [] } as unknown as MaestranoHttp;
  const contributors = new HealthContributors();
  const indicator = new MaestranoHealthIndicator(
    registry,
    options.store ?? new MemoryStore(),
    http,
    contributors,
  );
  return { indicator, contributors };
}

describe('MaestranoHealthIndicator', () => {
  it('is up when everything answers, under the key asked for', async () => {
    const { indicator } = setUp();
    expect(await indicator.check('marketplaces')).toEqual({
      marketplaces: {
        status: 'up',
        failures: [],
        warnings: [],
        configuration: { version: 1, marketplaces: 1 },
        certificates: [],
        store: { kind: 'MemoryStore', pingMs: expect.any(Number) },
        targets: [],
      },
    });
  });

  it('is down without a marketplace', async () => {
    const { maestrano } = await setUp({ marketplaces: [] }).indicator.check();
    expect(maestrano).toMatchObject({ status: 'down', failures: ['no marketplace is configured'] });
  });

  it('is down when the store does not answer, and tells no address', async () => {
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
      marketplaces: [
        marketplace('old', new Date(Date.now() - DAY)),
        marketplace('soon', new Date(Date.now() + 10.5 * DAY)),
      ],
      targets: [
        { target: 'old', service: 'account', breaker: 'open', active: 0, queued: 0 },
        { target: 'soon', service: 'connec', breaker: 'closed', active: 3, queued: 1 },
      ],
    });
    const { maestrano } = await indicator.check();
    expect(maestrano.status).toBe('up');
    expect(maestrano.warnings).toEqual([
      'a certificate of "old" has expired',
      'a certificate of "soon" expires in 10 days',
      'calls to account of "old" are stopped (breaker open)',
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
      failures: ['mute did not answer within 2000 ms'],
    });
    remove();
    expect((await indicator.check()).maestrano.status).toBe('up');
  });

  it('cannot be given a false status by a contributor of that name', async () => {
    const { indicator, contributors } = setUp({ marketplaces: [] });
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
    const down = setUp({ marketplaces: [] }).indicator;
    await expect(health.check([() => down.check()])).rejects.toMatchObject({ status: 503 });
    await testing.close();
  });
});
