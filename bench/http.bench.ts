import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import axios from 'axios';
import { Pool } from 'undici';

import type { HttpCall, HttpTarget } from '../src/http/http.types.js';
import { MaestranoHttp } from '../src/http/maestrano-http.service.js';
import type { HttpOptions } from '../src/interfaces/http-options.interface.js';
import { resolveSettings } from '../src/settings/maestrano-settings.js';
import { Secret } from '../src/utils/secret.js';
import { defineBench } from './harness.js';

const PATH = '/api/v1/account/bills/bill-520';
const CONCURRENCY = 50;
const CALL: HttpCall = { method: 'GET', path: PATH, operation: 'GET account/bills/:id' };

interface Bench {
  readonly ours: () => Promise<unknown>;
  readonly intercepted: () => Promise<unknown>;
  readonly pool: () => Promise<unknown>;
  readonly axios: () => Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Clients of one server; ours with everything on: axios' pipeline, retries, deadline, breaker, cap, hooks, typed
 * errors. `intercepted` also has interceptors of the application: one adds a header, one looks at the response.
 */
async function clients(): Promise<Bench> {
  const server: ChildProcess = fork(join(import.meta.dirname, 'http-server.js'));
  const [port] = (await once(server, 'message')) as [number];
  const origin = `http://127.0.0.1:${port}`;
  const pool = new Pool(origin, { connections: CONCURRENCY });
  const seen = { attempts: 0, outcomes: 0, statuses: 0 };
  const hooks: HttpOptions = {
    onAttempt: () => (seen.attempts += 1),
    onOutcome: () => (seen.outcomes += 1),
  };
  const http = clientOf(hooks);
  const configure: HttpOptions['configure'] = ({ interceptors }) => {
    interceptors.request.use((config) => {
      config.headers.set('x-trace', 'trace-1');
      return config;
    });
    interceptors.response.use((response) => {
      seen.statuses += response.status;
      return response;
    });
  };
  const withInterceptors = clientOf({ ...hooks, configure });
  const credentials = { user: 'app-1', password: new Secret('k'.repeat(40)) };
  const target: HttpTarget = { name: 'acme', owner: server, service: 'account', origin, credentials };
  const authorization = `Basic ${Buffer.from(`app-1:${'k'.repeat(40)}`).toString('base64')}`;
  return {
    ours: async () => (await http.request(target, CALL)).json,
    intercepted: async () => (await withInterceptors.request(target, CALL)).json,
    pool: async () => {
      const headers = { authorization, accept: 'application/json' };
      const { body } = await pool.request({ path: PATH, method: 'GET', headers });
      return body.json();
    },
    axios: async () => {
      const auth = { username: 'app-1', password: 'k'.repeat(40) };
      return (await axios.get<unknown>(origin + PATH, { auth })).data;
    },
    close: async () => {
      await Promise.all([
        http.onApplicationShutdown(),
        withInterceptors.onApplicationShutdown(),
        pool.close(),
      ]);
      server.disconnect();
    },
  };
}

function clientOf(http: HttpOptions): MaestranoHttp {
  return new MaestranoHttp(resolveSettings({ http }, { environment: {} }).http);
}

/** Bytes of heap after a number of calls, 50 at once. */
async function heapAfter(calls: number, call: () => Promise<unknown>): Promise<number> {
  let left = calls;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

export default defineBench(
  {
    name: 'requests, 50 at once, against the default of axios',
    setup: async () => {
      const { ours, intercepted, pool, axios: plain, close } = await clients();
      return {
        baseline: plain,
        candidates: {
          MaestranoHttp: { run: ours, goal: { atLeast: 4 } },
          'with interceptors': { run: intercepted, goal: { atLeast: 4 } },
          'undici Pool': { run: pool },
        },
        concurrency: CONCURRENCY,
        close,
      };
    },
  },
  {
    name: 'requests, 50 at once, against the undici Pool',
    setup: async () => {
      const { ours, intercepted, pool, close } = await clients();
      return {
        baseline: pool,
        candidates: {
          MaestranoHttp: { run: ours, goal: { atLeast: 0.5 } },
          'with interceptors': { run: intercepted, goal: { atLeast: 0.5 } },
        },
        concurrency: CONCURRENCY,
        close,
      };
    },
  },
  {
    name: 'memory of calls',
    probe: async ({ short }) => {
      const { intercepted, close } = await clients();
      const [before, after] = short ? [500, 1_000] : [10_000, 100_000];
      const first = await heapAfter(before, intercepted);
      const last = await heapAfter(after, intercepted);
      await close();
      const growth = (last - first) / 1024;
      return { [`growth over ${after} calls`]: { value: growth, unit: 'KB', goal: { atMost: 1_024 } } };
    },
  },
);
