import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Body, Controller, HttpCode, Inject, Module, Post, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Queue } from 'bullmq';
import inject from 'light-my-request';

import { MaestranoBullmqModule } from '../src/bullmq/index.js';
import { MaestranoModule } from '../src/index.js';
import { AUTHORIZATION, HandWrittenGuard, MARKETPLACES } from './by-hand.js';
import { defineBench, type Bench, type Operation } from './harness.js';

/** The least that stores a body before it answers: no retries, no checks. */
@Controller('by-hand')
@UseGuards(HandWrittenGuard)
class HandWrittenController {
  constructor(@Inject(Queue) private readonly queue: Queue) {}

  @Post()
  @HttpCode(200)
  async take(@Body() body: Record<string, unknown>): Promise<object> {
    await this.queue.add('notification', body);
    return { success: true };
  }
}

const BODY = JSON.stringify({
  invoices: Array.from({ length: 2 }, (_, n) => ({
    id: `e32303c1-5102-0132-661e-${String(n).padStart(12, '0')}`,
    code: `INV-${n}`,
    status: 'AUTHORISED',
    group_id: 'cld-1',
    title: 'Consulting and travel',
    amount: { total_amount: 110.5, net_amount: 100, tax_amount: 10.5, currency: 'AUD' },
    organization_id: 'a34303d1-4142-0152-362e-610408337d74',
    updated_at: '2016-08-01T15:30:20Z',
  })),
});

function post(dispatch: inject.DispatchFunc, url: string): Operation {
  const headers = { 'content-type': 'application/json', authorization: AUTHORIZATION };
  return async () => {
    const { statusCode, payload } = await inject(dispatch, { method: 'POST', url, headers, payload: BODY });
    if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${payload}`);
  };
}

async function redis(): Promise<{ url: string; child: ChildProcess; dir: string }> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const dir = mkdtempSync(join(tmpdir(), 'bench-redis-'));
  const options = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--appendonly',
    'yes',
    '--save',
    '',
    '--dir',
    dir,
  ];
  const child = spawn('redis-server', options, { stdio: 'ignore' });
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url: `redis://127.0.0.1:${port}`, child, dir };
}

const bench: Bench = {
  name: 'a notification stored before the answer, against a bare BullMQ add behind the same guard',
  setup: async ({ short }) => {
    const { url, child, dir } = await redis();
    const queue = new Queue('bare', { connection: { url } });
    @Module({
      imports: [
        MaestranoModule.forRoot({ marketplaces: MARKETPLACES }),
        MaestranoBullmqModule.forRoot({ connection: url, worker: false }),
      ],
      controllers: [HandWrittenController],
      providers: [{ provide: Queue, useValue: queue }],
    })
    class BenchModule {}
    const app = await NestFactory.create<NestFastifyApplication>(BenchModule, new FastifyAdapter(), {
      logger: false,
    });
    await app.init();
    const instance = app.getHttpAdapter().getInstance();
    await instance.ready();
    const dispatch: inject.DispatchFunc = (request, response) => instance.routing(request, response);
    const [bare, ours] = [post(dispatch, '/by-hand'), post(dispatch, '/maestrano/connec/notifications/uat')];
    for (let done = 0; done < (short ? 1 : 3_000); done += 1) await Promise.all([bare(), ours()]);
    return {
      concurrency: 50,
      slotMs: 200,
      cycles: 12,
      baseline: bare,
      candidates: { 'ours, all features on': { run: ours, goal: { atLeast: 0.8 } } },
      close: async () => {
        await app.close();
        await queue.close();
        child.kill();
        rmSync(dir, { recursive: true, force: true });
      },
    };
  },
};

const present = spawnSync('redis-server', ['--version']).status === 0;
if (!present) console.warn('Not measured: redis-server is not installed (Debian package: redis-server).');

export default defineBench(...(present ? [bench] : []));
