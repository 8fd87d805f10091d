import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { metrics, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

import { MaestranoHealthIndicator } from '../../src/health/maestrano.health-indicator.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/index.js';
import {
  MaestranoSync,
  MaestranoSyncModule,
  MemorySyncStore,
  SyncRejected,
  syncEntity,
} from '../../src/sync/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { MemorySource } from '../support/sync/memory-source.js';

interface Contact {
  readonly firstName: string;
  readonly lastName: string;
}

const spans = new InMemorySpanExporter();
const collected = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const reader = new PeriodicExportingMetricReader({ exporter: collected, exportIntervalMillis: 3_600_000 });

/** Every point of our metrics as `name {attributes} value`, in alphabetical order. */
async function points(): Promise<readonly string[]> {
  await reader.forceFlush();
  const found = collected
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .filter(({ descriptor }) => descriptor.name.startsWith('maestrano.sync.'))
    .flatMap(({ descriptor, dataPoints }) =>
      (dataPoints as readonly { attributes: Record<string, unknown>; value: unknown }[]).map(
        ({ attributes, value }) => {
          const named = Object.entries(attributes).map(
            ([key, one]) => `${key.split('.').at(-1)}=${String(one)}`,
          );
          const number = typeof value === 'number' ? value : (value as { count: number }).count;
          return `${descriptor.name.replace('maestrano.sync.', '')} ${named.toSorted().join(' ')} ${number}`;
        },
      ),
    );
  collected.reset();
  return found.toSorted();
}

describe('what is seen of the synchronization', () => {
  let sandbox: Sandbox;
  let app: TestApplication;
  let contacts: MemorySource<Contact>;
  let sync: MaestranoSync;
  let group: { readonly marketplace: string; readonly groupUid: string };

  beforeAll(() => {
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }),
    );
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  });
  afterAll(async () => {
    await reader.shutdown();
    trace.disable();
    metrics.disable();
  });
  beforeEach(async () => {
    sandbox = await startSandbox({ port: 0, seed: 7 });
    group = { marketplace: sandbox.marketplaces.list()[0]!.name, groupUid: 'cld-1' };
    contacts = new MemorySource<Contact>({ firstName: '', lastName: '' });
    app = await testApplication({
      sandbox,
      options: { http: { attempts: 1 } },
      imports: [
        MaestranoSyncModule.forRoot({
          store: new MemorySyncStore(),
          owner: { provider: 'test-app', realm: 'main' },
          firstRun: 'apply',
          restMs: 0,
          entities: [
            syncEntity('people', contacts, { fields: { first_name: 'firstName', last_name: 'lastName' } }),
          ],
        }),
      ],
    });
    sync = app.app.get(MaestranoSync);
    await sync.run(group);
    await points();
    spans.reset();
  });
  afterEach(async () => {
    await app.close();
    await sandbox.close();
  });

  const health = async (): Promise<{
    readonly warnings: readonly string[];
    readonly synchronization: unknown;
  }> => {
    const { maestrano } = await app.app.get(MaestranoHealthIndicator, { strict: false }).check('maestrano');
    return { warnings: maestrano.warnings, synchronization: maestrano['synchronization'] };
  };

  it('measures runs and records, with a span around each run, and names nobody', async () => {
    contacts.add({ firstName: 'Quintessa', lastName: 'Abernathy-Voss' });
    await sync.run(group);
    const measured = await points();
    expect(measured).toEqual(
      expect.arrayContaining([
        `records direction=connec entity=people marketplace=${group.marketplace} outcome=created 1`,
        `run.duration marketplace=${group.marketplace} outcome=done 1`,
        `lag marketplace=${group.marketplace} 0`,
        `held kind=quarantined marketplace=${group.marketplace} 0`,
      ]),
    );
    const runs = spans.getFinishedSpans().filter(({ name }) => name === 'maestrano sync');
    expect(runs.map(({ attributes }) => attributes)).toEqual([
      { 'maestrano.marketplace': group.marketplace, 'maestrano.outcome': 'done' },
    ]);
    expect(JSON.stringify([measured, runs.map(({ attributes }) => attributes)])).not.toMatch(
      /Quintessa|Abernathy|cld-1/,
    );
  });

  it('says in the health check what a person has to decide, and takes it back', async () => {
    expect((await health()).synchronization).toMatchObject({ groups: 0, failing: 0, lagSeconds: 0 });
    contacts.before = () => {
      throw new SyncRejected('not today');
    };
    sandbox.connec.write(
      'people',
      { first_name: 'Barnaby', last_name: 'Featherstone-Quill' },
      { group: group.groupUid, marketplace: group.marketplace },
    );
    await sync.run(group);
    const troubled = await health();
    expect(troubled.warnings.filter((one) => one.includes('record'))).toEqual([
      '1 record is held back (quarantined)',
    ]);
    expect(troubled.synchronization).toMatchObject({ groups: 1, held: { quarantined: 1 } });
    expect(await points()).toContain(`held kind=quarantined marketplace=${group.marketplace} 1`);
    expect(JSON.stringify(troubled)).not.toMatch(/Barnaby|Featherstone/);

    contacts.before = null;
    const [held] = await sync.held(group, 'people', 'quarantined');
    await (await sync.operations(group)).retry({ entity: 'people', connec: held!.connec! });
    await sync.run(group);
    expect((await health()).synchronization).toMatchObject({ groups: 0, held: { quarantined: 0 } });
  });

  it('names runs that fail by their code, and paused entities', async () => {
    sandbox.faults.add({ part: 'connec' }, { status: 503 });
    await sync.run(group).catch(() => undefined);
    expect((await health()).warnings.filter((one) => one.includes('synchronization'))).toEqual([
      'the synchronization of 1 group fails',
    ]);
    const failed = (await points()).filter((one) => one.startsWith('run.duration'));
    expect(failed).toEqual([
      `run.duration marketplace=${group.marketplace} outcome=failed type=sync.sideAway 1`,
    ]);
    sandbox.faults.clear();
    await sync.pause(group);
    await sync.run(group);
    expect((await health()).synchronization).toMatchObject({ groups: 1, failing: 0, paused: 1 });
  });
});
