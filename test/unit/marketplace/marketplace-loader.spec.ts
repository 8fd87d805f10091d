import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { MaestranoConfigurationError } from '../../../src/errors/configuration.error.js';
import { HttpConfigurationFetcher } from '../../../src/http/http-configuration-fetcher.service.js';
import type { MarketplaceOptions } from '../../../src/interfaces/marketplace-options.interface.js';
import type { MarketplaceLoader } from '../../../src/marketplace/marketplace-loader.js';
import {
  createMarketplaceLoader,
  type LoaderContext,
} from '../../../src/marketplace/marketplace.providers.js';
import { CERTIFICATE_B, CERTIFICATE_C } from '../../../src/marketplace/normaliser/environment-presets.js';
import { MarketplaceSource, UNCHANGED } from '../../../src/marketplace/sources/marketplace-source.js';
import {
  DeveloperPlatformStub,
  json,
  silence,
  type StubResponse,
  text,
} from '../../support/developer-platform-stub.js';
import { errorOf } from '../../support/error-of.js';
import { fakeDate } from '../../support/fake-date.js';
import { httpClient } from '../../support/http-client.js';
import { settingsOf } from '../../support/settings.js';

const SECRET = 'environment-secret';
const HOUR = 3_600_000;
/** For starts that are to fail. */
const IMPATIENT = { timeoutMs: 150, bootDeadlineMs: 200 };

const platform = new DeveloperPlatformStub();
const http = httpClient({ breaker: false, backoffMs: 250 });
const fetcher = new HttpConfigurationFetcher(http);
const started: MarketplaceLoader[] = [];
let folder: string;
let file: string;
let logged: string[];

function entry(
  name: string,
  overrides: { key?: string | string[]; host?: string; certificate?: string } = {},
) {
  const { key = `key-${name}`, host = 'https://my-app.example.com', certificate = CERTIFICATE_B } = overrides;
  return {
    marketplace: name,
    environment: 'uat',
    app: { host },
    api: { id: `app-${name}`, key },
    sso: { x509_certificate: certificate },
  };
}

function body(...entries: object[]) {
  return { marketplaces: entries };
}

function loaderOf(
  options: MarketplaceOptions = {},
  { environment, ...context }: LoaderContext & { readonly environment?: Record<string, string> } = {},
): MarketplaceLoader {
  const loader = createMarketplaceLoader(
    settingsOf(
      {
        developerPlatform: { host: platform.host, apiKey: 'environment-key', apiSecret: SECRET },
        ...options,
        refresh: { intervalMs: 0, timeoutMs: 1_000, bootDeadlineMs: 5_000, ...options.refresh },
      },
      environment,
    ).marketplace,
    fetcher,
    context,
  );
  started.push(loader);
  return loader;
}

async function start(
  options: MarketplaceOptions = {},
  context: Parameters<typeof loaderOf>[1] = {},
): Promise<MarketplaceLoader> {
  const loader = loaderOf(options, context);
  await loader.start();
  return loader;
}

function names(loader: MarketplaceLoader): string[] {
  return loader.registry.list().map(({ name }) => name);
}

/** Moves the clock, not the timers: whatever the loader does by the clock it does at the next refresh. */
function advance(ms: number): void {
  jest.setSystemTime(Date.now() + ms);
}

beforeAll(async () => {
  await platform.start();
  folder = await mkdtemp(join(tmpdir(), 'marketplaces-'));
});

beforeEach(() => {
  fakeDate();
  file = join(folder, `${Math.random()}.json`);
  logged = [];
  for (const level of ['warn', 'error'] as const) {
    jest
      .spyOn(Logger.prototype, level)
      .mockImplementation((message: unknown) => void logged.push(String(message)));
  }
  platform.requests.length = 0;
  platform.response = json(body(entry('a'), entry('b')));
});

afterEach(() => {
  for (const loader of started.splice(0)) loader.onModuleDestroy();
  jest.restoreAllMocks();
  jest.useRealTimers();
});

afterAll(async () => {
  await platform.stop();
  await rm(folder, { recursive: true });
});

