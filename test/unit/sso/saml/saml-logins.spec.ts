import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { inflateRawSync } from 'node:zlib';

import { MaestranoSsoError } from '../../../../src/errors/sso.error.js';
import { RedisStore } from '../../../../src/redis/redis-store.js';
import { LoginExplainer } from '../../../../src/sso/trace/login-explainer.service.js';
import { MemoryStore } from '../../../../src/stores/memory-store.js';
import { formField, instant, signedResponse } from '../../../support/saml/response-builder.js';
import { SamlBench, samlMarketplace, withoutChecks } from '../../../support/saml/saml-bench.js';
import { testKey } from '../../../support/saml/test-keys.js';

let warned: jest.SpiedFunction<Logger['warn']>;

beforeEach(() => {
  warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
});

const codes = (results: readonly PromiseSettledResult<unknown>[]): string[] =>
  results
    .map((result) => (result.status === 'fulfilled' ? 'accepted' : (result.reason as MaestranoSsoError).code))
    .sort();

describe('requests', () => {
  it('send the parameters of the reference, SAMLRequest first, without relay state', async () => {
    const bench = new SamlBench();
    const start = { returnTo: '/invoices', params: { group_id: 'cld-1' } };
    const begun = await bench.logins.begin(bench.marketplace, start);
    const url = new URL(begun.url);
    expect(url.origin + url.pathname).toBe('https://hub.example.com/api/v1/auth/saml');
    expect([...url.searchParams.keys()]).toEqual(['SAMLRequest', 'group_id']);
    const xml = inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest') ?? '', 'base64')).toString();
    expect(xml).toContain(`ID="${begun.requestId}"`);
    expect(xml).toContain(
      'AssertionConsumerServiceURL="https://app.example.com/maestrano/auth/saml/consume/lab"',
    );
    expect(xml).toMatch(/<saml:Issuer [^>]*>app-1<\/saml:Issuer>/);
    expect(xml).toMatch(
      /nameid-format:persistent" AllowCreate="true"|AllowCreate="true" Format="[^"]*persistent"/,
    );
    expect(xml).toContain('ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"');
    expect(xml).not.toContain('RequestedAuthnContext');
  });

  it('never let a parameter replace the request', async () => {
    const bench = new SamlBench();
    const hostile = {
      SAMLRequest: 'evil',
      samlrequest: 'evil',
      RelayState: 'evil',
      SigAlg: 'evil',
      Signature: 'evil',
      SAMLEncoding: 'evil',
      SAMLResponse: 'evil',
      plan: 'gold & "more"',
    };
    const begun = await bench.logins.begin(bench.marketplace, { returnTo: null, params: hostile });
    const url = new URL(begun.url);
    expect([...url.searchParams.keys()]).toEqual(['SAMLRequest', 'plan']);
    expect(url.searchParams.get('plan')).toBe('gold & "more"');
    expect(url.searchParams.get('SAMLRequest')).not.toBe('evil');
  });

  it('are built for a marketplace that pins a fingerprint only', async () => {
    const bench = new SamlBench({ marketplace: samlMarketplace({ certificates: [] }) });
    const { url } = await bench.logins.begin(bench.marketplace, { returnTo: null, params: {} });
    expect(url).toContain('SAMLRequest=');
  });

  it('have IDs that nobody can guess', async () => {
    const bench = new SamlBench();
    const ids = await Promise.all(Array.from({ length: 50 }, async () => (await bench.begin()).id));
    expect(new Set(ids).size).toBe(50);
    for (const id of ids) expect(id).toMatch(/^_[0-9a-f]{40}$/);
  });
});

describe('logins', () => {
  it('bring back what was kept at their beginning', async () => {
    const bench = new SamlBench();
    const { id } = await bench.begin('/invoices?page=2');
    const login = await bench.validate(formField(signedResponse(bench.spec(id))), [id]);
    expect(login.transaction).toMatchObject({ id, returnTo: '/invoices?page=2' });
    expect(login.sessionToken.reveal()).toBe('tok36charactersabcdefghijklmnopqrst');
    expect(JSON.stringify(login)).not.toContain('tok36');
  });

  it('let one of ten concurrent copies in', async () => {
    const bench = new SamlBench();
    const { id } = await bench.begin();
    const field = formField(signedResponse(bench.spec(id)));
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => bench.validate(field, [id])));
    expect(codes(results)).toEqual(['accepted', ...Array.from({ length: 9 }, () => 'sso.requestUsed')]);
  });

  it('are rejected when repeated, and when the provider responds twice', async () => {
    const bench = new SamlBench();
    const { id } = await bench.begin();
    const field = formField(signedResponse(bench.spec(id)));
    await bench.validate(field, [id]);
    await expect(bench.validate(field, [id])).rejects.toMatchObject({
      code: 'sso.requestUsed',
      restart: true,
    });
    const second = formField(signedResponse(bench.spec(id)));
    await expect(bench.validate(second, [id])).rejects.toMatchObject({ code: 'sso.requestUsed' });
  });

  it('never take one assertion twice, whatever login it responds to', async () => {
    const bench = new SamlBench();
    const first = await bench.begin();
    await bench.validate(formField(signedResponse(bench.spec(first.id, { assertionId: '_same' }))), null);
    const second = await bench.begin();
    const response = bench.validate(
      formField(signedResponse(bench.spec(second.id, { assertionId: '_same' }))),
      null,
    );
    await expect(response).rejects.toMatchObject({ code: 'sso.replay' });
  });

  it('survive garbage that names them', async () => {
    const bench = new SamlBench();
    const { id } = await bench.begin();
    const good = signedResponse(bench.spec(id));
    for (const garbage of [good.replaceAll('usr-1', 'usr-2'), good.replace('<Subject>', '<Sub'), 'x']) {
      await expect(bench.validate(formField(garbage), [id])).rejects.toBeInstanceOf(MaestranoSsoError);
    }
    await expect(bench.validate(formField(good), [id])).resolves.toBeDefined();
  });

  it('belong to one marketplace', async () => {
    const store = new MemoryStore();
    const lab = new SamlBench({ store });
    const other = new SamlBench({ marketplace: samlMarketplace({}, 'other'), store });
    const { id } = await lab.begin();
    const response = other.validate(formField(signedResponse(other.spec(id))), [id]);
    await expect(response).rejects.toMatchObject({ code: 'sso.requestUnknown' });
  });

  it('end with their time', async () => {
    const bench = new SamlBench({ sso: { requestTtlMs: 1_000 } });
    const { id } = await bench.begin();
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 2_000);
    const response = bench.validate(formField(signedResponse(bench.spec(id))), [id]);
    await expect(response).rejects.toMatchObject({ code: 'sso.requestUnknown' });
  });

  it('follow the policy of their marketplace', async () => {
    const sso = {
      algorithms: ['sha256' as const],
      perMarketplace: { lab: { algorithms: ['sha1' as const] } },
    };
    await expect(new SamlBench({ sso }).login({ algorithm: 'sha1' })).resolves.toBeDefined();
    const other = new SamlBench({ marketplace: samlMarketplace({}, 'other'), sso });
    await expect(other.login({ algorithm: 'sha1' })).rejects.toMatchObject({ code: 'sso.algorithm' });
  });

  it('are rejected when node-saml does not agree, such as when the clock was set back by hours meanwhile', async () => {
    const bench = new SamlBench();
    // Our own code asks Date.now() what time it is, node-saml makes a new Date().
    const past = Date.now() - 3 * 3_600_000;
    jest.spyOn(Date, 'now').mockReturnValue(past);
    const error = await bench.rejection({ now: past });
    expect(error).toMatchObject({ code: 'sso.engine', restart: false });
    expect(error.checks.filter(({ result }) => result === 'failed')).toEqual([
      expect.objectContaining({ code: 'sso.engine', seen: 'another reading' }),
    ]);
    // No other check notices.
    const lacking = withoutChecks(['sso.engine'], () => bench.login({ now: past }));
    await expect(lacking).resolves.toBeDefined();
  });

  it.each(['acceptedClockSkewMs', 'maxAssertionAgeMs', 'requestTtlMs'] as const)(
    'are not accepted with a senseless %s',
    (option) => {
      expect(() => new SamlBench({ sso: { [option]: -1 } })).toThrow(
        expect.objectContaining({ code: 'configuration.options' }),
      );
      expect(() => new SamlBench({ sso: { perMarketplace: { lab: { [option]: Number.NaN } } } })).toThrow(
        /perMarketplace\.lab/,
      );
    },
  );
});

