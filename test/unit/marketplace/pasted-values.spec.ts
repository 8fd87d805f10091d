import { inspect } from 'node:util';
import { X509Certificate } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { decodeText, parseForeignJson } from '../../../src/utils/foreign-json.js';
import { invisibleIn, trimInvisible } from '../../../src/utils/visible-text.js';
import * as normaliser from '../../../src/marketplace/marketplace-normaliser.js';
import { CERTIFICATE_B, CERTIFICATE_C } from '../../../src/marketplace/normaliser/environment-presets.js';
import { createMarketplaceLoader } from '../../../src/marketplace/marketplace.providers.js';
import { HttpConfigurationFetcher } from '../../../src/http/http-configuration-fetcher.service.js';
import { withoutCredentials } from '../../../src/http/http-messages.js';
import { MaestranoHttp } from '../../../src/http/maestrano-http.service.js';
import { Secret } from '../../../src/utils/secret.js';
import { settingsOf } from '../../support/settings.js';
import { sourceFiles } from '../../package/source-files.js';

const KEY = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
const minimal = {
  marketplace: 'mine',
  app: { host: 'https://app.example.com' },
  api: { id: 'app', key: KEY, host: 'https://hub.example.com' },
  sso: { x509_certificate: CERTIFICATE_C },
};

/** Without the warning that the certificate of the presets is weak. */
function normaliseMarketplaces(input: unknown) {
  const { marketplaces, problems } = normaliser.normaliseMarketplaces(input);
  return { marketplaces, problems: problems.filter(({ code }) => code !== 'configuration.certificateWeak') };
}

/** What nobody sees, at the end of a value that was copied. */
const INVISIBLE = [
  ['a zero-width space', '\u200B'],
  ['a zero-width joiner', '\u200D'],
  ['a byte order mark', '\uFEFF'],
  ['a no-break space', '\u00A0'],
  ['a soft hyphen', '\u00AD'],
  ['a mark of direction', '\u202C'],
  ['a line separator', '\u2028'],
  ['a word joiner', '\u2060'],
  ['a control character', '\u0000'],
  ['a blank of braille', '\u2800'],
  ['a filler', '\u3164'],
  ['a line feed', '\n'],
  ['a selector of variations', '\uFE0F'],
  ['another selector of variations', '\u{E0100}'],
  ['a tag', '\u{E0001}'],
] as const;