describe('the developer platform', () => {
  it('is asked with the environment credentials, at the one URL', async () => {
    const loader = await start();
    expect(names(loader)).toEqual(['a', 'b']);
    expect(platform.requests).toMatchObject([
      {
        url: '/api/config/v1/marketplaces',
        headers: {
          accept: 'application/json',
          authorization: `Basic ${Buffer.from(`environment-key:${SECRET}`).toString('base64')}`,
        },
      },
    ]);
    expect(loader.status).toMatchObject({
      marketplaces: 2,
      sources: [{ name: 'developer-platform', origin: 'live', failures: 0, lastError: null, vanished: [] }],
    });
  });

  it('is found by the official variables alone, and left alone where it is switched off', async () => {
    const environment = {
      MNO_DEVPL_HOST: platform.host,
      MNO_DEVPL_API_PATH: '/api/config/v1/marketplaces',
      MNO_DEVPL_ENV_NAME: 'timesheets',
      MNO_DEVPL_ENV_KEY: 'k',
      MNO_DEVPL_ENV_SECRET: 's',
    };
    expect(names(await start({ developerPlatform: undefined }, { environment }))).toEqual(['a', 'b']);
    expect(platform.requests[0]!.url).toBe('/api/config/v1/marketplaces');
    const error = await errorOf(
      start({ developerPlatform: false }, { environment }),
      MaestranoConfigurationError,
    );
    expect(error.code).toBe('configuration.none');
  });

  it('is not downloaded again while its ETag stands', async () => {
    platform.response = json(body(entry('a')), 200, { etag: '"1"' });
    const loader = await start();
    platform.response = text('', 304);
    const status = await loader.refresh();
    expect(platform.requests[1]!.headers['if-none-match']).toBe('"1"');
    expect(status.sources[0]).toMatchObject({ failures: 0, lastError: null });
    expect(names(loader)).toEqual(['a']);
  });

  it('gives no ETag to a response that was rejected', async () => {
    const loader = await start();
    platform.response = json(body(), 200, { etag: '"empty"' });
    await loader.refresh();
    await loader.refresh();
    expect(platform.requests.at(-1)!.headers['if-none-match']).toBeUndefined();
    expect(loader.status.sources[0]).toMatchObject({
      failures: 2,
      lastError: { code: 'configuration.sourceEmpty' },
    });
  });
});

/** What the platform does wrong, and the code that says so. */
const FAULTS: readonly (readonly [what: string, answer: StubResponse | null, code: string])[] = [
  ['refuses the connection', null, 'http.connection'],
  ['does not answer', silence, 'configuration.sourceTimeout'],
  ['drops the connection', (request) => request.socket.destroy(), 'http.connection'],
  ['fails with 500', text('oops', 500), 'configuration.sourceStatus'],
  ['fails with 503', text('', 503), 'configuration.sourceStatus'],
  ['redirects', text('', 302, { location: 'http://127.0.0.1:1/' }), 'configuration.sourceStatus'],
  ['refuses the credentials', json({ error: 'no' }, 401), 'configuration.sourceCredentials'],
  ['shows a page', text('<html><body>Sign in</body></html>'), 'configuration.sourceBody'],
  ['sends half the JSON', text('{"marketplaces":[{"marketplace":"a","app":{"ho'), 'configuration.sourceBody'],
  ['sends nothing', text(''), 'configuration.sourceBody'],
  ['sends an error body', json({ error: { message: 'no' } }), 'configuration.platformError'],
  ['sends null', json({ marketplaces: null }), 'configuration.body'],
];

