import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'workerpool';

import type { SsoError } from '../../../../src/errors/sso.error.js';
import type { SsoOptions } from '../../../../src/interfaces/sso-options.interface.js';
import { type CheckFailed, CheckList } from '../../../../src/sso/saml/check-list.js';
import { JudgePool } from '../../../../src/sso/saml/judge-pool.js';
import type { ReadResponse } from '../../../../src/sso/saml/response-judge.js';
import type { SamlLogin } from '../../../../src/sso/saml/saml-login.interface.js';
import { likelyRequestId } from '../../../../src/sso/saml/likely-request-id.js';
import { judgeTask } from '../../../../src/sso/saml/judge-task.js';
import { DEFAULT_SSO_POLICY } from '../../../../src/sso/saml/sso-policy.js';
import { formField, type ResponseSpec, signedResponse } from '../../../support/saml/response-builder.js';
import { SamlBench, testMarketplace } from '../../../support/saml/saml-bench.js';

const built = existsSync(join(process.cwd(), 'dist/sso/saml/judge.worker.js'));
if (!built) console.warn('Skipping the worker processes: run "npm run build" first, they run what is built.');
const scheduled = existsSync('/proc/self/schedstat');
if (!scheduled)
  console.warn('Skipping what their helper threads do: this system does not tell (/proc/*/schedstat).');

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

