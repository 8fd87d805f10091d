import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type LoggerService, Module } from '@nestjs/common';
import { Redis } from 'ioredis';

import { MaestranoGroupAdapter } from '../../src/adapters/maestrano-group.adapter.js';
import { MaestranoNotificationAdapter } from '../../src/adapters/maestrano-notification.adapter.js';
import { BullmqNotificationQueue, MaestranoBullmqModule } from '../../src/bullmq/index.js';
import { ConnecHandler } from '../../src/connec/notifications/connec-handler.decorator.js';
import type { MaestranoConnecError } from '../../src/errors/connec.error.js';
import type {
  ConnecNotificationContext,
  ConnecNotificationFailure,
} from '../../src/interfaces/connec-notification.interface.js';
import type { ConnecNotificationOptions } from '../../src/interfaces/connec-options.interface.js';
import { MaestranoModule } from '../../src/maestrano.module.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { type BootedApp, bootApp, HTTP_ADAPTERS, type HttpAdapterName } from '../support/http-adapters.js';

const { TEST_REDIS_URL: REDIS_URL = '' } = process.env;
if (REDIS_URL === '')
  console.warn('Skipping the queue: redis-server is not installed (Debian package: redis-server).');

type Entity = Readonly<Record<string, unknown>>;

let done: string[] = [];
let signals: AbortSignal[] = [];
let failures: ConnecNotificationFailure[] = [];
let lines: string[] = [];
let booted: BootedApp | null = null;
let prefix = '';
/** Ends the handlers that never end, once the test is over. */
let release: () => void = () => undefined;
let never: Promise<void> = Promise.resolve();

@Injectable()
class Listener {
  @ConnecHandler('people')
  async first(entity: Entity, { signal }: ConnecNotificationContext): Promise<void> {
    const id = String(entity.id);
    if (id === 'long') await pause(200);
    if (id.startsWith('hung')) {
      signals.push(signal);
      await never;
    }
    if (id.startsWith('polite')) await pause(60_000, null, { signal });
    done.push(`first ${id}`);
  }

  @ConnecHandler('people')
  second({ id }: Entity, { signal }: ConnecNotificationContext): void {
    done.push(`second ${String(id)}${signal.aborted ? ' aborted' : ''}`);
  }
}

class Notifications extends MaestranoNotificationAdapter {
  override async onFailure(failure: ConnecNotificationFailure): Promise<void> {
    failures.push(failure);
    // The error tracker hangs too.
    await never;
  }
}

class Strangers extends MaestranoNotificationAdapter {
  override async knowsGroup(): Promise<boolean> {
    await never;
    return true;
  }
}

class Groups extends MaestranoGroupAdapter {
  findOrCreateGroup(): null {
    return null;
  }
  hasMember(): boolean {
    return true;
  }
  addMember(): void {}
  removeMember(): void {}
  deleteGroup(): void {
    done.push('deleted');
  }
}

const note = (line: string): void => void lines.push(line);
const logger: LoggerService = { log: note, warn: note, error: note };

async function boot(
  notifications: ConnecNotificationOptions,
  {
    httpAdapter = 'express',
    shutdownTimeoutMs = 25_000,
    concurrency = 0,
    notificationAdapter = Notifications,
  }: {
    httpAdapter?: HttpAdapterName;
    shutdownTimeoutMs?: number;
    /** Of the queue; none without. */
    concurrency?: number;
    notificationAdapter?: typeof Notifications | typeof Strangers;
  } = {},
): Promise<BootedApp> {
  const connection = { connection: REDIS_URL, prefix, attempts: 2, backoffMs: 10, lockMs: 1_000 };
  @Module({
    imports: [
      MaestranoModule.forRoot({
        marketplaces: [marketplaceInput('one')],
        groupAdapter: Groups,
        notificationAdapter,
        connec: { notifications },
        shutdownTimeoutMs,
      }),
      ...(concurrency > 0 ? [MaestranoBullmqModule.forRoot({ ...connection, concurrency })] : []),
    ],
    providers: [Listener],
  })
  class App {}
  booted = await bootApp(httpAdapter, App, { logger });
  return booted;
}

