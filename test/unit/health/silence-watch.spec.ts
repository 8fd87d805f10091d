import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { ConnecNotificationCounters } from '../../../src/connec/notifications/notification-stats.js';
import { HealthContributors } from '../../../src/health/health-contributors.service.js';
import { SilenceWatch } from '../../../src/health/silence-watch.service.js';
import type { MarketplaceLoader } from '../../../src/marketplace/marketplace-loader.js';
import { LoginTraceService } from '../../../src/sso/trace/login-trace.service.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { fakeDate } from '../../support/fake-date.js';
import { registeredMarketplace, registryOf } from '../../support/marketplaces.js';
import { settingsOf } from '../../support/settings.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5);

describe('the watch for silence', () => {
  const store = new MemoryStore();
  const running: SilenceWatch[] = [];
  let confirmedAt: Date | null = null;

  /** An instance of the application: all of them count in one store. */
  function instance(): { watch: SilenceWatch; notify: () => void; health: HealthContributors } {
    const counters = new ConnecNotificationCounters();
    const health = new HealthContributors();
    const loader = {
      get status() {
        return { sources: [{ name: 'developer-platform', confirmedAt }] };
      },
    } as unknown as MarketplaceLoader;
    const watch = new SilenceWatch(
      store,
      registryOf(registeredMarketplace('acme'), registeredMarketplace('quiet')),
      loader,
      new LoginTraceService(store),
      counters,
      health,
      settingsOf().marketplace,
    );
    watch.onModuleInit();
    running.push(watch);
    return { watch, notify: () => counters.arrived('acme'), health };
  }

  beforeEach(() => fakeDate(START));
  afterEach(() => {
    for (const watch of running.splice(0)) watch.onModuleDestroy();
    jest.useRealTimers();
  });

  it('tells the health check when nothing comes any more, whichever instance got it before', async () => {
    const [one, two] = [instance(), instance()];
    for (let minute = 0; minute < 26 * 60; minute += 10) {
      jest.setSystemTime(START + minute * MINUTE);
      one.notify();
      two.notify();
      await Promise.all([one.watch.tick(), two.watch.tick()]);
    }
    expect(one.watch.silences).toEqual([]);
    jest.setSystemTime(START + 26 * 60 * MINUTE + 80 * MINUTE);
    await two.watch.tick();
    expect(two.watch.silences).toMatchObject([{ kind: 'notification', name: 'acme' }]);
    const [contributor] = two.health.list();
    expect((await contributor!.report()).warnings).toEqual([
      'no notification came from "acme" since 2026-01-06T01:50Z',
    ]);
    two.notify();
    await two.watch.tick();
    await one.watch.tick();
    expect([...one.watch.silences, ...two.watch.silences]).toEqual([]);
  });

  it('tells when the configuration is not confirmed any more', () => {
    const { watch } = instance();
    confirmedAt = new Date(START);
    const { intervalMs } = settingsOf().marketplace.refresh;
    jest.setSystemTime(START + 2 * intervalMs);
    expect(watch.silences).toEqual([]);
    jest.setSystemTime(START + Math.max(4 * intervalMs, 11 * MINUTE));
    expect(watch.silences).toMatchObject([{ kind: 'refresh', name: 'developer-platform' }]);
    confirmedAt = null;
  });

  it('outlives a store that is away', async () => {
    const { watch, notify } = instance();
    jest.spyOn(store, 'getMany').mockRejectedValueOnce(new Error('away'));
    notify();
    await watch.tick();
    expect(watch.silences).toEqual([]);
  });
});
