import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import judgeOnThread from '../../../../src/sso/saml/judge.worker.js';
import { DEFAULT_SSO_POLICY } from '../../../../src/sso/saml/sso-policy.js';
import { formField, signedResponse } from '../../../support/saml/response-builder.js';
import { SamlBench, testMarketplace } from '../../../support/saml/saml-bench.js';

const built = existsSync(join(process.cwd(), 'dist/sso/saml/judge.worker.js'));
if (!built)
  console.warn('Skipping the worker threads: run "npm run build" first, threads run what is built.');

beforeAll(() => {
  jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});
afterAll(() => void jest.restoreAllMocks());

describe('judging on a thread', () => {
  const { sso, api } = testMarketplace();
  const task = {
    parties: {
      consumeUrl: sso.idm + sso.consumePath,
      providerUrl: `${sso.idp}${api.base}auth/saml`,
      applicationId: api.id,
      nameIdFormat: sso.nameIdFormat,
    },
    policy: DEFAULT_SSO_POLICY,
    sso,
    requestId: '_request',
    startedAt: Date.now(),
    now: Date.now(),
  };

  it('takes and gives plain data only', async () => {
    const text = signedResponse(new SamlBench().spec('_request', { assertionId: '_assertion' }));
    const verdict = structuredClone(await judgeOnThread(structuredClone({ ...task, text })));
    expect(verdict).toMatchObject({ refusal: null, facts: { id: '_assertion', nameId: 'usr-1' } });
    expect(verdict.facts?.attributes.get('group_uid')).toBe('cld-1');
    expect(verdict.checks.every((check) => check.verdict !== 'failed')).toBe(true);
  });

  it('reports a refusal with its checks', async () => {
    const text = signedResponse(new SamlBench().spec('_request')).replaceAll('usr-1', 'usr-2');
    expect(await judgeOnThread({ ...task, text })).toMatchObject({ refusal: 'sso.signature', facts: null });
  });
});

(built ? describe : describe.skip)('the pool', () => {
  it('judges as this thread does, and ends its threads', async () => {
    const bench = new SamlBench(testMarketplace(), { workers: { max: 1 } });
    await bench.saml.onApplicationBootstrap();
    try {
      expect((await bench.login()).profile.group.uid).toBe('cld-1');
      expect(await bench.refusal({ audience: 'urn:x' })).toMatchObject({ code: 'sso.audience' });
      const { id } = await bench.begin();
      const field = formField(signedResponse(bench.spec(id)));
      const results = await Promise.allSettled(Array.from({ length: 5 }, () => bench.validate(field, [id])));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    } finally {
      await bench.saml.onModuleDestroy();
    }
  });

  it('is refused a senseless size', () => {
    expect(() => new SamlBench(testMarketplace(), { workers: { max: 0 } })).toThrow(/workers\.max/);
  });
});