async function send(...ids: string[]): Promise<{ status: number; code: unknown }> {
  const people = ids.map((id) => ({ id, group_id: 'cld-1', updated_at: '2016-08-01T15:30:20Z' }));
  const response = await fetch(`${booted!.url}/maestrano/connec/notifications/one`, {
    method: 'POST',
    headers: { authorization: basicOf('one'), 'content-type': 'application/json' },
    body: JSON.stringify({ people }),
  });
  const { code = null } = (await response.json()) as { code?: unknown };
  return { status: response.status, code };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${lines.join('\n')}`);
    await pause(20);
  }
}

async function close(): Promise<number> {
  const started = performance.now();
  await booted?.close();
  booted = null;
  return performance.now() - started;
}

beforeEach(() => {
  done = [];
  signals = [];
  failures = [];
  lines = [];
  booted = null;
  prefix = `limits-${randomUUID()}:`;
  never = new Promise((resolve) => (release = resolve));
});
afterEach(async () => {
  release();
  await close();
});
afterAll(async () => {
  if (REDIS_URL === '') return;
  const connection = new Redis(REDIS_URL);
  const keys = await connection.keys('limits-*');
  if (keys.length > 0) await connection.unlink(...keys);
  await connection.quit();
});

describe.each(HTTP_ADAPTERS)('a handler that does not end (%s)', (httpAdapter) => {
  it('is answered as one that failed, with the others of the notification handled', async () => {
    await boot({ handlerTimeoutMs: 200 }, { httpAdapter });
    expect(await send('a', 'hung', 'b')).toEqual({ status: 500, code: 'connec.notificationFailed' });
    expect(done).toEqual(['first a', 'second a', 'second hung', 'first b', 'second b']);
    expect(signals[0]!.aborted).toBe(true);
    expect((signals[0]!.reason as MaestranoConnecError).code).toBe('connec.handlerTimeout');
    expect(failures.map(({ handler, error }) => [handler, (error as MaestranoConnecError).code])).toEqual([
      ['Listener.first', 'connec.handlerTimeout'],
    ]);
    // What was handled is not handled again, and the one that hung has its turn.
    release();
    expect(await send('a', 'hung', 'b')).toEqual({ status: 200, code: null });
    expect(done.slice(5)).toEqual(['first hung', 'first hung']);
    expect(lines).toContainEqual(
      expect.stringMatching(/^Listener\.first for people .* has ended; it had been given up/),
    );
  });

  it('is named in the log with resource and group when it runs long', async () => {
    await boot({ handlerTimeoutMs: 300 }, { httpAdapter });
    expect((await send('long')).status).toBe(200);
    expect(lines.filter((line) => line.includes('still running'))).toEqual([
      expect.stringMatching(
        /^Listener\.first for people of group "cld-1" on "one" \(0\.\d s\) is still running; it is given up after 0\.3 s\.$/,
      ),
    ]);
  });

  it('does not hold up the shutdown, which says what it left', async () => {
    await boot({}, { httpAdapter, shutdownTimeoutMs: 1_000 });
    const answers = Promise.all([send('hung', 'a'), send('polite')]);
    await until(() => signals.length === 1);
    expect(await close()).toBeLessThan(1_500);
    expect(await answers).toEqual([
      { status: 503, code: 'connec.notificationUnavailable' },
      { status: 503, code: 'connec.notificationUnavailable' },
    ]);
    expect(lines.filter((line) => line.startsWith('The application stops although'))).toEqual([
      expect.stringMatching(
        /handlers still run: Listener\.first for people of group "cld-1" on "one" \(\d\.\d s\)\.$/,
      ),
    ]);
    expect(signals[0]!.reason).toMatchObject({ code: 'connec.stopping' });
    expect(done).toEqual([]);
  });

  it('does not hold up the deletion of its group for longer than the option says', async () => {
    await boot({ deletionWaitMs: 300 }, { httpAdapter });
    const answer = send('hung', 'a');
    await until(() => signals.length === 1);
    const started = performance.now();
    const deletion = await fetch(`${booted!.url}/maestrano/account/groups/cld-1/one`, {
      method: 'DELETE',
      headers: { authorization: basicOf('one') },
    });
    expect(deletion.status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(290);
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^Group "cld-1" on "one" is being deleted, although after 300 ms there still ran: Listener\.first for people/,
      ),
    );
    release();
    expect(await answer).toEqual({ status: 200, code: null });
    // What it wrote cannot be taken back; nothing else is begun.
    expect(done).toEqual(['deleted', 'first hung']);
  });
});

describe('an adapter that does not say whether it knows a group', () => {
  it('makes the notification unavailable, not the caller wait', async () => {
    await boot({ handlerTimeoutMs: 200 }, { notificationAdapter: Strangers });
    expect(await send('a')).toEqual({ status: 503, code: 'connec.notificationUnavailable' });
  });
});

const onRedis = REDIS_URL === '' ? describe.skip : describe;

onRedis('queued handlers that do not end', () => {
  it('as many as the queue has places hold up nobody, and end as dead letters', async () => {
    await boot({ handlerTimeoutMs: 300 }, { concurrency: 2 });
    for (const id of ['hung-1', 'hung-2', 'a', 'b']) expect((await send(id)).status).toBe(200);
    await until(() => done.includes('first a') && done.includes('first b'));
    const queue = booted!.app.get(BullmqNotificationQueue);
    await until(async () => (await queue.counts()).dead === 2);
    expect((await queue.deadLetters()).map(({ attempts, entities }) => ({ attempts, entities }))).toEqual([
      { attempts: 2, entities: { people: 1 } },
      { attempts: 2, entities: { people: 1 } },
    ]);
    expect(
      lines.some((line) => line.includes('Listener.first failed for a people entity of group "cld-1"')),
    ).toBe(true);
  });

  it('do not hold up the shutdown, and are taken up by another process without losing an attempt', async () => {
    await boot({}, { concurrency: 2, shutdownTimeoutMs: 1_000 });
    await send('hung', 'a');
    await until(() => signals.length === 1);
    expect(await close()).toBeLessThan(4_000);
    release();
    await boot({}, { concurrency: 2 });
    await until(() => done.includes('second a'));
    // The one that was left ended too, later than anybody waited.
    expect(done.filter((one) => one !== 'first hung')).toEqual(['second hung', 'first a', 'second a']);
  });
});