describe.each(FAULTS)('a platform that %s', (_, response, code) => {
  async function breakPlatform(): Promise<void> {
    if (response) platform.response = response;
    else await platform.stop();
  }

  afterEach(async () => {
    if (!response) await platform.start();
  });

  it('loses nothing at refresh', async () => {
    const loader = await start();
    const { snapshot } = loader.registry;
    await breakPlatform();
    const status = await loader.refresh();
    expect(loader.registry.snapshot).toBe(snapshot);
    expect(status.sources[0]).toMatchObject({ origin: 'live', failures: 1, lastError: { code } });
    expect(logged.join() + inspect(status, { depth: 9 })).not.toContain(SECRET);
  });

  it('fails a start that has nothing else, and says why', async () => {
    await breakPlatform();
    const error = await errorOf(start({ refresh: IMPATIENT }), MaestranoConfigurationError);
    expect(error.code).toBe('configuration.none');
    expect(error.cause).toMatchObject({ code });
    expect(inspect(error, { depth: 9 })).not.toContain(SECRET);
  });

  it('is stood in for by static marketplaces and by the copy on disk', async () => {
    await start({ refresh: { file } });
    await breakPlatform();
    const fixed = await start({ marketplaces: entry('static'), refresh: IMPATIENT });
    expect(names(fixed)).toEqual(['static']);
    const cold = await start({ refresh: { ...IMPATIENT, file } });
    expect(names(cold)).toEqual(['a', 'b']);
    expect(cold.registry.findByCredentials('app-b', 'key-b')?.name).toBe('b');
    expect(cold.status.sources[0]).toMatchObject({ origin: 'file', lastError: { code } });
  });
});

describe('a response with an invalid entry', () => {
  const broken = { ...entry('b'), app: { host: 'not a url' } };

  it('loads the others at start, and fails it in strict mode', async () => {
    platform.response = json(body(entry('a'), broken));
    const loader = await start();
    expect(names(loader)).toEqual(['a']);
    expect(loader.status.problems).toContainEqual(
      expect.objectContaining({ marketplace: 'b', key: 'app.host', severity: 'error' }),
    );
    const error = await errorOf(start({ strict: true, refresh: IMPATIENT }), MaestranoConfigurationError);
    expect(error.message).toContain('"b" app.host');
  });

  it('keeps the last good one at refresh, also of an entry that would only lose SSO', async () => {
    const loader = await start();
    const { snapshot } = loader.registry;
    const corrupted = { ...entry('a'), sso: { x509_certificate: 'NIID' } };
    platform.response = json(body(corrupted, broken));
    await loader.refresh();
    expect(loader.registry.snapshot).toBe(snapshot);
    expect(
      loader.status.problems
        .filter(({ severity }) => severity === 'error')
        .map(({ marketplace }) => marketplace),
    ).toEqual(['a', 'a', 'b']);
    const lines = logged.length;
    await loader.refresh();
    expect(logged).toHaveLength(lines);
  });

  it('changes nothing at refresh in strict mode', async () => {
    platform.response = json(body(entry('a', { certificate: '' }), entry('b', { certificate: '' })));
    const loader = await start({ strict: true });
    platform.response = json(body(entry('a', { key: 'new' }), broken));
    const status = await loader.refresh();
    expect(status.sources[0]!.lastError!.code).toBe('configuration.invalid');
    expect(loader.registry.get('a').api.keys.map((key) => key.reveal())).toEqual(['key-a']);
  });
});