describe('traces', () => {
  it('explain a rejection with numbers, and say what to do', async () => {
    const bench = new SamlBench();
    const explainer = new LoginExplainer(bench.traces);
    const error = await bench.rejection({ now: Date.now() + 412_000 });
    expect(error.code).toBe('sso.issueInstant');
    const text = await explainer.explain(error.traceCode);
    expect(text).toMatch(
      /The provider's clock is 41[12] s ahead of ours: fix NTP or raise acceptedClockSkewMs\./,
    );
    expect(text).toMatch(/sso\.notYetValid/);
    expect(text).toContain('was rejected');
    expect(text).not.toMatch(/jo@example|usr-1|Doe|tok36/);
  });

  it('are found however the code is spelled, by marketplace, and no longer than a day', async () => {
    const bench = new SamlBench();
    const { traceCode } = await bench.login();
    expect(traceCode).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    const typed = traceCode.toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
    expect(await bench.traces.find(typed)).toMatchObject({
      code: traceCode,
      accepted: true,
      rejection: null,
    });
    expect(await bench.traces.list('lab')).toHaveLength(1);
    expect(await bench.traces.list('other')).toEqual([]);
    expect(await bench.traces.find('nonsense')).toBeNull();
    expect(await new LoginExplainer(bench.traces).explain('ZZZZ-ZZZZ')).toBeNull();
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 25 * 3_600_000);
    expect(await bench.traces.find(traceCode)).toBeNull();
  });

  it('hold neither XML nor personal values, and are bounded', async () => {
    const bench = new SamlBench();
    for (let index = 0; index < 60; index += 1) await bench.validate('x', null).catch(() => undefined);
    await bench.login({ nameId: 'jo@example.com' }).catch(() => undefined);
    await bench
      .login({ attributes: { uid: 'jo@example.com', group_uid: 'Doe Ltd', mno_session: 'tok36' } })
      .catch(() => undefined);
    const traces = await bench.traces.list('lab');
    expect(traces).toHaveLength(52);
    expect(JSON.stringify(traces)).not.toMatch(/jo@example|Doe|tok36|<|usr-1/);
  });

  it('keep real logins apart from a flood of garbage', async () => {
    const bench = new SamlBench();
    const { traceCode } = await bench.login();
    for (let index = 0; index < 80; index += 1) await bench.validate('garbage', null).catch(() => undefined);
    expect(await bench.traces.find(traceCode)).not.toBeNull();
  });

  it('cost no login when their store fails', async () => {
    const bench = new SamlBench();
    const { writeMany } = bench.store;
    jest
      .spyOn(bench.store, 'writeMany')
      .mockImplementation((writes) =>
        writes.some(({ index }) => index)
          ? Promise.reject(new Error('redis is down'))
          : writeMany.call(bench.store, writes),
      );
    await expect(bench.login()).resolves.toBeDefined();
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('was not kept'));
  });

  it('log one line a rejection, with nothing a stranger could forge', async () => {
    const bench = new SamlBench();
    await bench
      .login({ audience: 'https://evil.example.com/\n[Nest] ERROR forged \u202e' })
      .catch(() => undefined);
    expect(warned).toHaveBeenCalledTimes(1);
    const line = String(warned.mock.calls[0]?.[0]);
    expect(line).toMatch(/^Login rejected: \{"marketplace":"lab","code":"sso\.audience","trace":"/);
    expect(line).not.toMatch(/[\n\u202e]|usr-1|jo@example/);
    expect(line.length).toBeLessThan(1_000);
  });

  it('log which login was meant without what a stranger wrote there', async () => {
    const bench = new SamlBench();
    const { id } = await bench.begin();
    const named = signedResponse(bench.spec(id)).replaceAll(id, '_x\u202egnp.exe&#10;[Nest] ERROR forged');
    await bench.validate(formField(named), null).catch(() => undefined);
    const line = String(warned.mock.calls[0]?.[0]);
    expect(line).toMatch(/"code":"sso\.requestMissing".*"request":"_x\?gnp\.exe/);
    expect(line).not.toMatch(/[\n\u202e]/);
  });

  it('list all that is wrong with an assertion, not only the first', async () => {
    const bench = new SamlBench();
    const error = await bench.rejection({ audience: 'urn:x', nameId: 'usr-2', issuer: 'urn:y' });
    const failed = error.checks.filter(({ result }) => result === 'failed').map(({ code }) => code);
    expect(failed).toEqual(['sso.issuer', 'sso.audience', 'sso.nameIdMismatch']);
    expect(error).toMatchObject({ code: 'sso.issuer', marketplace: 'lab' });
  });

  it('name the certificates when the signature does not hold', async () => {
    const bench = new SamlBench();
    const error = await bench.rejection({ key: testKey('attacker') });
    expect(error.message).toContain(testKey('provider').certificate.sha256);
    expect(error.message).toContain(testKey('attacker').certificate.sha256);
  });
});

const url = process.env['TEST_REDIS_URL'];
const maybe = url ? describe : describe.skip;

maybe('two instances on one Redis', () => {
  it('finish each other’s logins once', async () => {
    const connections = [new Redis(url ?? ''), new Redis(url ?? '')];
    const prefix = `h2-saml-${process.pid}-`;
    const [a, b] = connections.map(
      (client) => new SamlBench({ store: new RedisStore(client, { prefix }) }),
    ) as [SamlBench, SamlBench];
    try {
      const { id } = await a.begin('/home');
      const field = formField(signedResponse(b.spec(id)));
      const login = await b.validate(field, [id]);
      expect(login.transaction.returnTo).toBe('/home');
      await expect(a.validate(field, [id])).rejects.toMatchObject({ code: 'sso.requestUsed' });
      await expect(b.validate(field, [id])).rejects.toMatchObject({ code: 'sso.requestUsed' });
      expect(await a.traces.find(login.traceCode)).toMatchObject({ accepted: true });

      const next = await b.begin();
      const copy = formField(signedResponse(a.spec(next.id)));
      const race = Array.from({ length: 10 }, (_, index) => (index % 2 ? a : b).validate(copy, [next.id]));
      expect(codes(await Promise.allSettled(race))).toEqual([
        'accepted',
        ...Array.from({ length: 9 }, () => 'sso.requestUsed'),
      ]);
      expect(instant(Date.now())).toMatch(/Z$/);
    } finally {
      for (const connection of connections) connection.disconnect();
    }
  });
});
