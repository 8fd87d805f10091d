import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import { StreamableFile } from '@nestjs/common';

import { MaestranoStoreError } from '../../../src/errors/store.error.js';
import { MESSAGE_PAGE_POLICY } from '../../../src/views/message-page.js';
import { MaestranoUnavailableException } from '../../../src/session/unavailable.exception.js';

describe('the exception for a page that cannot be shown', () => {
  const cause = new MaestranoStoreError('store.unavailable', { message: 'redis.internal says nothing' });
  const exception = new MaestranoUnavailableException(cause);
  const body = exception.getResponse() as object;
  const facts = { statusCode: 503, error: 'The request could not be completed.', code: 'store.unavailable' };

  it('is a page to Nest, and nothing of the inside is in it', async () => {
    expect([exception.getStatus(), exception.code, exception.cause]).toEqual([
      503,
      'store.unavailable',
      cause,
    ]);
    const file = body as StreamableFile;
    expect(file).toBeInstanceOf(StreamableFile);
    expect(file.getHeaders().type).toBe('text/html; charset=utf-8');
    const chunks = await file.getStream().toArray();
    const page = Buffer.concat(chunks as Buffer[]).toString();
    expect(page).toContain('<a class="button primary" href="">Try again</a>');
    const [, style = ''] = /<style>(.*)<\/style>/s.exec(page) ?? [];
    const digest = createHash('sha256').update(style).digest('base64');
    expect(MESSAGE_PAGE_POLICY).toContain(`'sha256-${digest}'`);
    expect(page).not.toContain('redis.internal');
  });

  it('says status and code to filters that write, copy or look at its body', () => {
    expect(JSON.parse(JSON.stringify(body))).toEqual(facts);
    expect({ ...body }).toEqual(facts);
    expect(body).toMatchObject(facts);
  });
});