describe('a start', () => {
  it('with a copy on disk loses nothing to an empty list or an invalid entry either', async () => {
    await start({ refresh: { file } });
    platform.response = json(body());
    const empty = await start({ refresh: { file } });
    expect(names(empty)).toEqual(['a', 'b']);
    expect(empty.status.sources[0]).toMatchObject({
      origin: 'file',
      lastError: { code: 'configuration.sourceEmpty' },
    });
    platform.response = json(body(entry('a', { key: 'new' }), { ...entry('b'), app: {} }));
    const half = await start({ refresh: { file } });
    expect(half.registry.findByCredentials('app-a', 'new')?.name).toBe('a');
    expect(half.registry.findByCredentials('app-b', 'key-b')?.name).toBe('b');
    expect(half.status.sources[0]).toMatchObject({ origin: 'live', lastError: null });
  });

  it('tries again until the deadline', async () => {
    let attempts = 0;
    platform.response = (request, response) => {
      attempts += 1;
      (attempts === 1 ? text('', 502) : json(body(entry('a'))))(request, response);
    };
    expect(names(await start({ refresh: { bootDeadlineMs: 3_000 } }))).toEqual(['a']);
    expect(attempts).toBe(2);
  });

  it('without any marketplace fails, or begins empty where that is wanted, and recovers', async () => {
    platform.response = json(body());
    expect((await errorOf(start({ refresh: IMPATIENT }), MaestranoConfigurationError)).code).toBe(
      'configuration.invalid',
    );
    const loader = await start({ refresh: { startEmpty: true } });
    expect(names(loader)).toEqual([]);
    platform.response = json(body(entry('a')));
    await loader.refresh();
    expect(names(loader)).toEqual(['a']);
  });

  it('with a default marketplace that nobody brings fails, naming those there are', async () => {
    await expect(start({ defaultMarketplace: 'c' })).rejects.toThrow('Configured: a, b.');
    expect((await start({ defaultMarketplace: 'b' })).registry.default().name).toBe('b');
  });

  it('reports the first problems one by one, and the number of the others', async () => {
    platform.response = json(body(...Array.from({ length: 60 }, (_, index) => entry(`m${index}`))));
    await start();
    expect(logged).toHaveLength(51);
    expect(logged.at(-1)).toBe('- and 10 more: see MarketplaceLoader.status.');
  });

  it.each([
    ['no source at all', { developerPlatform: false } as const, 'configuration.none'],
    ['no platform key', { developerPlatform: { apiSecret: 's3cret' } }, 'configuration.options'],
    ['no platform secret', { developerPlatform: { apiKey: 'k' } }, 'configuration.options'],
    [
      'an odd platform host',
      { developerPlatform: { apiKey: 'k', apiSecret: 's3cret', host: 'ftp://x' } },
      'configuration.options',
    ],
    ['an odd duration', { refresh: { intervalMs: Number.NaN } }, 'configuration.options'],
    [
      'only a broken static marketplace',
      { developerPlatform: false, marketplaces: { marketplace: 'x' } } as const,
      'configuration.invalid',
    ],
  ])('with %s fails with what to do', async (_, options: object, code) => {
    const error = await errorOf(() => loaderOf(options).start(), MaestranoConfigurationError);
    expect(error.code).toBe(code);
    expect(error.remedy).not.toBe('');
    expect(error.message).not.toContain('s3cret');
  });
});

describe('several sources', () => {
  class Database extends MarketplaceSource {
    response: () => unknown = () => [entry('a', { host: 'https://database.example.com' }), entry('c')];
    accepted_ = 0;

    load(): Promise<unknown> {
      return Promise.resolve(this.response());
    }

    override accepted(): void {
      this.accepted_ += 1;
    }
  }

  it('give way to each other by name: static, the own source, the platform', async () => {
    const loader = await start(
      { marketplaces: [entry('c', { host: 'https://static.example.com' })] },
      { source: new Database() },
    );
    expect(loader.registry.list().map(({ name, app }) => `${name} ${app.host}`)).toEqual([
      'c https://static.example.com',
      'a https://database.example.com',
      'b https://my-app.example.com',
    ]);
    expect(loader.status.sources.map(({ name }) => name)).toEqual(['Database', 'developer-platform']);
  });

  it('take over a marketplace that vanished from another one at once', async () => {
    const source = new Database();
    const loader = await start({}, { source });
    expect(loader.registry.get('a').app.host).toBe('https://database.example.com');
    source.response = () => [entry('c')];
    await loader.refresh();
    expect(loader.registry.get('a').app.host).toBe('https://my-app.example.com');
    expect(loader.status.sources[0]!.vanished).toEqual(['a']);
  });

  it('may respond that nothing changed, and throw whatever they like', async () => {
    const source = new Database();
    const loader = await start({ developerPlatform: false }, { source });
    source.response = () => UNCHANGED;
    await loader.refresh();
    expect(names(loader)).toEqual(['a', 'c']);
    expect(source.accepted_).toBe(2);
    source.response = () => {
      throw Object.assign(new Error('postgres://user:s3cret@host'), { code: 'ECONNREFUSED' });
    };
    const status = await loader.refresh();
    expect(status.sources[0]!.lastError).toMatchObject({ code: 'configuration.source' });
    expect(status.sources[0]!.lastError!.message).toContain('Error (ECONNREFUSED)');
    expect(logged.join()).not.toContain('s3cret');
    expect(names(loader)).toEqual(['a', 'c']);
  });

  it('are asked once more for calls that come while they are being asked', async () => {
    const loader = await start();
    await Promise.all([loader.refresh(), loader.refresh(), loader.refresh()]);
    expect(platform.requests).toHaveLength(3);
  });

  it('are not asked any more after shutdown', async () => {
    const source = new Database();
    const loader = await start({ developerPlatform: false }, { source });
    loader.onModuleDestroy();
    source.response = () => {
      throw new Error('asked');
    };
    const { sources } = await loader.refresh();
    expect(sources).toMatchObject([{ failures: 0 }]);
  });

  it('tell a caller what is new, also after a response to a call without it', async () => {
    const loader = await start();
    let called: Promise<unknown> | undefined;
    platform.response = (request, response) => {
      platform.response = json(body(entry('a', { key: 'key-of-today' })));
      called = loader.refresh();
      json(body(entry('a', { key: 'key-of-yesterday' })))(request, response);
    };
    await loader.refresh();
    await called;
    expect(loader.registry.get('a').api.keys[0]!.reveal()).toBe('key-of-today');
  });
});

