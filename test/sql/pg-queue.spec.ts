import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import PgBoss from 'pg-boss';
import pg from 'pg';

import { ConnecHandler, type ConnecNotificationContext, MaestranoModule } from '../../src/index.js';
import {
  MaestranoPgQueueModule,
  type MaestranoPgQueueOptions,
  pgQueueMigrationText,
  PgNotificationQueue,
} from '../../src/pg-queue/index.js';
import { pgExecutor } from '../../src/sql/executors/pg-executor.js';
import type { SqlExecutor } from '../../src/sql/sql-executor.js';
import { testApplication } from '../support/application.js';
import { type CommandOutcome, commandLine } from '../support/command-line.js';
import { type BootedApp, bootApp, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';

type Entity = Readonly<Record<string, unknown>>;

const onPostgres = isThere('postgres') ? describe : describe.skip;

let handled: string[] = [];
let broken = new Set<string>();
let booted: { close(): Promise<void> }[] = [];
let database: TestDatabase;
let pool: pg.Pool;
let executor: SqlExecutor;
let queueName = '';

@Injectable()
class Listener {
  @ConnecHandler('people')
  onPerson(entity: Entity, { attempt }: ConnecNotificationContext): void {
    if (broken.has(String(entity.id))) throw new Error(`no room for ${String(entity.email)}`);
    handled.push(`${String(entity.id)} at ${attempt}`);
  }
}

const queueOptions = (more: Partial<MaestranoPgQueueOptions> = {}): MaestranoPgQueueOptions => ({
  engine: PgBoss,
  executor,
  queueName,
  pollMs: 50,
  backoffMs: 10,
  attempts: 3,
  ...more,
});

async function boot(
  more: Partial<MaestranoPgQueueOptions> = {},
  httpAdapter: (typeof HTTP_ADAPTERS)[number] = 'express',
): Promise<BootedApp> {
  const app = await testApplication({
    httpAdapter,
    options: { marketplaces: [marketplaceInput('one')] },
    imports: [MaestranoPgQueueModule.forRoot(queueOptions(more))],
    providers: [Listener],
  });
  booted.push(app);
  return app;
}

function open(more: Partial<MaestranoPgQueueOptions> = {}): PgNotificationQueue {
  const queue = new PgNotificationQueue(queueOptions({ worker: false, ...more }));
  booted.push(queue);
  return queue;
}

async function send(app: BootedApp, body: unknown): Promise<Response> {
  const headers = { authorization: basicOf('one'), 'content-type': 'application/json' };
  const url = `${app.url}/maestrano/connec/notifications/one`;
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${handled.join(', ')}`);
    await pause(20);
  }
}

const person = (id: string): Entity => ({
  id,
  group_id: 'cld-1',
  updated_at: '2016-08-01T15:30:20Z',
  email: 'jo@example.com',
});
const notification = (...ids: string[]) => ({
  marketplace: 'one',
  receivedAt: new Date().toISOString(),
  resources: { people: ids.map(person) },
});
const queueOf = (app: BootedApp): PgNotificationQueue => app.app.get(PgNotificationQueue);

onPostgres('notifications queued in PostgreSQL', () => {
  beforeAll(async () => {
    database = await makeDatabase('postgres');
    pool = new pg.Pool({ connectionString: database.url, max: 10, connectionTimeoutMillis: 5_000 });
    pool.on('error', () => undefined);
    executor = pgExecutor(pool);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  beforeEach(() => {
    handled = [];
    broken = new Set();
    booted = [];
    queueName = `q-${randomUUID()}`;
  });
  afterEach(async () => {
    for (const one of booted) await one.close();
  });

  it.each([
    ['the rows of queues', 'truncate maestrano_queue.queue cascade'],
    ['all tables', 'drop schema maestrano_queue cascade'],
  ])('are stored and handled although %s were lost under an open instance', async (_what, loses) => {
    const app = await boot();
    const receiving = open();
    await receiving.add(notification('a'));
    await until(() => handled.length === 1);
    await pool.query(loses);
    // One that the application has in a transaction of its own is lost with that, or is there.
    const client = await pool.connect();
    try {
      await client.query('begin');
      await receiving.add(notification('b'), { tx: client });
      await client.query('commit');
    } catch {
      await client.query('rollback');
      await receiving.add(notification('b'));
    } finally {
      client.release();
    }
    expect((await send(app, { people: [person('c')] })).status).toBe(200);
    await until(() => handled.length === 3);
    expect(handled.toSorted()).toEqual(['a at 1', 'b at 1', 'c at 1']);
    // Dead letters have their queue again, too.
    broken.add('d');
    await receiving.add(notification('d'));
    await until(async () => (await receiving.counts()).dead === 1);
  });

  it.each(HTTP_ADAPTERS)('are stored, then acknowledged, then handled (%s)', async (httpAdapter) => {
    const app = await boot({}, httpAdapter);
    const response = await send(app, { people: [person('a'), person('b')] });
    expect(response.status).toBe(200);
    await until(() => handled.length === 2);
    expect(handled).toEqual(['a at 1', 'b at 1']);
    await until(async () => (await queueOf(app).counts()).active === 0);
    expect(await queueOf(app).counts()).toEqual({ waiting: 0, active: 0, delayed: 0, dead: 0, lagMs: null });
  });

  it.each(HTTP_ADAPTERS)('are rejected with 503 while PostgreSQL is away (%s)', async (httpAdapter) => {
    const away = new pg.Pool({ connectionString: 'postgres://vendor@127.0.0.1:1/none' });
    const app = await boot({ executor: pgExecutor(away), addTimeoutMs: 2_000 }, httpAdapter);
    const response = await send(app, { people: [person('a')] });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    await booted.pop()!.close();
    await away.end();
  });

  it('are dead letters that show no customer, and are replayed by the command', async () => {
    const app = await boot();
    broken = new Set(['b']);
    await send(app, { people: [person('a'), person('b')] });
    await until(async () => (await queueOf(app).counts()).dead === 1);
    const [letter] = await queueOf(app).deadLetters();
    expect(letter).toMatchObject({ marketplace: 'one', attempts: 3, entities: { people: 1 } });
    expect(JSON.stringify(letter)).not.toContain('jo@example.com');

    const command = (...argv: string[]): Promise<CommandOutcome> =>
      commandLine(['dead-letters', ...argv, '--postgres', database.url, '--queue', queueName], {
        cwd: import.meta.dirname,
      });
    const { code, out } = await command('list');
    expect(code).toBe(0);
    expect(out).toContain(`${letter!.id}  `);
    expect(out).toContain('1 person  3 attempts');
    expect(await command('discard', randomUUID())).toMatchObject({ code: 1 });
    broken = new Set();
    handled = [];
    expect(await command('replay', letter!.id)).toMatchObject({ code: 0 });
    await until(() => handled.length === 1);
    expect(handled).toEqual(['b at 1']);
    expect(await command('list', '--schema', 'nowhere')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/The PostgreSQL of the queue cannot be used: .*Check --postgres/s),
    });
  });

  it('are there when a transaction of the application commits, and never were when it does not', async () => {
    const queue = open();
    await queue.counts();
    const client = await pool.connect();
    await client.query('begin');
    await queue.add(notification('a'), { tx: client });
    expect((await queue.counts()).waiting).toBe(0);
    await client.query('commit');
    expect((await queue.counts()).waiting).toBe(1);
    await client.query('begin');
    await queue.add(notification('b'), { tx: client });
    await client.query('rollback');
    client.release();
    expect((await queue.counts()).waiting).toBe(1);
    await expect(queue.add(notification('c'), { tx: undefined })).rejects.toMatchObject({
      code: 'sql.transaction',
    });
    await expect(queue.add(notification('c'), { tx: pool })).rejects.toMatchObject({
      code: 'sql.transaction',
    });
  });

  it('keep the newest dead letters only', async () => {
    const queue = open({ worker: true, attempts: 1, keepDead: 2 });
    queue.start(async ({ resources }) => ({ remaining: resources, error: new Error('no room') }));
    for (const id of ['a', 'b', 'c', 'd']) {
      await queue.add(notification(id));
      await until(async () => {
        const { waiting, active } = await queue.counts();
        return waiting + active === 0;
      });
    }
    expect(await queue.deadLetters()).toHaveLength(2);
  });

  it('are given up when too many processes die of them', async () => {
    const dying = { lockMs: 1_000, maxCrashes: 1 };
    for (let death = 0; death < 2; death += 1) {
      const queue = open({ worker: true, ...dying });
      let begun = false;
      queue.start(() => {
        begun = true;
        return new Promise(() => undefined);
      });
      if (death === 0) await queue.add(notification('a'));
      await until(() => begun);
      await queue.stop(0);
    }
    const last = open({ worker: true, ...dying });
    last.start(async () => {
      throw new Error('It is handed out once more.');
    });
    await until(async () => (await last.counts()).dead === 1);
    const [letter] = await last.deadLetters();
    expect(letter).toMatchObject({ attempts: 0, entities: { people: 1 } });
    expect(letter!.reason).toContain('died');
    expect((await last.counts()).active).toBe(0);
    expect(await last.replay(letter!.id)).toBe(true);
  });

  it('make their tables once, when many start at once', async () => {
    const schema = `s_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
    const queues = Array.from({ length: 10 }, () => open({ schema }));
    await Promise.all(queues.map((queue) => queue.add(notification('a'))));
    expect((await queues[0]!.counts()).waiting).toBe(10);
  });

  it('leave the tables to migrations where told so', async () => {
    const schema = `s_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
    const queue = open({ schema, migrate: false });
    await expect(queue.add(notification('a'))).rejects.toMatchObject({
      code: 'connec.queue',
      message: expect.stringContaining('missing or old'),
    });
    await pool.query(pgQueueMigrationText(queueOptions({ schema })));
    await queue.add(notification('a'));
    expect((await queue.counts()).waiting).toBe(1);
  });

  it('that nobody here wrote are put aside', async () => {
    const queue = open({ worker: true });
    await queue.counts();
    await pool.query(`insert into maestrano_queue.job (name, data) values ($1, '{"a":1}')`, [queueName]);
    queue.start(async () => ({ remaining: null, error: null }));
    await until(async () => (await queue.counts()).dead === 1);
    expect((await queue.deadLetters())[0]!.reason).toBe('It is no notification.');
  });

  it('come from options of a factory too, and from an import of the registration', async () => {
    const queue = MaestranoPgQueueModule.forRootAsync({ isGlobal: false, useFactory: () => queueOptions() });
    const app = await testApplication({
      httpAdapter: 'fastify',
      options: { marketplaces: [marketplaceInput('one')] },
      extras: { imports: [queue] },
      providers: [Listener],
    });
    booted.push(app);
    expect((await send(app, { people: [person('a')] })).status).toBe(200);
    await until(() => handled.length === 1);
  });

  it('cannot serve two registrations from one queue', async () => {
    const register = (prefixOfRoutes: string) =>
      MaestranoModule.forRoot({
        marketplaces: [{ ...marketplaceInput('one'), webhooks: {}, sso: { enabled: false } }],
        routes: { prefix: prefixOfRoutes },
      });
    @Module({ imports: [register('a'), register('b'), MaestranoPgQueueModule.forRoot(queueOptions())] })
    class App {}
    await expect(bootApp('express', App)).rejects.toMatchObject({ code: 'connec.queue' });
  });

  it('reject options that cannot be used, all at once', () => {
    const options = { engine: 'pg-boss', executor: {}, schema: 'Not A Name', attempts: 0, retries: 1 };
    const make = (): unknown => new PgNotificationQueue(options as never);
    for (const name of ['engine', 'executor', 'schema', 'attempts', 'retries']) expect(make).toThrow(name);
  });
});
