import { describe, expect, it } from '@jest/globals';
import { HttpException } from '@nestjs/common';

import {
  CONFIGURATION_ERROR_CODES,
  MaestranoConfigurationError,
} from '../../../src/errors/configuration.error.js';
import { CONNEC_ERROR_CODES, MaestranoConnecError } from '../../../src/errors/connec.error.js';
import { HTTP_ERROR_CODES, MaestranoHttpError } from '../../../src/errors/http.error.js';
import { OpenIdDiscoveryError } from '../../../src/errors/openid.error.js';
import { MaestranoLoginDeniedError } from '../../../src/errors/login-denied.error.js';
import { MaestranoUnknownMarketplaceError } from '../../../src/errors/unknown-marketplace.error.js';
import { MaestranoWebhookError } from '../../../src/errors/webhook.error.js';
import { toHttpException } from '../../../src/routing/http-errors.js';

describe('an error', () => {
  it('has the meaning of its code for a message, where the thrower gives none', () => {
    const error = new MaestranoConnecError('connec.disabled');
    expect(error.message).toBe(CONNEC_ERROR_CODES['connec.disabled'].meaning);
    expect(error.name).toBe('MaestranoConnecError');
    expect(error.remedy).toBe('');
    expect(error.marketplace).toBeNull();
  });

  it('has what the thrower knows before what the table says, and ends with the remedy', () => {
    const cause = new Error('underneath');
    const error = new MaestranoConnecError('connec.disabled', {
      message: 'It is off.',
      remedy: 'Switch it on.',
      marketplace: 'uat',
      cause,
    });
    expect(error.message).toBe('It is off. Switch it on.');
    expect(error.remedy).toBe('Switch it on.');
    expect(error.marketplace).toBe('uat');
    expect(error.cause).toBe(cause);
  });

  it('has the operation before the meaning, where it belongs to a call', () => {
    const error = new MaestranoHttpError('http.timeout', {
      marketplace: 'uat',
      operation: 'GET x',
      attempts: 1,
      sent: 'maybe',
    });
    expect(error.message).toContain(`GET x to "uat": ${HTTP_ERROR_CODES['http.timeout'].meaning}`);
  });

  it('lists the problems of a configuration', () => {
    const problem = {
      code: 'configuration.missing',
      severity: 'error',
      marketplace: 'uat',
      key: 'api.id',
      found: null,
      message: 'It is missing.',
      remedy: 'Add api.id.',
    } as const;
    const error = new MaestranoConfigurationError('configuration.invalid', { problems: [problem] });
    const { meaning } = CONFIGURATION_ERROR_CODES['configuration.invalid'];
    expect(error.problems).toEqual([problem]);
    expect(error.message).toContain(
      `${meaning}\n- "uat" api.id: It is missing. Add api.id. [configuration.missing]`,
    );
  });

  it('names the marketplace that is missing and those there are, neither at any length', () => {
    const known = Array.from({ length: 25 }, (_, index) => `m${index}`);
    const unknown = new MaestranoUnknownMarketplaceError('x'.repeat(200), known);
    expect(unknown.message).toContain(`"${'x'.repeat(100)}"`);
    expect(unknown.remedy).toMatch(/^Configured: m0, .*m19, and 5 more\.$/);
  });
});

describe('the HTTP status of an error', () => {
  it.each([
    [500, new MaestranoConfigurationError('configuration.none')],
    [500, new MaestranoWebhookError('webhook.adapter', { marketplace: 'uat' })],
    [400, new MaestranoWebhookError('webhook.request', { marketplace: 'uat' })],
    [503, new MaestranoConnecError('connec.notificationBusy')],
    [403, new MaestranoLoginDeniedError('Not today.')],
    [502, new OpenIdDiscoveryError('openid.discovery', { marketplace: 'uat', seen: 'nothing' })],
  ])('is %i for %s', (status, error) => {
    expect(error.httpStatus).toBe(status);
    const exception = toHttpException(error) as HttpException;
    expect(exception).toBeInstanceOf(HttpException);
    expect(exception.getStatus()).toBe(status);
    expect(exception.cause).toBe(error);
  });

  it('lets the response repeat the message below 500 only', () => {
    const facts = { marketplace: 'uat', message: 'the inside' };
    const below = toHttpException(new MaestranoWebhookError('webhook.request', facts)) as HttpException;
    expect(below.getResponse()).toEqual({ statusCode: 400, error: 'the inside', code: 'webhook.request' });
    const above = toHttpException(new MaestranoWebhookError('webhook.adapter', facts)) as HttpException;
    expect(above.getResponse()).toMatchObject({ statusCode: 500, code: 'webhook.adapter' });
    expect(JSON.stringify(above.getResponse())).not.toContain('inside');
  });
});
