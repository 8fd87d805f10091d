import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { MaestranoConfigurationError } from '../../../src/errors/configuration.error.js';
import { resolveSettings, ssoPolicyOf } from '../../../src/settings/maestrano-settings.js';
import { nearestName } from '../../../src/utils/nearest-name.js';
import { errorOf } from '../../support/error-of.js';

const environment = {};
const resolve = (options: unknown, extras: readonly string[] = []) =>
  resolveSettings(options, { environment, extras });

const failureOf = (options: unknown, extras: readonly string[] = []): Promise<MaestranoConfigurationError> =>
  errorOf(() => resolve(options, extras), MaestranoConfigurationError);

const remedyOf = async (options: unknown, extras?: readonly string[]): Promise<string | undefined> =>
  (await failureOf(options, extras)).problems[0]?.remedy;

describe('options that cannot be used', () => {
  it('are reported all at once, with path, what was found, and what to do', async () => {
    const { code, message, problems } = await failureOf({
      webhooks: { bodyLimit: '5kb' },
      http: { timeoutMs: '10s', breaker: { failures: 0 } },
      sesion: {},
    });
    expect(code).toBe('configuration.options');
    expect(problems).toHaveLength(4);
    expect(message.split('\n')[0]).toBe('4 options of MaestranoModule cannot be used.');
    expect(message).toContain(
      '- webhooks.bodyLimit: It takes a whole number of bytes from 1 to 2147483647. Found: "5kb". Write 5120. [configuration.options]',
    );
    expect(message).toContain('- http.timeoutMs: It takes a whole number of milliseconds from 1 to');
    expect(message).toContain('- http.breaker.failures: It takes a whole number from 1 to');
    expect(message).toContain('- sesion: No option has this name. Write session. [configuration.options]');
  });

  it.each<[string, unknown, string]>([
    ['webhooks', { bodyLimit: '5kb' }, 'Write 5120.'],
    ['webhooks', { bodyLimit: '1.5 MB' }, 'Write 1572864.'],
    ['webhooks', { bodyLimit: '5,120' }, 'Correct it, or leave it out for the default, 5242880.'],
    ['webhooks', { bodyLimit: '10s' }, 'Correct it, or leave it out for the default, 5242880.'],
    ['webhooks', { bodyLimit: '' }, 'Correct it, or leave it out for the default, 5242880.'],
    ['http', { timeoutMs: '10s' }, 'Write 10000.'],
    ['http', { timeoutMs: '1e3 ms' }, 'Write 1000.'],
    ['http', { timeoutMs: '2 minutes' }, 'Write 120000.'],
    ['http', { timeoutMs: 1.005 * 1_000 }, 'Write 1005.'],
    ['http', { timeoutMs: '5kb' }, 'Correct it, or leave it out for the default, 15000.'],
    ['http', { timeoutMs: '30d' }, 'Correct it, or leave it out for the default, 15000.'],
    ['http', { timeoutMs: '1constructor' }, 'Correct it, or leave it out for the default, 15000.'],
    ['http', { attempts: 2.5 }, 'Correct it, or leave it out for the default, 3.'],
    ['http', { attempts: '07' }, 'Write 7.'],
    ['http', { attempts: 4n }, 'Write 4.'],
    ['http', { attempts: 'constructor' }, 'Correct it, or leave it out for the default, 3.'],
    ['refresh', { startEmpty: 'yes' }, 'Write true.'],
    ['refresh', { startEmpty: 2 }, 'Correct it, or leave it out for the default, false.'],
    ['session', { storage: 'Cookies' }, "Write 'cookie'."],
    ['http', { ca: Buffer.from('x') }, "Give what the file holds: readFileSync('ca.pem', 'utf8')."],
    ['http', { ca: Buffer.from(' ') }, 'Correct it, or leave it out.'],
    ['http', { ca: '/etc/ca.pem' }, "Give what the file holds: readFileSync('ca.pem', 'utf8')."],
    ['marketplaces', '[{}]', 'Give the value: JSON.parse(text).'],
    ['store', class Store {}, 'Make an object of the class: new …'],
  ])('%s: %j come with the remedy: %s', async (group, value, remedy) => {
    expect(await remedyOf({ [group]: value })).toBe(remedy);
  });

  it('read as the guide shows them', async () => {
    const guide = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    const [, sample = ''] =
      /## Options are checked at start[\s\S]*?```text\nMaestranoConfigurationError: ([\s\S]*?)```/.exec(
        guide,
      ) ?? [];
    const { message } = await failureOf({
      sso: { bindng: 'off' },
      session: { secret: 'short' },
      webhooks: { bodyLimit: '5kb' },
      http: { timeoutMs: '10s' },
    });
    const lines = (text: string): string[] =>
      text
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean);
    expect(lines(sample)).toEqual(lines(message));
  });

  it('are counted where there are very many', async () => {
    const http = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`zzz${index}`, 1]));
    const { message, problems } = await failureOf({ http });
    expect(problems).toHaveLength(50);
    expect(message).toContain(
      '5000 options of MaestranoModule cannot be used, 4950 of them not listed here.',
    );
    expect(message.length).toBeLessThan(10_000);
  });

  it('are shown short and on one line', async () => {
    const { message } = await failureOf({
      http: {
        timeoutMs: `${'9'.repeat(10_000)}x`,
        attempts: 'a\u2028b\n- c: \u202e',
        [`x\n${'y'.repeat(9_000)}`]: 1,
      },
    });
    expect(message).toContain(`Found: "${'9'.repeat(40)}…" (10001 characters).`);
    expect(message).toContain('Found: "a?b?- c: ?".');
    expect(message.length).toBeLessThan(2_000);
    expect(message.trimEnd().split('\n')).toHaveLength(5);
  });

  it('never show what may be a secret', async () => {
    const hidden = 'hunter2';
    const { message, problems } = await failureOf({
      session: { secret: [hidden, 7] },
      developerPlatform: { apiKey: `${hidden}:`, apiSecret: '', host: `https://u:${hidden}@x.example.com` },
      store: `redis://:${hidden}@localhost`,
      http: { ca: hidden, onAttempt: hidden },
      webhooks: hidden,
      marketplaces: hidden,
      sso: { returnToOrigins: hidden },
    });
    expect(message).not.toContain(hidden);
    expect(problems.find(({ key }) => key === 'session.secret[0]')?.found).toBe('a text of 7 characters');
    expect(problems.find(({ key }) => key === 'session.secret[1]')?.found).toBe('a number');
  });

  it('are no object at all', async () => {
    expect((await failureOf(null)).message).toContain('It takes an object of options. Found: null.');
    expect((await failureOf('x')).problems[0]?.key).toBeNull();
    expect((await failureOf([])).problems[0]?.found).toBe('a list of 0');
  });
});