describe('a text of the configuration', () => {
  it.each(INVISIBLE)('loses %s at its ends', (_name, mark) => {
    const { marketplaces, problems } = normaliseMarketplaces({
      [`${mark}marketplace`]: `mine${mark}`,
      app: { host: `${mark}https://app.example.com${mark}${mark}` },
      api: { id: `app${mark}`, key: [`${mark}${KEY}${mark}`], host: `https://hub.example.com${mark}` },
      sso: { x509_certificate: CERTIFICATE_C, init_path: `/init${mark}` },
    });
    expect(problems).toEqual([]);
    const [{ name, app, api, sso }] = marketplaces as [(typeof marketplaces)[number]];
    expect([name, app.host, api.id, api.keys[0]!.reveal(), api.host, sso.initPath]).toEqual([
      'mine',
      'https://app.example.com',
      'app',
      KEY,
      'https://hub.example.com',
      '/init',
    ]);
  });

  it('that holds some inside is reported, by code point and never by its value', () => {
    const key = `${KEY.slice(0, 8)}\u200B${KEY.slice(8)}`;
    const { marketplaces, problems } = normaliseMarketplaces({ ...minimal, api: { ...minimal.api, key } });
    expect(marketplaces).toHaveLength(1);
    expect(problems).toEqual([
      expect.objectContaining({ code: 'configuration.value', severity: 'warning', key: 'api.key' }),
    ]);
    expect(problems[0]!.message).toContain('U+200B');
    expect(JSON.stringify(problems)).not.toContain(KEY.slice(8));
  });

  it.each(INVISIBLE)('that is a switch or a number loses %s at its ends too', (_name, mark) => {
    const connec = { enabled: `${mark}true${mark}`, host: 'https://c.example.com', timeout: `60${mark}` };
    const { marketplaces, problems } = normaliseMarketplaces({ ...minimal, connec });
    expect([problems, marketplaces[0]!.connec.enabled, marketplaces[0]!.connec.timeoutMs]).toEqual([
      [],
      true,
      60_000,
    ]);
    const { http, marketplace } = settingsOf({
      http: { timeoutMs: `5000${mark}` as never },
      refresh: { retryAtStart: `${mark}false` as never },
    });
    expect([http.timeoutMs, marketplace.refresh.retryAtStart]).toEqual([5_000, false]);
  });

  it.each(['\n', '\r\n', '\t', '\uFE0F', '\u{E0001}'])('that is broken by %j inside is reported', (mark) => {
    const { problems } = normaliseMarketplaces({ ...minimal, api: { ...minimal.api, id: `my${mark}app` } });
    expect(problems).toEqual([
      expect.objectContaining({ code: 'configuration.value', severity: 'warning', key: 'api.id' }),
    ]);
  });

  it('keeps what belongs to it: letters of all scripts, blanks inside, pictures', () => {
    for (const text of ['Zürich', 'a b', '日本', '👍', 'e\u0301', 'I ❤\uFE0F', '\u{E0001}'.slice(1)]) {
      expect([trimInvisible(text), invisibleIn(text)]).toEqual([text, []]);
    }
    expect(trimInvisible('\u200B'.repeat(100_000) + 'x')).toBe('x');
    expect(trimInvisible('\u200B \n')).toBe('');
  });

  it.each(INVISIBLE)('of the options and the variables loses %s at its ends too', (_name, mark) => {
    const { marketplace, session } = settingsOf(
      { session: { secret: `${mark}${KEY}${mark}` }, defaultMarketplace: `mine${mark}` },
      {
        MNO_DEVPL_ENV_KEY: `environment-key${mark}`,
        MNO_DEVPL_ENV_SECRET: `${mark}environment-secret`,
        MNO_DEVPL_HOST: `https://devpl.example.com${mark}`,
      },
    );
    expect(session.secret!.map((secret) => secret.reveal())).toEqual([KEY]);
    expect(marketplace.defaultMarketplace).toBe('mine');
    const { apiKey, apiSecret, origin } = marketplace.developerPlatform!;
    expect([apiKey, apiSecret.reveal(), origin]).toEqual([
      'environment-key',
      'environment-secret',
      'https://devpl.example.com',
    ]);
  });

  it('of the options and the variables that holds some inside is reported', () => {
    expect(() => settingsOf({ session: { secret: `${KEY}\u200B${KEY}` } })).toThrow('U+200B');
    expect(() =>
      settingsOf(
        {},
        { MNO_DEVPL_ENV_KEY: 'environment\u200B-key', MNO_DEVPL_ENV_SECRET: 'environment-secret' },
      ),
    ).toThrow(/MNO_DEVPL_ENV_KEY.*U\+200B/);
  });

  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(CERTIFICATE_C, 'utf16le')]);
  it.each([
    ['a buffer', Buffer.from(CERTIFICATE_C)],
    ['an array of bytes', new Uint8Array(Buffer.from(CERTIFICATE_C))],
    ['a buffer in UTF-16', utf16],
    ['a buffer that went through JSON', JSON.parse(JSON.stringify(Buffer.from(CERTIFICATE_C))) as object],
    ['DER', new X509Certificate(CERTIFICATE_C).raw],
    ['a certificate of Node', new X509Certificate(CERTIFICATE_C)],
    ['a list of buffers', [Buffer.from(CERTIFICATE_C)]],
  ])('may be %s', (_name, x509_certificate) => {
    const { marketplaces, problems } = normaliseMarketplaces({ ...minimal, sso: { x509_certificate } });
    expect(problems).toEqual([]);
    expect(marketplaces[0]!.sso.certificates.map(({ pem }) => pem)).toEqual([CERTIFICATE_C]);
  });

  it('may be a URL, and a buffer for other parameters and options too', () => {
    const { marketplaces, problems } = normaliseMarketplaces({
      ...minimal,
      app: { host: new URL('https://app.example.com') },
      api: { ...minimal.api, key: Buffer.from(`${KEY}\n`), host: new URL('https://hub.example.com/') },
    });
    expect(problems).toEqual([]);
    const [{ app, api }] = marketplaces as [(typeof marketplaces)[number]];
    expect([app.host, api.host, api.keys[0]!.reveal()]).toEqual([
      'https://app.example.com',
      'https://hub.example.com',
      KEY,
    ]);
    const ca = Buffer.from(CERTIFICATE_B) as unknown as string;
    const file = new URL('file:///tmp/copy.json') as unknown as string;
    const { http, marketplace } = settingsOf({ http: { ca }, refresh: { file } });
    expect(http.ca).toEqual([CERTIFICATE_B.trim()]);
    expect(marketplace.refresh.file).toBe('/tmp/copy.json');
  });
});

