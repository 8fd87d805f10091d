import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Piscina } from 'piscina';

import type { SsoError } from '../../../../src/errors/sso.error.js';
import type { SsoOptions } from '../../../../src/interfaces/sso-options.interface.js';
import { type CheckFailed, CheckList } from '../../../../src/sso/saml/check-list.js';
import { JudgePool } from '../../../../src/sso/saml/judge-pool.js';
import type { SamlLogin } from '../../../../src/sso/saml/saml-login.interface.js';
import { likelyRequestId } from '../../../../src/sso/saml/likely-request-id.js';
import judgeOnThread from '../../../../src/sso/saml/judge.worker.js';
import { DEFAULT_SSO_POLICY } from '../../../../src/sso/saml/sso-policy.js';
import { formField, type ResponseSpec, signedResponse } from '../../../support/saml/response-builder.js';
import { SamlBench, testMarketplace } from '../../../support/saml/saml-bench.js';

const built = existsSync(join(process.cwd(), 'dist/sso/saml/judge.worker.js'));
if (!built)
  console.warn('Skipping the worker threads: run "npm run build" first, threads run what is built.');

beforeAll(() => {
  jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});
afterAll(() => void jest.restoreAllMocks());

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
  now: Date.now(),
};
const login = { id: '_request', startedAt: Date.now() };