describe('names that no option has', () => {
  it.each<[unknown, string, string]>([
    [{ http: { timeout_ms: 1 } }, 'http.timeout_ms', 'Write http.timeoutMs.'],
    [{ http: { breaker: { faliures: 1 } } }, 'http.breaker.faliures', 'Write http.breaker.failures.'],
    [
      { sso: { perMarketplace: { uat: { bindings: 'off' } } } },
      'sso.perMarketplace.uat.bindings',
      'Write sso.perMarketplace.uat.binding.',
    ],
    [{ marketplace: [] }, 'marketplace', 'Write marketplaces.'],
    [{ webhooks: { zebra: undefined } }, 'webhooks.zebra', 'Take it out: nothing reads it.'],
    [
      { http: JSON.parse('{"__proto__":{"timeoutMs":1}}') },
      'http.__proto__',
      'Take it out: nothing reads it.',
    ],
    [{ http: { 'a b': 1 } }, 'http.["a b"]', 'Take it out: nothing reads it.'],
  ])('are rejected: %j', async (options, key, remedy) => {
    expect((await failureOf(options)).problems).toEqual([expect.objectContaining({ key, remedy })]);
  });

  it('are what the platform calls its own inside marketplaces, and any marketplace in perMarketplace', () => {
    expect(() =>
      resolve({ marketplaces: { anything: { at: 'all' } }, sso: { perMarketplace: { ['__proto__x']: {} } } }),
    ).not.toThrow();
  });

  it('are extras that a factory returned', async () => {
    const options = { userAdapter: class {}, isGlobal: undefined, userAdaptr: class {} };
    const { problems } = await failureOf(options, ['userAdapter', 'isGlobal']);
    expect(problems.map(({ key, remedy }) => `${key}: ${remedy}`)).toEqual([
      'userAdapter: Give it beside useFactory, useClass or useExisting: it must be known before they run.',
      'userAdaptr: Write userAdapter.',
    ]);
  });

  it('may be members of a class of the application, unless they look like a misspelt option', async () => {
    class Options {
      readonly config = { get: () => '5120' };
      readonly timeouts = 1;
      get webhooks() {
        return { bodyLimit: this.config.get() };
      }
    }
    expect(resolve(new Options()).webhooks.bodyLimit).toBe(5_120);
    class Http {
      readonly timeoutMS = 1;
      readonly attempts = 2;
    }
    expect((await failureOf({ http: new Http() })).problems[0]?.remedy).toBe('Write http.timeoutMs.');
  });
});

