import { AsyncLocalStorage } from 'node:async_hooks';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, type INestApplication } from '@nestjs/common';
import { type Context, context, type ContextManager, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api';
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
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';

import { BillingService, type GroupReference } from '../../../src/index.js';
import {
  basicAuthHeader,
  MaestranoTestingModule,
  RecordingGroupAdapter,
  TestIdentityProvider,
  testMarketplace,
} from '../../../src/testing/index.js';
import { MaestranoHttp } from '../../../src/http/maestrano-http.service.js';
import { HTTP_ADAPTERS, type HttpAdapterName } from '../../support/http-adapters.js';
import { httpClient } from '../../support/http-client.js';

/** What an SDK for Node.js registers. */
class StorageContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active = (): Context => this.#storage.getStore() ?? ROOT_CONTEXT;
  with: ContextManager['with'] = (active, work, self, ...args) =>
    this.#storage.run(active, () => work.apply(self as ThisParameterType<typeof work>, args));
  bind = <T>(_active: Context, target: T): T => target;
  enable = (): this => this;
  disable = (): this => this;
}

const spans = new InMemorySpanExporter();
const collected = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const reader = new PeriodicExportingMetricReader({ exporter: collected, exportIntervalMillis: 3_600_000 });
let app: INestApplication | undefined;

beforeAll(() => {
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }),
  );
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  context.setGlobalContextManager(new StorageContextManager());
});
afterEach(async () => {
  await app?.close();
  spans.reset();
  // What was measured and not asked for must not meet the next test.
  await reader.forceFlush();
  collected.reset();
});
afterAll(async () => {
  await reader.shutdown();
  trace.disable();
  metrics.disable();
  context.disable();
});

@Injectable()
class BillingGroups extends RecordingGroupAdapter {
  constructor(@Inject(BillingService) private readonly billing: BillingService) {
    super();
  }
  override async beforeGroupDeletion({ groupUid, marketplace }: GroupReference): Promise<void> {
    await this.billing.for(marketplace).bills.list({ groupId: groupUid });
  }
}

async function boot(httpAdapter: HttpAdapterName, port: number) {
  const moduleRef = await Test.createTestingModule({
    imports: [
      MaestranoTestingModule.forRoot({
        groupAdapter: BillingGroups,
        marketplaces: [
          new TestIdentityProvider().marketplace('test', {
            api: { ...testMarketplace().api, host: `http://127.0.0.1:${port}` },
          }),
        ],
        http: { attempts: 2, backoffMs: 1 },
        // The real client: its attempts are what is traced.
        extraProviders: [
          {
            provide: MaestranoHttp,
            useFactory: () => httpClient({ attempts: 2 }),
          },
        ],
      }),
    ],
  }).compile();
  moduleRef.useLogger(false);
  app =
    httpAdapter === 'fastify'
      ? moduleRef.createNestApplication(new FastifyAdapter())
      : moduleRef.createNestApplication();
  await app.init();
  if (httpAdapter === 'fastify') await app.getHttpAdapter().getInstance().ready();
  return app.getHttpServer();
}

/** Points of one metric as attributes and values, in the order of appearance. */
async function points(name: string) {
  await reader.forceFlush();
  return collected
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap(({ dataPoints }) => dataPoints as readonly { attributes: object; value: unknown }[])
    .map(({ attributes, value }) => ({
      ...attributes,
      value: typeof value === 'number' ? value : (value as { count: number }).count,
    }));
}

describe.each(HTTP_ADAPTERS)('telemetry on %s', (httpAdapter) => {
  it('spans an endpoint and the calls under it, by template', async () => {
    const server = await boot(httpAdapter, 1);
    const authorization = basicAuthHeader(testMarketplace());
    await request(server)
      .delete('/maestrano/account/groups/cld-secret/test')
      .set('Authorization', authorization);
    const finished = spans.getFinishedSpans();
    const [endpoint] = finished.filter(({ name }) => name === 'maestrano account.group');
    const calls = finished.filter(({ name }) => name === 'GET account/bills');
    expect(endpoint?.attributes).toMatchObject({
      'maestrano.marketplace': 'test',
      'maestrano.endpoint': 'account.group',
      'http.request.method': 'DELETE',
    });
    expect(calls.map(({ attributes }) => attributes)).toEqual(
      [1, 2].map((attempt) => ({
        'maestrano.marketplace': 'test',
        'maestrano.service': 'account',
        'maestrano.operation': 'GET account/bills',
        'maestrano.attempt': attempt,
        'http.request.method': 'GET',
        'error.type': 'http.connection',
      })),
    );
    for (const call of calls) expect(call.parentSpanContext?.spanId).toBe(endpoint?.spanContext().spanId);
    const everything = JSON.stringify(
      finished.map(({ name, attributes, status, events }) => ({ name, attributes, status, events })),
    );
    expect(everything).not.toContain('cld-secret');
    expect(everything).not.toContain('key-of-test');
  });

  it('measures calls and endpoints, and counts errors by code', async () => {
    const server = await boot(httpAdapter, 1);
    await request(server)
      .delete('/maestrano/account/groups/cld-1/test')
      .set('Authorization', basicAuthHeader(testMarketplace()));
    await request(server).get('/maestrano/auth/saml/init/test');
    expect(await points('maestrano.client.duration')).toEqual([
      expect.objectContaining({
        'maestrano.operation': 'GET account/bills',
        'error.type': 'http.connection',
        value: 2,
      }),
    ]);
    collected.reset();
    await request(server).get('/maestrano/auth/saml/init/test');
    expect(await points('maestrano.endpoint.duration')).toEqual([
      expect.objectContaining({
        'maestrano.endpoint': 'sso.init',
        'http.response.status_code': 302,
        value: 1,
      }),
    ]);
  });

  it('counts logins by outcome', async () => {
    const server = await boot(httpAdapter, 1);
    for (const changes of [{}, { audience: 'https://elsewhere.example' }]) {
      const init = await request(server).get('/maestrano/auth/saml/init/test');
      const response = app!.get(TestIdentityProvider).respond(init.headers['location']!, {}, changes);
      await request(server)
        .post('/maestrano/auth/saml/consume/test')
        .type('form')
        .send({ SAMLResponse: response });
    }
    expect(await points('maestrano.logins')).toEqual([
      { 'maestrano.marketplace': 'test', 'maestrano.outcome': 'accepted', value: 1 },
      { 'maestrano.marketplace': 'test', 'maestrano.outcome': 'sso.audience', value: 1 },
    ]);
  });

  it('stops with the application', async () => {
    const server = await boot(httpAdapter, 1);
    await request(server).get('/maestrano/auth/saml/init/test');
    const http = app!.get(MaestranoHttp, { strict: false });
    await app!.close();
    spans.reset();
    const target = {
      name: 'x',
      owner: {},
      service: 'account',
      origin: 'http://127.0.0.1:1',
      credentials: null,
    } as const;
    await expect(http.request(target, { method: 'GET', path: '/', operation: 'GET x' })).rejects.toThrow();
    expect(spans.getFinishedSpans()).toEqual([]);
    app = undefined;
  });
});
