import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Cluster, Redis } from 'ioredis';

import { BullmqNotificationQueue, MaestranoBullmqModule } from '../../src/bullmq/index.js';
import { ConnecHandler } from '../../src/connec/notifications/connec-handler.decorator.js';
import { MaestranoModule } from '../../src/maestrano.module.js';
import { RedisStore } from '../../src/redis/redis-store.js';
import { freePort } from '../support/free-port.mjs';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { type BootedApp, bootApp } from '../support/http-adapters.js';

const { TEST_REDIS_URL = '' } = process.env;
const onRedis = TEST_REDIS_URL === '' ? describe.skip : describe;
if (TEST_REDIS_URL === '')
  console.warn(
    'Skipping the queue on a cluster: redis-server is not installed (Debian package: redis-server).',
  );

const handled: string[] = [];

@Injectable()
class Listener {
  @ConnecHandler('people')
  onPerson(entity: Readonly<Record<string, unknown>>): void {
    if (entity.id === 'bad') throw new Error('no room');
    handled.push(String(entity.id));
  }
}

onRedis('queued notifications on a Redis Cluster', () => {
  let folder: string;
  let server: ChildProcess;
  let clusters: Cluster[];
  let app: BootedApp;

  // One node that holds all slots rejects keys of two hash tags in one script as any cluster does.
  beforeAll(async () => {
    const port = await freePort();
    folder = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-queue-cluster-'));
    const options = ['--port', String(port), '--dir', folder, '--save', '', '--appendonly', 'no'];
    const clustered = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
    server = spawn('redis-server', [...options, ...clustered], { stdio: 'ignore' });
    const node = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null });
    await node.cluster('ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot));
    while (!(await node.cluster('INFO')).includes('cluster_state:ok')) await pause(50);
    node.disconnect();
    const connect = () =>
      new Cluster([{ host: '127.0.0.1', port }], { redisOptions: { maxRetriesPerRequest: null } });
    clusters = [connect(), connect()];
    const prefix = `c-${randomUUID()}`;
    @Module({
      imports: [
        MaestranoModule.forRoot({
          marketplaces: [marketplaceInput('one')],
          store: new RedisStore(clusters[0]!, { prefix }),
        }),
        MaestranoBullmqModule.forRoot({ connection: clusters[1]!, prefix, attempts: 1 }),
      ],
      providers: [Listener],
    })
    class App {}
    app = await bootApp('express', App);
  });
  afterAll(async () => {
    await app?.close();
    for (const cluster of clusters ?? []) cluster.disconnect();
    const gone = once(server, 'exit');
    server.kill();
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });

  it('are stored, handled, given up and removed', async () => {
    const people = ['a', 'bad'].map((id) => ({ id, group_id: 'cld-1', updated_at: '2016-08-01T15:30:20Z' }));
    const response = await fetch(`${app.url}/maestrano/connec/notifications/one`, {
      method: 'POST',
      headers: { authorization: basicOf('one'), 'content-type': 'application/json' },
      body: JSON.stringify({ people }),
    });
    expect(response.status).toBe(200);
    const queue = app.app.get(BullmqNotificationQueue);
    while ((await queue.counts()).dead === 0) await pause(20);
    expect(handled).toEqual(['a']);
    expect((await queue.deadLetters()).map(({ entities }) => entities)).toEqual([{ people: 1 }]);
    expect(await queue.removeGroup('one', 'cld-1', 1_000)).toBe(1);
    expect(await queue.counts()).toMatchObject({ waiting: 0, dead: 0 });
  });
});
