import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { openEnvelope } from '../../../src/account/account-client.service.js';
import {
  MaestranoAccountError,
  MaestranoApiError,
  MaestranoAuthenticationError,
  MaestranoInvalidRequestError,
  MaestranoNotFoundError,
  MaestranoRateLimitError,
} from '../../../src/errors/account.error.js';
import type { HttpResponse } from '../../../src/http/http.types.js';
import { parseJsonBody } from '../../../src/http/http-messages.js';
import { errorOf } from '../../support/error-of.js';

const OPERATIONS = ['GET account/bills/:id', 'POST account/bills', 'DELETE account/bills/:id'] as const;

/** Bodies by name; whether they are an envelope that says no. */
const REJECTIONS = {
  'a map of arrays': '{"success":false,"errors":{"price_cents":["must be greater than 0"]},"data":{}}',
  'a map of texts': '{"success":false,"errors":{"price_cents":"must be greater than 0"},"data":{}}',
  'a list of errors': '{"success":false,"errors":["price_cents must be greater than 0"],"data":{}}',
  'one text': '{"success":false,"errors":"price_cents must be greater than 0"}',
  'nested errors': '{"success":false,"errors":{"price_cents":{"deep":["x"]}}}',
  'no errors': '{"success":false}',
} as const;

const GARBAGE = {
  'an empty body': '',
  HTML: '<!doctype html><html><body>502 Bad Gateway</body></html>',
  'truncated JSON': '{"success":true,"errors":{},"data":{"id":"bill-1"',
  'a JSON array': '[{"success":true}]',
  'a JSON text': '"success"',
  'a JSON number': '12',
  null: 'null',
  'success as text': '{"success":"true","data":{}}',
  'no success': '{"data":{"id":"bill-1"}}',
} as const;

const NO_ENVELOPE: Readonly<Record<number, new (...args: never[]) => MaestranoAccountError>> = {
  200: MaestranoApiError,
  301: MaestranoApiError,
  400: MaestranoApiError,
  401: MaestranoAuthenticationError,
  403: MaestranoApiError,
  404: MaestranoNotFoundError,
  422: MaestranoApiError,
  429: MaestranoRateLimitError,
  500: MaestranoApiError,
  502: MaestranoApiError,
  503: MaestranoApiError,
};

const REJECTED: Readonly<Record<number, new (...args: never[]) => MaestranoAccountError>> = {
  ...NO_ENVELOPE,
  200: MaestranoInvalidRequestError,
  400: MaestranoInvalidRequestError,
  422: MaestranoInvalidRequestError,
};

function response(status: number, text: string, headers: Record<string, string> = {}): HttpResponse {
  return { status, headers, text, json: parseJsonBody(text), attempts: 2, requestId: 'r-9' };
}

const rejectionOf = (
  status: number,
  text: string,
  operation: string,
  headers = {},
): Promise<MaestranoAccountError> =>
  errorOf(() => openEnvelope(response(status, text, headers), 'acme', operation), MaestranoAccountError);

describe('openEnvelope', () => {
  describe.each(OPERATIONS)('%s', (operation) => {
    describe.each(Object.entries(REJECTIONS))('an envelope with %s', (_name, body) => {
      it.each(Object.entries(REJECTED))('and status %s', async (status, type) => {
        const error = await rejectionOf(Number(status), body, operation);
        expect(error.constructor).toBe(type);
        expect(error).toMatchObject({
          marketplace: 'acme',
          operation,
          status: Number(status),
          requestId: 'r-9',
          attempts: 2,
        });
      });
    });

    describe.each(Object.entries(GARBAGE))('%s', (_name, body) => {
      it.each(Object.entries(NO_ENVELOPE))('and status %s', async (status, type) => {
        expect((await rejectionOf(Number(status), body, operation)).constructor).toBe(type);
      });
    });
  });

  it('opens what succeeded, whatever data is', () => {
    const body = (data: string): string => `{"success":true,"errors":{},"data":${data}}`;
    expect(openEnvelope(response(200, body('[1]')), 'acme', 'x')).toEqual([1]);
    expect(openEnvelope(response(201, body('{}')), 'acme', 'x')).toEqual({});
  });

  it('does not believe a success with an error status', async () => {
    const body = '{"success":true,"errors":{},"data":{"id":"bill-1"}}';
    expect(await rejectionOf(500, body, 'x')).toBeInstanceOf(MaestranoApiError);
    expect(await rejectionOf(401, body, 'x')).toBeInstanceOf(MaestranoAuthenticationError);
  });

  it.each([
    [200, 'account.notFound'],
    [400, 'account.notFound'],
    [404, 'account.notFound'],
    [500, 'account.api'],
  ])('knows an unknown id with status %i', async (status, code) => {
    const body = '{"success":false,"errors":{"id":["does not exist"]},"data":{}}';
    expect((await rejectionOf(status, body, 'GET account/bills/:id')).code).toBe(code);
  });

  it('hands field messages on, in camelCase and in one line each', async () => {
    const messages = JSON.stringify({
      success: false,
      errors: { price_cents: ['is\nnot\u0000 good', 7, null], description: "can't be blank", id: { a: 1 } },
    });
    const error = await rejectionOf(400, messages, 'POST account/bills');
    expect(error.fields).toEqual({
      priceCents: ['is not good', '7'],
      description: ["can't be blank"],
      id: ['is invalid'],
    });
    expect(error.message).toContain('priceCents is not good');
    expect((await rejectionOf(400, REJECTIONS['one text'], 'x')).fields).toEqual({
      base: ['price_cents must be greater than 0'],
    });
  });

  it('keeps errors small and harmless whatever the server puts into them', async () => {
    const errors = Object.fromEntries(
      Array.from({ length: 100 }, (_unused, index) => [`field${index}`, Array(20).fill('x'.repeat(2_000))]),
    );
    const text = JSON.stringify({ success: false, errors }).replace('"field0"', '"__proto__"');
    const error = await rejectionOf(400, text, 'x');
    expect(error.message.length).toBeLessThan(1_500);
    expect(JSON.stringify(error.fields).length).toBeLessThan(150_000);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it.each([
    ['12', 12_000],
    ['0.5', 500],
    [new Date(Date.now() + 60_000).toUTCString(), expect.any(Number)],
    ['soon', null],
    [undefined, null],
  ])('reads Retry-After %j of a rate limit', async (header, expected) => {
    const headers = header === undefined ? {} : { 'retry-after': header };
    expect(await rejectionOf(429, '', 'x', headers)).toMatchObject({ retryAfterMs: expected });
  });

  it('has a remedy for each code, and nothing but documented codes', async () => {
    const errors = await Promise.all([200, 401, 404, 500].map((status) => rejectionOf(status, '', 'x')));
    for (const error of errors) {
      expect(error.remedy).not.toBe('');
      expect(inspect(error)).not.toContain('Axios');
    }
  });
});