describe('time', () => {
  it('lets a marketplace that vanished go only after its grace, and forgets that when it comes back', async () => {
    const loader = await start();
    const events: string[] = [];
    loader.registry.events.subscribe(({ type, marketplace }) => events.push(`${type} ${marketplace.name}`));
    platform.response = json(body(entry('a')));
    expect((await loader.refresh()).sources[0]!.vanished).toEqual(['b']);
    advance(23 * HOUR);
    await loader.refresh();
    expect(names(loader)).toEqual(['a', 'b']);
    platform.response = json(body(entry('a'), entry('b')));
    expect((await loader.refresh()).sources[0]!.vanished).toEqual([]);
    platform.response = json(body(entry('a')));
    await loader.refresh();
    advance(23 * HOUR);
    await loader.refresh();
    expect(names(loader)).toEqual(['a', 'b']);
    advance(HOUR);
    // Also while the platform is down.
    platform.response = text('', 500);
    await loader.refresh();
    expect(names(loader)).toEqual(['a']);
    expect(events).toEqual(['removed b']);
  });

  it('lets the past key and certificate work beside the new ones for a while', async () => {
    platform.response = json(body(entry('a', { key: 'one' })));
    const loader = await start();
    const keys = () => loader.registry.get('a').api.keys.map((key) => key.reveal());
    const certificates = () =>
      loader.registry.get('a').sso.certificates.map(({ sha256 }) => sha256.slice(0, 4));
    platform.response = json(body(entry('a', { key: 'two', certificate: CERTIFICATE_C })));
    await loader.refresh();
    expect(keys()).toEqual(['two', 'one']);
    expect(certificates()).toEqual(['455f', '6f19']);
    expect(loader.registry.findByCredentials('app-a', 'one')?.name).toBe('a');
    advance(HOUR / 2);
    platform.response = json(body(entry('a', { key: 'three', certificate: CERTIFICATE_C })));
    await loader.refresh();
    expect(keys()).toEqual(['three', 'two', 'one']);
    advance(HOUR / 2);
    platform.response = text('', 500);
    await loader.refresh();
    expect(keys()).toEqual(['three', 'two']);
    expect(certificates()).toEqual(['455f']);
    advance(HOUR / 2);
    await loader.refresh();
    expect(keys()).toEqual(['three']);
  });

  it('ends the past at once where the overlap is 0, or where the key belongs to another id', async () => {
    platform.response = json(body(entry('a', { key: 'one' })));
    const strictly = await start({ refresh: { rotationOverlapMs: 0 } });
    const loader = await start();
    platform.response = json(body({ ...entry('a', { key: 'two' }) }));
    await strictly.refresh();
    expect(strictly.registry.findByCredentials('app-a', 'one')).toBeNull();
    platform.response = json(body({ ...entry('a'), api: { id: 'app-other', key: 'two' } }));
    await loader.refresh();
    expect(loader.registry.get('a').api.keys).toHaveLength(1);
  });

  it('warns of certificates that end within 30 days', async () => {
    const loader = await start();
    expect(loader.status.expiringCertificates).toEqual([]);
    jest.setSystemTime(new Date('2033-12-10T00:00:00Z'));
    const { expiringCertificates } = await loader.refresh();
    expect(expiringCertificates).toMatchObject([{ marketplace: 'a', daysLeft: 20 }, { marketplace: 'b' }]);
    expect(logged.join()).toContain('expires on 2033-12-30');
  });

  it('refreshes by itself, and not any more after shutdown', async () => {
    const loader = await start({ refresh: { intervalMs: 20 } });
    const asked = () => platform.requests.length;
    for (let turn = 0; turn < 200 && asked() < 3; turn += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(asked()).toBeGreaterThanOrEqual(3);
    loader.onModuleDestroy();
    const before = asked();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(asked()).toBe(before);
    await loader.refresh();
    expect(asked()).toBe(before);
  });

  it('at shutdown gives up what is being asked, and keeps nobody waiting', async () => {
    const loader = await start({ refresh: { timeoutMs: 60_000 } });
    logged.length = 0;
    const before = platform.requests.length;
    const { response: reply } = platform;
    platform.response = silence;
    const [running, waiting] = [loader.refresh(), loader.refresh()];
    while (platform.requests.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
    platform.response = reply;
    loader.onModuleDestroy();
    expect(await Promise.all([running, waiting])).toMatchObject([{ marketplaces: 2 }, { marketplaces: 2 }]);
    expect(platform.requests.length).toBe(before + 1);
    expect(logged).toEqual([]);
  });

  it('gives an established SSO path to nobody else', async () => {
    const loader = await start();
    platform.response = json(
      body(
        { ...entry('0-newcomer'), sso: { init_path: '/maestrano/auth/saml/init/a' } },
        entry('a'),
        entry('b'),
      ),
    );
    await loader.refresh();
    expect(loader.registry.list().map(({ name, sso }) => [name, sso.enabled])).toEqual([
      ['0-newcomer', false],
      ['a', true],
      ['b', true],
    ]);
  });
});

describe('the copy on disk', () => {
  it('is written at once, readable by its owner only, and not again without a change', async () => {
    const loader = await start({ refresh: { file } });
    const written = await stat(file);
    expect(written.mode & 0o777).toBe(0o600);
    advance(HOUR);
    await loader.refresh();
    const again = await stat(file);
    expect(again.ino).toBe(written.ino);
    expect(again.mtime.getTime() - written.mtime.getTime()).toBeGreaterThanOrEqual(HOUR);
    platform.response = json(body(entry('a', { key: 'new' })));
    await loader.refresh();
    expect(await readFile(file, 'utf8')).toContain('"new"');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it.each([
    ['open to others', 0o644, '{"format":1,"sources":{}}', 'open to other users'],
    ['cut short', 0o600, '{"format":1,"sour', 'holds something else'],
    ['of another format', 0o600, '{"format":2}', 'holds something else'],
  ])('is not used when it is %s', async (_, mode, content, reason) => {
    await writeFile(file, content, { mode });
    platform.response = text('', 500);
    const error = await errorOf(start({ refresh: { ...IMPATIENT, file } }), MaestranoConfigurationError);
    expect(error.code).toBe('configuration.none');
    expect(logged.join()).toContain(reason);
  });

  it('that cannot be written is reported, and nothing else suffers', async () => {
    const loader = await start({ refresh: { file: join(folder, 'missing', 'file.json') } });
    expect(names(loader)).toEqual(['a', 'b']);
    expect(logged.join()).toContain('cannot be written (ENOENT)');
  });
});