describe('what cannot be read', () => {
  it('because there is too much of it, or too deep, is reported', () => {
    const wide = Object.fromEntries(Array.from({ length: 1_100 }, (_, n) => [`x${n}`, 1]));
    let deep: object = { value: 1 };
    for (let level = 0; level < 12; level += 1) deep = { deep };
    for (const extra of [{ wide }, { deep }]) {
      const { problems } = normaliseMarketplaces({ ...minimal, ...extra });
      expect(problems).toContainEqual(
        expect.objectContaining({ code: 'configuration.entry', marketplace: 'mine' }),
      );
    }
  });

  it('is listed up to a bound, with the number of the others', async () => {
    const marketplaces = Array.from({ length: 5_000 }, (_, n) => ({
      marketplace: `m${n}`,
      app: { host: 'x'.repeat(5_000) },
    }));
    const { problems } = normaliseMarketplaces({ marketplaces });
    expect(problems.length).toBeLessThan(600);
    expect(problems.at(-1)!.message).toMatch(/^\d+ further problems are not listed\.$/);
    expect(JSON.stringify(problems).length).toBeLessThan(300_000);
    const one = normaliseMarketplaces({
      ...minimal,
      ...Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`odd${n}`, 1])),
    });
    // Without the warning of the weak certificate.
    expect(one.problems).toHaveLength(200);

    const settings = settingsOf({
      marketplaces: { marketplaces: [minimal, ...marketplaces] },
      developerPlatform: false,
    }).marketplace;
    const http = new MaestranoHttp(settingsOf().http);
    const loader = createMarketplaceLoader(settings, new HttpConfigurationFetcher(http), {});
    await loader.start();
    try {
      expect(loader.status.problems.length).toBeLessThan(600);
      for (const shown of [JSON.stringify(loader), inspect(loader, { depth: 10 })])
        expect(shown).not.toContain(KEY);
    } finally {
      loader.onModuleDestroy();
      await http.onApplicationShutdown();
    }
  });
});

describe('JSON from outside', () => {
  it('may begin with a byte order mark, and be UTF-16', () => {
    expect(parseForeignJson('\uFEFF {"a":1}')).toEqual({ a: 1 });
    const text = '\uFEFF{"a":"é"}';
    expect(parseForeignJson(decodeText(Buffer.from(text)))).toEqual({ a: 'é' });
    expect(parseForeignJson(decodeText(Buffer.from(text, 'utf16le')))).toEqual({ a: 'é' });
    expect(parseForeignJson(decodeText(Buffer.from(text, 'utf16le').swap16()))).toEqual({ a: 'é' });
  });

  it('that is none is not repeated in the error', () => {
    expect(() => parseForeignJson(`{"key":"${KEY}`)).toThrow(new SyntaxError('It is not JSON.'));
  });

  /** What we wrote ourselves, or what belongs to the other side. */
  const OWN = [
    'utils/foreign-json.ts',
    'stores/stored-text.ts',
    'redis/redis-store.ts',
    'connec/notifications/record-state.ts',
    'connec/notifications/dead-letter-seal.service.ts',
    'connec/client/connec-pages.ts',
    'connec/client/changed-records.ts',
    'account/ledger/charge-intents.service.ts',
    'account/ledger/charge-ledger.service.ts',
    'session/session-payload.ts',
    'sso/trace/login-trace.service.ts',
    'sso/login/login-transaction.service.ts',
    'cli/doctor/library.check.ts',
    'cli/generate/generate.command.ts',
    'sso/openid/association.ts',
    'console/deliveries/delivery-traces.service.ts',
    'sync/engine/history.ts',
    'sso/openid/verification-allowance.ts',
    'health/activity.ts',
    'console/audit/audit-log.ts',
    'pg-queue/queued-job.ts',
    'pg-queue/slice-jobs.ts',
    'sync/source/',
    'sync/sql/',
    'sync/store/memory-sync-store.ts',
    'usage/engine/',
    'usage/sql/usage-rows.ts',
    'testing/',
    'sandbox/',
    // Shows a body more readably, and as it is where it is no JSON.
    'views/parts.ts',
  ];
  it('has one reader', () => {
    const readers = sourceFiles()
      .filter(({ text }) => /\bJSON\.parse\(/.test(text.replace(/'[^'\n]*'/g, '')))
      .map(({ path }) => path)
      .filter((path) => !OWN.some((own) => path.startsWith(own)));
    expect(readers).toEqual([]);
  });
});

describe('a rejection that repeats our key', () => {
  const target = { credentials: { user: 'app', password: new Secret('s3cr/t "key"') } } as Parameters<
    typeof withoutCredentials
  >[1];
  it.each([
    's3cr/t "key"',
    encodeURIComponent('s3cr/t "key"'),
    's3cr/t \\"key\\"',
    's3cr/t &quot;key&quot;',
    Buffer.from('s3cr/t "key"').toString('base64'),
    Buffer.from('app:s3cr/t "key"').toString('base64'),
    encodeURIComponent(Buffer.from('app:s3cr/t "key"').toString('base64')),
  ])('loses it as %s', (spelling) => {
    expect(withoutCredentials(`{"errors":"bad ${spelling}, ${spelling}"}`, target)).toBe(
      '{"errors":"bad [secret], [secret]"}',
    );
  });
  it('keeps words that a short key is by accident', () => {
    const short = { credentials: { user: 'app', password: new Secret('key') } } as typeof target;
    expect(withoutCredentials('bad key', short)).toBe('bad key');
  });
});