describe('settings', () => {
  it('are complete, frozen, and hold no printable secret', () => {
    const secret = 'a secret of at least thirty-two characters';
    const settings = resolve({ session: { secret }, developerPlatform: { apiKey: 'k', apiSecret: secret } });
    expect(Object.isFrozen(settings)).toBe(true);
    expect(Object.isFrozen(settings.http.breaker)).toBe(true);
    expect(Object.isFrozen(settings.sso.limits)).toBe(true);
    expect(settings.session.secret?.map((one) => one.reveal())).toEqual([secret]);
    expect(JSON.stringify(settings)).not.toContain(secret);
  });

  it('leave what the application gave as it was', () => {
    const options = { marketplaces: [{ marketplace: 'uat' }], sso: { passParameters: ['lang'] } };
    const { marketplace, sso } = resolve(options);
    expect(marketplace.marketplaces).toBe(options.marketplaces);
    expect(Object.isFrozen(options.marketplaces[0])).toBe(false);
    options.sso.passParameters.push('late');
    expect(sso.passParameters).toEqual(['lang']);
  });

  it('call functions with the object that held them', () => {
    class Hooks {
      readonly seen: unknown[] = [];
      onAttempt(attempt: unknown): void {
        this.seen.push(attempt);
      }
    }
    const hooks = new Hooks();
    resolve({ http: hooks }).http.onAttempt?.('a call' as never);
    expect(hooks.seen).toEqual(['a call']);
  });

  it('of a marketplace inherit from those of the registration', () => {
    const { sso } = resolve({
      sso: {
        binding: 'require',
        limits: { elements: '400' },
        acceptedClockSkewMs: undefined,
        perMarketplace: { lab: { binding: 'off', limits: { depth: 10 } } },
      },
    });
    expect(ssoPolicyOf(sso, 'lab')).toMatchObject({
      binding: 'off',
      acceptedClockSkewMs: 60_000,
      limits: { elements: 400, depth: 10, attributes: 120 },
    });
    expect(ssoPolicyOf(sso, 'other')).toMatchObject({ binding: 'require', limits: { depth: 20 } });
    expect(ssoPolicyOf(resolve({}).sso, 'lab').signature).toBe('assertion');
  });

  it('switch groups off and on', () => {
    expect(resolve({ http: { breaker: false } }).http.breaker).toBeNull();
    expect(resolve({ http: { breaker: true } }).http.breaker?.failures).toBe(10);
    expect(resolve({}).webhooks.lockout).toBeNull();
    expect(resolve({ webhooks: { lockout: { failures: '3' } } }).webhooks.lockout).toMatchObject({
      failures: 3,
      maxEntries: 10_000,
    });
  });

  it('take the developer platform from the variables, and say which is missing', async () => {
    expect(() => resolve({ developerPlatform: true })).toThrow(
      /Set developerPlatform.apiKey or .* MNO_DEVPL_ENV_KEY/,
    );
    const { problems } = await failureOf({ developerPlatform: {} });
    expect(problems.map(({ key }) => key)).toEqual([
      'developerPlatform.apiKey',
      'developerPlatform.apiSecret',
    ]);
  });

  it('name the variable whose value cannot be used', () => {
    const variables = { MNO_DEVPL_ENV_KEY: 'k', MNO_DEVPL_ENV_SECRET: 's', MNO_DEVPL_HOST: 'ftp://x' };
    expect(() => resolveSettings({}, { environment: variables })).toThrow(/^- MNO_DEVPL_HOST: /m);
    expect(() => resolveSettings({ developerPlatform: false }, { environment: variables })).not.toThrow();
  });
});

describe('the nearest name', () => {
  it.each([
    ['timeoutms', 'timeoutMs'],
    ['time_out_ms', 'timeoutMs'],
    ['attempt', 'attempts'],
    ['config', null],
    ['', null],
    ['x'.repeat(100_000), null],
  ])('to %j is %j', (name, nearest) => {
    expect(nearestName(name, ['timeoutMs', 'attempts', 'connec'])).toBe(nearest);
  });
});
