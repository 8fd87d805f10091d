import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type ArgumentsHost, type HttpException, Logger } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';

import { ACCOUNT_ERROR_CODES, MaestranoAccountError } from '../../../src/errors/account.error.js';
import { CONNEC_ERROR_CODES, MaestranoConnecError } from '../../../src/errors/connec.error.js';
import { HTTP_ERROR_CODES, MaestranoHttpError } from '../../../src/errors/http.error.js';
import type { MaestranoError } from '../../../src/errors/maestrano.error.js';
import { MaestranoSessionError } from '../../../src/errors/session.error.js';
import { MaestranoStoreError } from '../../../src/errors/store.error.js';
import { MaestranoSyncError, SYNC_ERROR_CODES } from '../../../src/errors/sync.error.js';
import { MaestranoUsageError, USAGE_ERROR_CODES } from '../../../src/errors/usage.error.js';
import { MaestranoExceptionFilter } from '../../../src/routing/maestrano-exception.filter.js';

/** The rows of the table in docs/operations.md: status, and the codes that have it. */
const ROWS = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'operations.md'), 'utf8')
  .split('## Errors in your own controllers')[1]!
  .split('\n## ')[0]!
  .split('\n')
  .flatMap((line) => {
    const [, status = '', codes = ''] = /^\| (\d{3}) +\| (.*)\|$/.exec(line) ?? [];
    return status === ''
      ? []
      : [{ status: Number(status), codes: codes.match(/(?<=`)[a-z]+\.\w+(?=`)/g) ?? [] }];
  });
const DOCUMENTED = ROWS.flatMap(({ status, codes }) => codes.map((code) => [code, status] as const));

/** An error of the family of the code. */
function errorOf(code: string): MaestranoError {
  const facts = { marketplace: 'uat', operation: 'POST x', target: 'uat', sent: 'no' };
  const family = {
    account: MaestranoAccountError,
    connec: MaestranoConnecError,
    http: MaestranoHttpError,
    session: MaestranoSessionError,
    store: MaestranoStoreError,
    sync: MaestranoSyncError,
    usage: MaestranoUsageError,
  }[code.split('.')[0]!] as unknown as new (of: string, with_: object) => MaestranoError;
  return new family(code, facts);
}

/** What a program that is no HTTP, such as GraphQL, gets. */
function exceptionOf(code: string): HttpException {
  const filter = new MaestranoExceptionFilter({ httpAdapter: {} } as HttpAdapterHost);
  return filter.catch(errorOf(code), { getType: () => 'graphql' } as ArgumentsHost) as HttpException;
}

describe('errors of our services in a controller', () => {
  beforeAll(() => void jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined));
  afterAll(() => void jest.restoreAllMocks());

  it.each(DOCUMENTED)('%s has the status of the guide: %i', (code, status) => {
    const exception = exceptionOf(code);
    expect(exception.getStatus()).toBe(status);
    expect(exception.getResponse()).toMatchObject({ statusCode: status, code });
  });

  it('have the status of the other side where the guide names none', () => {
    const named = new Set(DOCUMENTED.map(([code]) => code));
    const all = [ACCOUNT_ERROR_CODES, CONNEC_ERROR_CODES, HTTP_ERROR_CODES].flatMap((codes) =>
      Object.keys(codes),
    );
    const others = all
      .filter((code) => !named.has(code))
      .map((code) => [code, exceptionOf(code).getStatus()] as const);
    // Those of 400 and above but 502 have that at our own routes, where they come from.
    expect(others.filter(([, status]) => status === 500)).toEqual([]);
    expect(others.length).toBeGreaterThan(10);
  });

  it('of usage and synchronization are in the guide where they are more than 500', () => {
    const named = new Set(DOCUMENTED.map(([code]) => code));
    const others = Object.keys({ ...SYNC_ERROR_CODES, ...USAGE_ERROR_CODES }).filter(
      (code) => !named.has(code),
    );
    expect(others.filter((code) => exceptionOf(code).getStatus() !== 500)).toEqual([]);
  });

  it('tell nothing of the inside with 500 and above', () => {
    for (const [code, status] of DOCUMENTED) {
      if (status < 500) continue;
      expect(exceptionOf(code).getResponse()).toEqual({
        statusCode: status,
        error: 'The request could not be completed.',
        code,
      });
    }
  });
});
