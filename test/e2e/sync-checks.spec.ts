import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
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

import { startSandbox, type Sandbox } from '../../src/sandbox/index.js';
import {
  MaestranoSync,
  MaestranoSyncModule,
  MemorySyncStore,
  SyncRejected,
  syncEntity,
  type SyncSource,
} from '../../src/sync/index.js';
import {
  testApplication,
  type TestApplication,
  type TestApplicationOptions,
} from '../support/application.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { MemorySource, type Row } from '../support/sync/memory-source.js';

interface Contact {
  readonly firstName: string;
  readonly lastName: string;
}

const GROUP = 'cld-1';
const EMPTY: Contact = { firstName: '', lastName: '' };

/** A table for each marketplace, as a database has that holds the rows of all of them. */
class Tables {
  readonly #tables = new Map<string, MemorySource<Contact>>();

  of(marketplace: string): MemorySource<Contact> {
    const table = this.#tables.get(marketplace) ?? new MemorySource<Contact>(EMPTY);
    this.#tables.set(marketplace, table);
    return table;
  }

  get source(): SyncSource<Contact & Row> {
    return {
      versions: 'table',
      changes: (query, { scope }) => this.of(scope.marketplace).changes(query),
      get: (ids, { scope }) => this.of(scope.marketplace).get(ids),
      create: (data, write) => this.of(write.scope.marketplace).create(data, write),
      find: (key, { scope }) => this.of(scope.marketplace).find(key),
      update: (id, changes, write) => this.of(write.scope.marketplace).update(id, changes, write),
      identity: (row) => this.of('').identity(row),
    };
  }
}