describe('judging elsewhere', () => {
  it('takes and gives plain data only', async () => {
    const samlResponse = formField(signedResponse(new SamlBench().spec('_request', { assertionId: '_one' })));
    const verdict = structuredClone(await judgeTask(structuredClone({ ...task, samlResponse, login })));
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
    const verdict = await judgeTask({ ...task, samlResponse: formField(forged), login });
    expect(verdict.head).not.toBeNull();
    expect(verdict.facts).toBeNull();
    expect(verdict.late.at(-1)).toMatchObject([
      'sso.signature',
      'failed',
      expect.any(String),
      expect.any(String),
    ]);
    expect(await judgeTask({ ...task, samlResponse: '%', login })).toMatchObject({
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
      const verdict = await judgeTask({ ...task, samlResponse, login: open });
      expect(verdict).toMatchObject({ head: { inResponseTo: '_request' }, late: [], facts: null });
    },
  );
});

(built ? describe : describe.skip)('the pool', () => {
  it('judges as this process does, and ends its own', async () => {
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
    const pool = await (started.mock.results[0]?.value as Promise<Pool>);
    const run = jest.spyOn(pool, 'exec');
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

  it('records the same checks in the same order as this process does', async () => {
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

  describe('when a process dies', () => {
    let bench: SamlBench;
    let pool: Pool;
    let failed: jest.SpiedFunction<Logger['error']>;

    beforeEach(async () => {
      jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
      failed = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
      const started = jest.spyOn(JudgePool.prototype, 'start');
      bench = new SamlBench(testMarketplace(), { workers: { max: 1 } });
      await bench.saml.onApplicationBootstrap();
      pool = await (started.mock.results[0]?.value as Promise<Pool>);
    });
    afterEach(async () => {
      jest.restoreAllMocks();
      await bench.saml.onModuleDestroy();
    });

    /** Has the process do this instead of judging. */
    function sabotage(code: string, ...times: readonly 'once'[]): void {
      const exec = pool.exec.bind(pool);
      const instead = (): ReturnType<Pool['exec']> => exec('run', [`async function () { ${code} }`, []]);
      const spy = jest.spyOn(pool, 'exec');
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
      sabotage('await new Promise((resolve) => setTimeout(resolve, 300)); process.exit(7)', 'once');
      const [first, second] = await Promise.all([bench.login(), bench.login()]);
      expect([first.profile.group.uid, second.profile.group.uid]).toEqual(['cld-1', 'cld-1']);
      expect(failed.mock.calls).toEqual([['A worker process failed: ended with code 7.']]);
    });

    it.each([
      ['ends', 'process.exit(7)', 'ended with code 7'],
      [
        'fails',
        "setImmediate(() => { throw new TypeError('jo@example.com') }); await new Promise(() => {})",
        'ended with code 1',
      ],
      ['is killed', "process.kill(process.pid, 'SIGKILL')", 'ended by SIGKILL'],
      ['cannot do it', "throw Object.assign(new Error('jo@example.com'), { code: 'EXAMPLE' })", 'EXAMPLE'],
    ])('leaves the login open when the next one %s too, and the next login works', async (_, code, how) => {
      sabotage(code);
      const { id, outcome } = await answer();
      expect(outcome).toMatchObject({ code: 'sso.worker', restart: true, requestId: id });
      expect(await bench.transactions.peek(bench.marketplace, id)).not.toBeNull();
      const line = `A worker process failed: ${how}.`;
      expect(failed.mock.calls).toEqual([[line], [line]]);
      jest.spyOn(pool, 'exec').mockRestore();
      expect((await answer()).outcome).toMatchObject({ transaction: {} });
    });

    it('ends one that never comes to an end, and does not wait for it', async () => {
      const judges = new JudgePool({ max: 1 }, 500);
      const own = await judges.start();
      const exec = own.exec.bind(own);
      jest
        .spyOn(own, 'exec')
        .mockImplementationOnce(() => exec('run', ['async function () { for (;;); }', []]));
      const samlResponse = formField(signedResponse(bench.spec('_request')));
      const read = (checks = new CheckList()): Promise<ReadResponse> =>
        judges.read({ ...task, samlResponse }, async () => login, checks);
      const { inResponseTo, judge } = await read();
      expect(inResponseTo).toBe('_request');
      await expect(judge(login, new CheckList())).rejects.toMatchObject({ code: 'sso.worker' });
      expect(failed).toHaveBeenCalledTimes(1);
      await judges.close();
      expect(own.stats().totalWorkers).toBe(0);
    });

    it('survives those that die between two logins', async () => {
      await bench.login();
      await pool.exec('run', ['function () { setTimeout(() => process.exit(3), 20) }', []]);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await answer()).outcome).toMatchObject({ transaction: {} });
      expect(failed.mock.calls).toEqual([['A worker process failed: ended unseen.']]);
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
      // All come in one turn: one is for the process that starts, a thousand wait.
      expect(codes.filter((code) => code === 'sso.engine')).toHaveLength(1_001);
      expect(codes.filter((code) => code === 'sso.worker')).toHaveLength(99);
    });
  });

  it('gives requests precedence, and outlives a Ctrl-C that reaches the whole group', async () => {
    const judges = new JudgePool({ max: 1 });
    const pool = await judges.start();
    const look = 'function () { return [process.pid, process.getBuiltinModule("os").getPriority()] }';
    const [pid, priority] = (await pool.exec('run', [look, []])) as [number, number];
    expect(priority).toBeGreaterThan(getPriority());
    process.kill(pid, 'SIGINT');
    expect(await pool.exec('run', [look, []])).toEqual([pid, priority]);
    await judges.close();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');

    const samlResponse = formField(signedResponse(new SamlBench().spec('_request')));
    const late = await judges.read({ ...task, samlResponse }, async () => login, new CheckList());
    await expect(late.judge(login, new CheckList())).rejects.toMatchObject({ code: 'sso.worker' });
    expect(pool.stats().totalWorkers).toBe(0);
  });

  (scheduled ? it : it.skip)('leaves nothing to helpers, which would not have the low priority', async () => {
    const judges = new JudgePool({ max: 1 });
    const pool = await judges.start();
    const pid = (await pool.exec('run', ['function () { return process.pid }', []])) as number;
    for (let done = 0; done < 40; done += 1) {
      const samlResponse = formField(signedResponse(new SamlBench().spec('_request')));
      const response = await judges.read({ ...task, samlResponse }, async () => login, new CheckList());
      await response.judge(login, new CheckList());
    }
    const threads = readdirSync(`/proc/${pid}/task`);
    const busy = (thread: string): number =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    const helpers = threads.filter((thread) => thread !== String(pid)).map(busy);
    await judges.close();
    // Nanoseconds since the process began; one that may compile takes fifteen times that.
    expect(Math.max(...helpers)).toBeLessThan(10_000_000);
  });

  it('is refused a senseless size', () => {
    expect(() => new SamlBench(testMarketplace(), { workers: { max: 0 } })).toThrow(/workers\.max/);
  });
});