describe('judging on a thread', () => {
  it('takes and gives plain data only', async () => {
    const samlResponse = formField(signedResponse(new SamlBench().spec('_request', { assertionId: '_one' })));
    const verdict = structuredClone(await judgeOnThread(structuredClone({ ...task, samlResponse, login })));
    expect(verdict).toMatchObject({
      head: { inResponseTo: '_request', destination: task.parties.consumeUrl },
      facts: { id: '_one', nameId: 'usr-1' },
    });
    expect(verdict.facts?.attributes.get('group_uid')).toBe('cld-1');
    const { early, late } = verdict;
    expect([early.length > 5, late.length > 15]).toEqual([true, true]);
    expect([...early, ...late].filter((check) => check[1] === 'failed')).toEqual([]);
  });

  it('reports a refusal with its checks', async () => {
    const forged = signedResponse(new SamlBench().spec('_request')).replaceAll('usr-1', 'usr-2');
    const verdict = await judgeOnThread({ ...task, samlResponse: formField(forged), login });
    expect(verdict.head).not.toBeNull();
    expect(verdict.facts).toBeNull();
    expect(verdict.late.at(-1)).toMatchObject([
      'sso.signature',
      'failed',
      expect.any(String),
      expect.any(String),
    ]);
    expect(await judgeOnThread({ ...task, samlResponse: '%', login })).toMatchObject({
      early: [{}, {}, ['sso.inputEncoding', 'failed', {}, {}]],
      head: null,
      late: [],
      facts: null,
    });
  });

  it.each([null, { ...login, id: '_another' }])(
    'only reads what does not answer the login %j',
    async (open) => {
      const samlResponse = formField(signedResponse(new SamlBench().spec('_request')));
      const verdict = await judgeOnThread({ ...task, samlResponse, login: open });
      expect(verdict).toMatchObject({ head: { inResponseTo: '_request' }, late: [], facts: null });
    },
  );
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

  it('believes the strict reading, not what is seen at a glance', async () => {
    const started = jest.spyOn(JudgePool.prototype, 'start');
    const bench = new SamlBench(testMarketplace(), { workers: { max: 1 } });
    await bench.saml.onApplicationBootstrap();
    const pool = await (started.mock.results[0]?.value as Promise<Piscina>);
    const run = jest.spyOn(pool, 'run');
    try {
      const [first, decoy] = [await bench.begin(), await bench.begin()];
      const bound = [first.id, decoy.id];
      const answer = signedResponse(bench.spec(first.id));
      const misleading = answer.replace(' ID=', ` Note=" InResponseTo='${decoy.id}'" ID=`);
      expect(likelyRequestId(formField(misleading))).toBe(decoy.id);
      expect((await bench.validate(formField(misleading), bound)).transaction.id).toBe(first.id);
      expect(await bench.transactions.peek(bench.marketplace, decoy.id)).not.toBeNull();
      expect(run).toHaveBeenCalledTimes(2);

      const late = '\n'.repeat(5_000) + formField(signedResponse(bench.spec(decoy.id)));
      expect(likelyRequestId(late)).toBeNull();
      expect((await bench.validate(late, bound)).transaction.id).toBe(decoy.id);
      expect(run).toHaveBeenCalledTimes(4);

      const third = await bench.begin();
      await bench.validate(formField(signedResponse(bench.spec(third.id))), [third.id]);
      expect(run).toHaveBeenCalledTimes(5);
    } finally {
      started.mockRestore();
      await bench.saml.onModuleDestroy();
    }
  });

  it('records the same checks in the same order as this thread does', async () => {
    const codes = async (sso: SsoOptions, overrides: Partial<ResponseSpec>): Promise<unknown[]> => {
      const bench = new SamlBench(testMarketplace(), sso);
      await bench.saml.onApplicationBootstrap();
      const { checks } = await bench.refusal(overrides);
      await bench.saml.onModuleDestroy();
      // Times and digests differ from one run to the next.
      return checks.map(({ code, verdict, seen }) => [code, verdict, seen.length > 0]);
    };
    const refusals: Partial<ResponseSpec>[] = [
      { audience: 'urn:x' },
      { afterSigning: (xml) => xml.replace('Destination="https:', 'Destination="http:') },
      { afterSigning: (xml) => xml.replace('Version="2.0"', 'Version="1.1"') },
      { afterSigning: (xml) => xml.replace('cld-1', 'cld-2') },
    ];
    for (const one of refusals)
      expect(await codes({ workers: { max: 1 } }, one)).toEqual(await codes({}, one));
  });

  describe('when a thread dies', () => {
    let folder: string;
    let bench: SamlBench;
    let pool: Piscina;
    let failed: jest.SpiedFunction<Logger['error']>;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-worker-'));
      jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
      failed = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
      const started = jest.spyOn(JudgePool.prototype, 'start');
      bench = new SamlBench(testMarketplace(), { workers: { max: 1 } });
      await bench.saml.onApplicationBootstrap();
      pool = await (started.mock.results[0]?.value as Promise<Piscina>);
    });
    afterEach(async () => {
      jest.restoreAllMocks();
      await bench.saml.onModuleDestroy();
      rmSync(folder, { recursive: true });
    });

    /** Has the thread do this instead of judging. */
    function sabotage(code: string, ...times: readonly 'once'[]): void {
      const filename = join(folder, 'sabotage.mjs');
      writeFileSync(filename, `export default async function sabotage() { ${code} }`);
      const run = pool.run.bind(pool);
      const instead: typeof run = (task, options) => run(task, { ...options, filename });
      const spy = jest.spyOn(pool, 'run');
      if (times.length === 0) spy.mockImplementation(instead);
      else spy.mockImplementationOnce(instead);
    }

    /** A login and its answer, and what becomes of it. */
    async function answer(): Promise<{ id: string; outcome: SamlLogin | SsoError }> {
      const { id } = await bench.begin();
      const field = formField(signedResponse(bench.spec(id)));
      const outcome = await bench.validate(field, [id]).catch((error: SsoError) => error);
      return { id, outcome };
    }

    it('judges once more in a fresh one, and forgets nobody who waits', async () => {
      await bench.login();
      const [thread] = pool.threads;
      sabotage('for (;;);', 'once');
      const logins = Promise.all([bench.login(), bench.login()]);
      while (pool.queueSize === 0) await new Promise(setImmediate);
      await thread?.terminate();
      const [first, second] = await logins;
      expect([first.profile.group.uid, second.profile.group.uid]).toEqual(['cld-1', 'cld-1']);
      expect(failed).toHaveBeenCalledTimes(1);
      expect(pool.threads).not.toContain(thread);
    });

    it.each([
      ['ends', 'process.exit(7)', 'Error'],
      [
        'fails',
        "setImmediate(() => { throw new TypeError('jo@example.com') }); await new Promise(() => {})",
        'TypeError',
      ],
      [
        'is out of memory',
        'for (const all = []; ; ) all.push(Array(10_000).fill({}))',
        'ERR_WORKER_OUT_OF_MEMORY',
      ],
    ])('leaves the login open when the next one %s too, and the next login works', async (_, code, name) => {
      sabotage(code);
      const { resourceLimits } = pool.options;
      Object.assign(pool.options, { resourceLimits: { maxOldGenerationSizeMb: 32 } });
      const { id, outcome } = await answer();
      expect(outcome).toMatchObject({ code: 'sso.worker', restart: true, requestId: id });
      expect(await bench.transactions.peek(bench.marketplace, id)).not.toBeNull();
      const line = `A worker thread failed: ${name}.`;
      expect(failed.mock.calls).toEqual([[line], [line]]);
      jest.spyOn(pool, 'run').mockRestore();
      Object.assign(pool.options, { resourceLimits });
      expect((await answer()).outcome).toMatchObject({ transaction: {} });
    });

    it('ends one that never comes to an end, and does not wait for it', async () => {
      const timeout = AbortSignal.timeout.bind(AbortSignal);
      const patience = jest.spyOn(AbortSignal, 'timeout').mockImplementationOnce(() => timeout(200));
      sabotage('for (;;);', 'once');
      const { outcome } = await answer();
      expect(outcome).toMatchObject({ code: 'sso.worker', restart: true });
      expect(patience).toHaveBeenCalledWith(30_000);
      expect(failed).toHaveBeenCalledTimes(1);
      expect((await answer()).outcome).toMatchObject({ transaction: {} });
    });

    it('survives one that dies between two logins', async () => {
      // Threads with a timer of their own can die while nobody waits for them.
      Object.assign(pool.options, { atomics: 'disabled' });
      sabotage("setTimeout(() => { throw new Error('late') }, 20)", 'once');
      await pool.run(null);
      const [thread] = pool.threads;
      await new Promise((resolve) => void thread?.once('exit', resolve));
      expect(failed.mock.calls).toEqual([['A worker thread failed: Error.']]);
      expect((await answer()).outcome).toMatchObject({ transaction: {} });
    });

    it('does not pile up logins without end', async () => {
      const judges = new JudgePool({ max: 1 });
      const samlResponse = formField(signedResponse(bench.spec('_request')));
      // Not the login that is answered: reading is enough for this test.
      const other = { ...login, id: '_other' };
      const results = await Promise.allSettled(
        Array.from({ length: 1_100 }, async () => {
          const response = await judges.read({ ...task, samlResponse }, async () => other, new CheckList());
          return response.judge(other, new CheckList());
        }),
      );
      await judges.close();
      const codes = results.map((result) =>
        result.status === 'rejected' ? (result.reason as CheckFailed).code : '',
      );
      // All come in one turn: one is for the thread that starts, a thousand wait.
      expect(codes.filter((code) => code === 'sso.engine')).toHaveLength(1_001);
      expect(codes.filter((code) => code === 'sso.worker')).toHaveLength(99);
    });
  });

  it('is refused a senseless size', () => {
    expect(() => new SamlBench(testMarketplace(), { workers: { max: 0 } })).toThrow(/workers\.max/);
  });
});
