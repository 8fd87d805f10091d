import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { MaestranoSync, MaestranoSyncModule, MemorySyncStore, syncEntity } from '../../src/sync/index.js';
import { COMPLIANCE_SCENARIOS, runCompliance } from '../../src/testing/compliance/run-compliance.js';
import { MeController, testApplication, type TestApplication } from '../support/application.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { MemorySource } from '../support/sync/memory-source.js';

const IDS = COMPLIANCE_SCENARIOS.filter(({ area }) => area === 'synchronization').map(({ id }) => id);

describe.each(HTTP_ADAPTERS)('start, toggle and status as the platform calls them, on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: TestApplication;

  beforeAll(async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    sandbox = await startSandbox();
    const contacts = new MemorySource({ firstName: '', lastName: '' });
    app = await testApplication({
      httpAdapter,
      sandbox,
      options: { sso: { homeUrl: '/me' } },
      extras: { routes: { synchronization: true } },
      controllers: [MeController],
      imports: [
        MaestranoSyncModule.forRoot({
          store: new MemorySyncStore(),
          owner: { provider: 'test-app', realm: 'main' },
          entities: [
            syncEntity('people', contacts, { fields: { first_name: 'firstName', last_name: 'lastName' } }),
          ],
        }),
      ],
    });
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
    jest.restoreAllMocks();
  });

  const comply = (only: readonly string[]) => runCompliance({ sandbox, appUrl: app.url, page: '/me', only });

  it('passes what comply has for them', async () => {
    const { results } = await comply(IDS);
    expect(results.filter(({ result }) => result !== 'passed')).toEqual([]);
    expect(results).toHaveLength(6);
  });

  it('check 17: answers twenty starts at once with one run and at most one more', async () => {
    const sync = app.app.get(MaestranoSync);
    const run = jest.spyOn(MaestranoSync.prototype, 'start');
    const before = sandbox.journal.find({ method: 'GET', route: 'connec/people' }).length;
    expect((await comply(['synchronization-start-burst'])).failed).toBe(0);
    await sync.idle();
    run.mockRestore();
    // A run reads people twice at most: changes, and once more after a write.
    expect(
      sandbox.journal.find({ method: 'GET', route: 'connec/people' }).length - before,
    ).toBeLessThanOrEqual(4);
  });

  it('is found out where it does not do what it says', async () => {
    const toggle = jest.spyOn(MaestranoSync.prototype, 'toggle').mockResolvedValue(true);
    const { results } = await comply(['synchronization-toggle']);
    toggle.mockRestore();
    expect(results.map(({ result, reason }) => [result, reason])).toEqual([
      ['failed', 'PUT toggle: sync_enabled is what it was.'],
    ]);
  });
});
