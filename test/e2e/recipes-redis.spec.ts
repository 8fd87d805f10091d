import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import type { RedisStore } from '../../src/redis/redis-store.js';
import { snippetsOf } from '../package/program.js';
import { freePort } from '../support/free-port.mjs';

const { TEST_REDIS_URL = '' } = process.env;
const onRedis = TEST_REDIS_URL === '' ? describe.skip : describe;
if (TEST_REDIS_URL === '')
  console.warn(
    'Skipping the recipe of Sentinel and Cluster: redis-server is not installed (Debian package: redis-server).',
  );

const HERE = join(import.meta.dirname, `.recipes-redis-${process.pid}`);

// A master that one sentinel watches, and a cluster of one node that holds all slots.
onRedis('the recipe of Redis Sentinel and Cluster', () => {
  const servers: ChildProcess[] = [];
  let folder: string;
  let stores: { readonly behindSentinel: RedisStore; readonly onCluster: RedisStore };

  function serve(port: number, name: string, options: readonly string[], lines = ''): void {
    const own = join(folder, name);
    mkdirSync(own);
    const file = join(own, 'redis.conf');
    writeFileSync(file, `port ${port}\nbind 127.0.0.1\ndir ${own}\nsave ""\n${lines}`);
    servers.push(spawn('redis-server', [file, ...options], { stdio: 'ignore' }));
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-recipe-'));
    const [master, sentinel, node] = [await freePort(), await freePort(), await freePort()];
    serve(master, 'master', []);
    serve(sentinel, 'sentinel', ['--sentinel'], `sentinel monitor mymaster 127.0.0.1 ${master} 1\n`);
    serve(node, 'node', [], 'cluster-enabled yes\ncluster-announce-ip 127.0.0.1\n');
    const client = new Redis(node, '127.0.0.1', { maxRetriesPerRequest: null });
    await client.cluster('ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot));
    while (!(await client.cluster('INFO')).includes('cluster_state:ok')) await pause(50);
    client.disconnect();
    // The recipe as it stands, with the names of this machine in place of its own.
    const recipe = snippetsOf('docs/recipes.md').find(({ text }) =>
      text.includes('recipes/redis-stores.ts'),
    )!;
    const text = recipe.text
      .replaceAll(/host: 'sentinel-\d', port: 26379/g, `host: '127.0.0.1', port: ${sentinel}`)
      .replace("host: 'redis-1', port: 6379", `host: '127.0.0.1', port: ${node}`);
    mkdirSync(HERE);
    writeFileSync(join(HERE, 'redis-stores.ts'), text);
    stores = (await import(join(HERE, 'redis-stores.ts'))) as typeof stores;
  }, 60_000);

  afterAll(async () => {
    await Promise.all(Object.values(stores ?? {}).map((store: RedisStore) => store.close()));
    for (const server of servers) {
      const gone = once(server, 'exit');
      server.kill();
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
    rmSync(HERE, { recursive: true, force: true });
  });

  it.each(['behindSentinel', 'onCluster'] as const)('keeps things %s', async (name) => {
    const store = stores[name];
    expect(await store.get('recipe:one')).toBeNull();
    await store.set('recipe:one', 'value', 60_000);
    expect(await store.get('recipe:one')).toBe('value');
  });
});
