import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { MaestranoSync, MaestranoSyncModule, MemorySyncStore, syncEntity } from '../../src/sync/index.js';
import { PlatformSynchronization } from '../../src/sync/platform-synchronization.service.js';
import { COMPLIANCE_SCENARIOS, runCompliance } from '../../src/testing/compliance/run-compliance.js';
import { MeController, testApplication, type TestApplication } from '../support/application.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { MemorySource } from '../support/sync/memory-source.js';

/** Starts of check 17. */
const STARTS = 20;

const IDS = COMPLIANCE_SCENARIOS.filter(({ area }) => area === 'synchronization').map(({ id }) => id);

describe.each(HTTP_ADAPTERS)('start, toggle and status as the platform calls them, on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: TestApplication;
  const contacts = new MemorySource({ firstName: '', lastName: '' });

  beforeAll(async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    sandbox = await startSandbox();
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
    // On a busy machine a run may be over before the last start arrives, which then rightly begins another: so none gets
    // on before all have their response.
    let answered = 0;
    let letGo = (): void => undefined;
    const allAnswered = new Promise<void>((resolve) => (letGo = resolve));
    const { start } = PlatformSynchronization.prototype;
    const starts = jest.spyOn(PlatformSynchronization.prototype, 'start').mockImplementation(async function (
      this: PlatformSynchronization,
      ...values
    ) {
      const state = await start.apply(this, values);
      answered += 1;
      if (answered === STARTS) letGo();
      return state;
    });
    const changes = contacts.changes.bind(contacts);
    const reads = jest.spyOn(contacts, 'changes').mockImplementation(async (how) => {
      await allAnswered;
      return changes(how);
    });
    const before = sandbox.journal.find({ method: 'GET', route: 'connec/people' }).length;
    expect((await comply(['synchronization-start-burst'])).failed).toBe(0);
    await sync.idle();
    starts.mockRestore();
    reads.mockRestore();
    expect(answered).toBe(STARTS);
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
