import { setTimeout as pause } from 'node:timers/promises';

import { expect, jest } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';

import { startSandbox } from '../../../src/sandbox/index.js';
import { MaestranoSync, MaestranoSyncModule, MemorySyncStore, syncEntity } from '../../../src/sync/index.js';
import { SyncSchedule } from '../../../src/sync/schedule/sync-schedule.service.js';
import { SyncWatch } from '../../../src/sync/watch/sync-watch.service.js';
import { testApplication, type TestApplication } from '../application.js';
import { MemorySource } from './memory-source.js';

const PATIENCE_MS = 30_000;

/** The module of a queue that all instances share. */
export type QueueModule = (options: { readonly worker: boolean }) => DynamicModule;

/** Waits until something is so. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await isSo()) && performance.now() < end) await pause(20);
  expect(await isSo()).toBe(true);
}

/** Instances of an application on one store and one queue, beside a marketplace. */
class QueuedInstances {
  readonly store = new MemorySyncStore();
  readonly contacts = new MemorySource({ firstName: '', lastName: '' });
  readonly #apps: TestApplication[] = [];

  private constructor(
    private readonly sandbox: Awaited<ReturnType<typeof startSandbox>>,
    private readonly queue: QueueModule,
  ) {}

  static async start(queue: QueueModule): Promise<QueuedInstances> {
    const sandbox = await startSandbox({ scenario: 'empty' });
    const instances = new QueuedInstances(sandbox, queue);
    sandbox.build.group(instances.group.marketplace, { uid: 'cld-1', name: 'Lantern Works' });
    for (let n = 0; n < 60; n += 1) {
      instances.contacts.add({ firstName: `Person ${n}`, lastName: 'Okonjo-Lindqvist' });
    }
    return instances;
  }

  get group(): { readonly marketplace: string; readonly groupUid: string } {
    return { marketplace: this.sandbox.marketplaces.list()[0]!.name, groupUid: 'cld-1' };
  }

  get arrived(): number {
    return this.sandbox.connec.list('people', { group: 'cld-1' }).length;
  }

  /** Somebody makes a record at the marketplace. */
  write(firstName: string): void {
    this.sandbox.connec.write('people', { first_name: firstName }, { group: 'cld-1' });
  }

  async boot(worker: boolean): Promise<TestApplication> {
    const app = await testApplication({
      sandbox: this.sandbox,
      imports: [
        this.queue({ worker }),
        MaestranoSyncModule.forRoot({
          store: this.store,
          owner: { provider: 'test-app', realm: 'main' },
          firstRun: 'apply',
          entities: [
            syncEntity('people', this.contacts, {
              fields: { first_name: 'firstName', last_name: 'lastName' },
            }),
          ],
        }),
      ],
    });
    this.#apps.push(app);
    return app;
  }

  async close(): Promise<void> {
    await Promise.all(this.#apps.map((app) => app.close()));
    await this.sandbox.close();
  }
}

/** Twenty starts on two instances are one run and one more, over both of them. */
export async function startsAreTwoRuns(queue: QueueModule): Promise<void> {
  const instances = await QueuedInstances.start(queue);
  const runs = jest.spyOn(SyncWatch.prototype, 'note');
  try {
    const syncs = [await instances.boot(true), await instances.boot(true)].map(({ app }) =>
      app.get(MaestranoSync),
    );
    const { group } = instances;
    await Promise.all(Array.from({ length: 20 }, (_one, n) => syncs[n % 2]!.start(group)));
    await until(
      async () => instances.arrived === 60 && (await syncs[0]!.status(group)).run?.status === 'SUCCESS',
    );
    // One more may be on its way.
    await pause(1_500);
    await Promise.all(syncs.map((one) => one.idle()));
    expect(runs.mock.calls.length).toBeGreaterThanOrEqual(1);
    expect(runs.mock.calls.length).toBeLessThanOrEqual(2);
    expect(instances.arrived).toBe(60);
  } finally {
    runs.mockRestore();
    await instances.close();
  }
}

/**
 * What was asked for is done although the queue lost everything.
 *
 * @param lose makes the queue as it was before anything was in it.
 */
export async function queueMayBeLost(queue: QueueModule, lose: () => Promise<void>): Promise<void> {
  const instances = await QueuedInstances.start(queue);
  const { group, store } = instances;
  try {
    const asking = await instances.boot(false);
    await asking.app.get(MaestranoSync).start(group, { only: ['people'], full: true });
    expect(await asking.app.get(MaestranoSync).status(group)).toMatchObject({ run: { status: 'ENQUEUED' } });
    await lose();
    const working = await instances.boot(true);
    await pause(500);
    expect(instances.arrived).toBe(0);
    const schedule = working.app.get(SyncSchedule, { strict: false });
    await schedule.turn(Date.now() + 60_000);
    await pause(500);
    expect(instances.arrived).toBe(0);
    expect(await schedule.turn(Date.now() + 3 * 60_000)).toBe(1);
    await until(() => instances.arrived === 60);
    const scope = { app: 'default', marketplace: group.marketplace, group: group.groupUid };
    await until(async () => (await store.group(scope)).taken?.options === null);
  } finally {
    await instances.close();
  }
}

/** A run that is under way when its process stops goes on in another, and no failure is reported. */
export async function stopsAreNoFailures(queue: QueueModule): Promise<void> {
  const instances = await QueuedInstances.start(queue);
  const failures = jest.spyOn(SyncWatch.prototype, 'failed');
  try {
    instances.write('Elsewhere');
    const first = await instances.boot(true);
    const stopping = new Promise<void>((resolve) => {
      instances.contacts.before = () => {
        instances.contacts.before = null;
        void first.close().then(resolve);
      };
    });
    await first.app.get(MaestranoSync).start(instances.group);
    await stopping;
    const second = await instances.boot(true);
    await until(() => instances.arrived === 61 && instances.contacts.list.length === 61);
    await second.app.get(MaestranoSync).idle();
    expect(failures).not.toHaveBeenCalled();
  } finally {
    failures.mockRestore();
    await instances.close();
  }
}