describe('synchronization with Connec! over HTTP', () => {
  let sandbox: Sandbox;
  let tables: Tables;
  let companies: MemorySource<{ readonly name: string }>;
  let app: TestApplication | null = null;

  beforeEach(async () => {
    sandbox = await startSandbox({ scenario: 'empty' });
    tables = new Tables();
    companies = new MemorySource({ name: '' });
    const [marketplace] = sandbox.marketplaces.list();
    sandbox.build.group(marketplace!.name, { uid: GROUP, name: 'Lantern Works' });
  });
  afterEach(async () => {
    await app?.close();
    app = null;
    await sandbox.close();
    jest.restoreAllMocks();
    trace.disable();
    metrics.disable();
  });

  /** What an OpenTelemetry SDK would send on, from now on. */
  const observed = (): (() => Promise<readonly unknown[]>) => {
    const spans = new InMemorySpanExporter();
    const collected = new InMemoryMetricExporter(AggregationTemporality.DELTA);
    const reader = new PeriodicExportingMetricReader({
      exporter: collected,
      exportIntervalMillis: 3_600_000,
    });
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }),
    );
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
    return async () => {
      await reader.forceFlush();
      const traced = spans.getFinishedSpans().map(({ name, attributes, status, events, resource }) => ({
        name,
        attributes,
        status,
        events,
        resource: resource.attributes,
      }));
      const measured = collected
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: some }) => some));
      await reader.shutdown();
      return [...traced, ...measured];
    };
  };

  const first = (): string => sandbox.marketplaces.list()[0]!.name;
  const group = (marketplace = first()) => ({ marketplace, groupUid: GROUP });
  const started = async (given: TestApplicationOptions = {}): Promise<MaestranoSync> => {
    app = await testApplication({
      sandbox,
      options: { http: { attempts: 1 } },
      ...given,
      imports: [
        MaestranoSyncModule.forRoot({
          store: new MemorySyncStore(),
          owner: { provider: 'test-app', realm: 'main' },
          firstRun: 'apply',
          restMs: 0,
          entities: [
            syncEntity('people', tables.source, {
              fields: { first_name: 'firstName', last_name: 'lastName' },
            }),
            syncEntity('organizations', companies, { fields: { name: 'name' } }),
          ],
        }),
      ],
    });
    return app.app.get(MaestranoSync);
  };
  const people = (marketplace = first()): readonly Record<string, unknown>[] =>
    sandbox.connec.list('people', { group: GROUP, marketplace });
  const write = (record: Record<string, unknown>, marketplace = first()): Record<string, unknown> =>
    sandbox.connec.write('people', record, { group: GROUP, marketplace });

  it('check 18: two marketplaces with equal ids of groups and records exchange nothing of each other', async () => {
    const [one, two] = [first(), 'harbour'];
    await sandbox.marketplaces.add({ name: two });
    sandbox.build.group(two, { uid: GROUP, name: 'Lantern Works' });
    const sync = await started();
    tables.of(one).add({ firstName: 'Ottoline', lastName: 'Of-the-first' });
    tables.of(two).add({ firstName: 'Peregrine', lastName: 'Of-the-second' });
    write({ first_name: 'Quentin', last_name: 'Of-the-first' }, one);
    write({ first_name: 'Rosalind', last_name: 'Of-the-second' }, two);
    for (let count = 0; count < 3; count += 1) {
      await sync.run(group(one));
      await sync.run(group(two));
    }
    for (const [own, other, names] of [
      [one, 'Of-the-second', ['Ottoline', 'Quentin']],
      [two, 'Of-the-first', ['Peregrine', 'Rosalind']],
    ] as const) {
      const found = (values: readonly unknown[]): readonly string[] => values.map(String).toSorted();
      expect(found(people(own).map(({ first_name }) => first_name))).toEqual(names);
      expect(found(tables.of(own).list.map(({ firstName }) => firstName))).toEqual(names);
      const exchanges = sandbox.journal.find({ marketplace: own, part: 'connec' });
      expect(exchanges.length).toBeGreaterThan(0);
      expect(JSON.stringify(exchanges)).toContain(
        other === 'Of-the-first' ? 'Of-the-second' : 'Of-the-first',
      );
      expect(JSON.stringify(exchanges)).not.toContain(other);
    }
  });

  it('check 24: no value of a record is in the log, in errors, metrics, traces or in what is shown, whatever goes wrong', async () => {
    const canary = 'Zanzibar-Quokka-7731';
    const said: unknown[] = [];
    for (const level of ['log', 'warn', 'error', 'debug', 'verbose', 'fatal'] as const) {
      jest.spyOn(Logger.prototype, level).mockImplementation((...args: unknown[]) => {
        said.push(...args.map((one) => (one instanceof Error ? [one.message, one.stack, one.cause] : one)));
      });
    }
    const telemetry = observed();
    const sync = await started({ logger: new Logger() });
    const contacts = tables.of(first());
    sandbox.connec.manner = { maxLength: 8 };
    contacts.add({ firstName: canary, lastName: canary });
    write({ first_name: `${canary} there` });
    contacts.before = () => {
      throw new SyncRejected('a rule of the application');
    };
    const shown: unknown[] = [await sync.run(group())];
    contacts.before = () => {
      throw new Error(`duplicate key (${canary})`);
    };
    write({ first_name: `${canary} too` });
    shown.push(await sync.run(group()));
    sandbox.faults.add({ part: 'connec' }, { status: 503, body: { errors: [canary] } });
    contacts.edit(1, { firstName: `${canary} again` });
    shown.push(await sync.run(group()).catch((error: unknown) => String(error)));
    const changes = contacts.changes.bind(contacts);
    contacts.changes = () => Promise.reject(new Error(`no such column: ${canary}`));
    shown.push(await sync.run(group()).catch((error: unknown) => String(error)));
    contacts.changes = changes;
    sandbox.faults.clear();
    shown.push(await sync.status(group()), await sync.held(group(), 'people', 'quarantined'));
    const ref = { entity: 'people', app: '1' };
    shown.push(await sync.explain(group(), ref), await sync.history(group(), ref));
    expect(JSON.stringify(said)).toContain('sync.roundTrip');
    expect(JSON.stringify(shown)).toContain('a rule of the application');
    const sent = JSON.stringify(await telemetry());
    for (const name of ['maestrano sync', 'maestrano.sync.records', 'maestrano.sync.held', 'sync.sideAway'])
      expect(sent).toContain(name);
    expect(JSON.stringify([said, shown, sent])).not.toContain('Quokka');
  });

  it('check 35: a backup of the platform stops the entity within a sweep, and a person chooses', async () => {
    const sync = await started();
    const contacts = tables.of(first());
    for (let n = 0; n < 100; n += 1) contacts.add({ firstName: `N${n}`, lastName: 'Ashdown-Pell' });
    await sync.run(group());
    await sync.run(group());
    const backup = sandbox.connec.backup({ group: GROUP });
    sandbox.clock.advance('1m');
    contacts.edit(7, { lastName: 'Newer-Pell' });
    await sync.run(group());
    sandbox.connec.restoreBackup(backup);
    const { length } = contacts.writes;
    const after = sandbox.journal.lastId;
    for (let count = 0; count < 3; count += 1) await sync.run(group(), { full: true });
    expect(await sync.status(group())).toMatchObject({
      entities: [{ entity: 'people', stopped: { code: 'sync.restored', side: 'connec' } }, {}],
    });
    expect(contacts.writes).toHaveLength(length);
    const sent = sandbox.journal.find({ route: 'batch', after });
    expect(JSON.stringify(sent)).not.toContain('"put"');
    await (await sync.operations(group())).restored('people', 'theOther');
    await sync.run(group());
    await sync.run(group());
    expect(contacts.list.find(({ id }) => id === 7)?.lastName).toBe('Newer-Pell');
    expect(people().filter(({ last_name }) => last_name === 'Newer-Pell')).toHaveLength(1);
  });

  describe.each(HTTP_ADAPTERS)('started by the platform on %s', (httpAdapter) => {
    let sync: MaestranoSync;

    beforeEach(async () => {
      sync = await started({ httpAdapter, extras: { routes: { synchronization: true } } });
      await sync.run(group());
    });

    const start = async (options: string): Promise<void> => {
      const [marketplace] = sandbox.marketplaces.list();
      const response = await fetch(`${app!.url}/maestrano/${first()}/synchronizations`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${btoa(`${marketplace!.apiId}:${marketplace!.apiKeys[0]}`)}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: `group_id=${GROUP}${options}`,
      });
      expect(response.status).toBe(201);
      await sync.idle();
    };
    const names = (): readonly string[] =>
      people()
        .map(({ first_name }) => String(first_name))
        .toSorted();

    it('check 17: `full_sync` lists everything, also what polling does not show', async () => {
      const contacts = tables.of(first());
      const changes = contacts.changes.bind(contacts);
      contacts.changes = async (query) => {
        const page = await changes(query);
        return query.cursor === null ? page : { ...page, records: [] };
      };
      contacts.add({ firstName: 'Unseen', lastName: 'Ashdown-Pell' });
      await start('');
      expect(names()).toEqual([]);
      await start('&opts[full_sync]=true');
      expect(names()).toEqual(['Unseen']);
    });

    it('check 17: `only_entities` leaves the others alone', async () => {
      tables.of(first()).add({ firstName: 'Person', lastName: 'Ashdown-Pell' });
      companies.add({ name: 'Company' });
      await start('&opts[only_entities][]=organization');
      expect(names()).toEqual([]);
      expect(sandbox.connec.list('organizations', { group: GROUP })).toHaveLength(1);
      await start('');
      expect(names()).toEqual(['Person']);
    });

    it.each([
      ['true', 'Of Connec!'],
      ['false', 'Of the application'],
    ])('check 17: `connec_preemption=%s` decides every conflict of the run', async (value, winner) => {
      const contacts = tables.of(first());
      const { id } = contacts.add({ firstName: 'Oda', lastName: 'Ashdown-Pell' });
      await start('');
      contacts.edit(id, { firstName: 'Of the application' });
      write({ id: people()[0]!.id, first_name: 'Of Connec!' });
      await start(`&opts[connec_preemption]=${value}`);
      expect(names()).toEqual([winner]);
      expect(contacts.list.map(({ firstName }) => firstName)).toEqual([winner]);
    });
  });
});
