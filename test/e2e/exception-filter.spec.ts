import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';

import {
  MaestranoAccountError,
  MaestranoConnecError,
  type MaestranoError,
  MaestranoExceptionFilter,
  MaestranoHttpError,
  MaestranoRateLimitError,
  MaestranoStoreError,
} from '../../src/index.js';
import { type TestApplication, testApplication } from '../support/application.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';

const facts = { marketplace: 'uat', operation: 'POST account/bills' };
const account = (code: ConstructorParameters<typeof MaestranoAccountError>[0]) =>
  new MaestranoAccountError(code, facts);

const ERRORS: Readonly<Record<string, () => MaestranoError>> = {
  conflict: () => account('account.keyConflict'),
  running: () => account('account.inProgress'),
  invalid: () =>
    new MaestranoAccountError('account.invalidRequest', {
      ...facts,
      fields: { priceCents: ['is negative'] },
    }),
  missing: () => account('account.notFound'),
  credentials: () => account('account.authentication'),
  limited: () => new MaestranoRateLimitError('account.rateLimit', { ...facts, retryAfterMs: 12_400 }),
  record: () => new MaestranoConnecError('connec.notFound'),
  down: () => new MaestranoConnecError('connec.server'),
  store: () => new MaestranoStoreError('store.unavailable'),
  stopped: () =>
    new MaestranoHttpError('http.circuitOpen', { target: 'uat', operation: 'GET', sent: 'no' } as never),
  slow: () =>
    new MaestranoHttpError('http.timeout', { target: 'uat', operation: 'GET', sent: 'maybe' } as never),
};

@Controller()
class Failing {
  @Get('fails/:how')
  fails(@Param('how') how: string): never {
    throw ERRORS[how]!();
  }
}

describe.each(HTTP_ADAPTERS)('errors of our services in a controller, on %s', (httpAdapter) => {
  let app: TestApplication;
  let plain: TestApplication;

  beforeAll(async () => {
    const controllers = [Failing];
    const providers = [{ provide: APP_FILTER, useClass: MaestranoExceptionFilter }];
    app = await testApplication({ httpAdapter, controllers, providers });
    plain = await testApplication({ httpAdapter, controllers });
  });
  afterAll(async () => {
    await app.close();
    await plain.close();
  });

  it.each([
    ['conflict', 409, 'account.keyConflict', null],
    ['running', 409, 'account.inProgress', '5'],
    ['missing', 404, 'account.notFound', null],
    ['credentials', 502, 'account.authentication', null],
    ['limited', 503, 'account.rateLimit', '13'],
    ['record', 404, 'connec.notFound', null],
    ['down', 502, 'connec.server', null],
    ['store', 503, 'store.unavailable', '5'],
    ['stopped', 503, 'http.circuitOpen', '5'],
    ['slow', 504, 'http.timeout', '5'],
  ])('%s is %i %s', async (how, status, code, retryAfter) => {
    const response = await fetch(`${app.url}/fails/${how}`);
    const body = (await response.json()) as { readonly code: string; readonly error: string };
    expect([response.status, body.code, response.headers.get('retry-after')]).toEqual([
      status,
      code,
      retryAfter,
    ]);
    if (status >= 500) expect(body.error).toBe('The request could not be completed.');
  });

  it('shows what was wrong with the input', async () => {
    const response = await fetch(`${app.url}/fails/invalid`);
    expect([response.status, await response.json()]).toMatchObject([
      422,
      { code: 'account.invalidRequest', fields: { priceCents: ['is negative'] } },
    ]);
  });

  it('leaves them to the application where it is not switched on', async () => {
    expect((await fetch(`${plain.url}/fails/conflict`)).status).toBe(500);
  });
});
