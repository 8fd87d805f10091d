import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { CliIo } from '../../../src/cli/cli-io.js';
import { run } from '../../../src/cli/import/import.command.js';
import { parseProperties } from '../../../src/cli/import/readers/properties.reader.js';
import { readPhpConfiguration } from '../../../src/cli/import/readers/php-configuration.reader.js';
import { readRubyInitializer } from '../../../src/cli/import/readers/ruby-initializer.reader.js';
import { readWebConfig } from '../../../src/cli/import/readers/web-config.reader.js';

const KEY = 'b2c8f0de99';
let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'import-'));
});
afterEach(() => {
  rmSync(cwd, { recursive: true });
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function call(
  argv: string[],
  files: Record<string, string> = {},
  env: CliIo['env'] = {},
): Promise<Outcome> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  let [out, err] = ['', ''];
  const code = await run(argv, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    env,
    cwd,
  });
  return { code, out, err };
}

const written = (name: string): string => readFileSync(join(cwd, name), 'utf8');
const context = { file: 'x', env: {}, defaultName: 'maestrano' };

const INITIALIZER = `
# Hosts by environment
Maestrano.configure do |config|
  config.environment = ENV['MNO_ENV'] || 'test' # or 'production'
  config.app.host = (config.environment == 'production' ? 'https://my-app.com' : "http://localhost:3000")
  config.api.id = 'app-1'
  config.api.key = ENV.fetch('MNO_KEY', 'none')
  config.sso_enabled = true
  # config.sso.idm = 'https://commented.example.com'
  config.user_creation_mode = 'virtual'
  config.webhook.account.groups_path = '/mno/groups/:id'
  config.webhook.connec.subscriptions = {
    accounts: true,
    :company => false,
    'sales_orders' => true,
  }
  config.sso.x509_certificate = Rails.root.join('cert.pem').read
end
`;

describe('import', () => {
  it('reads a Rails initializer with its choices, and says what it cannot read', async () => {
    const { code, err } = await call(
      ['maestrano.rb'],
      { 'maestrano.rb': INITIALIZER },
      { MNO_KEY: KEY, MNO_ENV: 'production' },
    );
    expect(code).toBe(1);
    expect(err).toContain('maestrano.rb, line 17: config.sso.x509_certificate');
    const module = written('maestrano.config.ts');
    expect(module).toContain("host: 'https://my-app.com'");
    expect(module).toContain("creationMode: 'virtual'");
    expect(module).toContain("groupPath: '/mno/groups/:id'");
    expect(module).toContain('company: false');
    expect(module).not.toContain('commented.example.com');
    expect(module).not.toContain(KEY);
    expect(err).not.toContain(KEY);
    expect(written('.env.maestrano')).toBe(`MAESTRANO_API_KEY=${KEY}\n`);
    expect(statSync(join(cwd, '.env.maestrano')).mode & 0o777).toBe(0o600);
  });

  it('writes down what the SDK filled in by itself, and reports it', async () => {
    const { err } = await call(['maestrano.json'], {
      'maestrano.json': JSON.stringify({
        app: { host: 'http://my-app.com' },
        api: { id: 'app-1', key: KEY },
      }),
    });
    expect(written('maestrano.config.ts')).toContain("initPath: '/maestrano/auth/saml/init.php'");
    expect(written('maestrano.config.ts')).toContain("environment: 'test'");
    expect(err).toContain('sso.init_path: theirs: "/maestrano/auth/saml/init.php" by default');
    expect(err).toContain('TLS: theirs: certificates are not verified by default; ours: always verified');
  });

  it('keeps virtual users of the SDKs whose default they are', async () => {
    await call(['app.properties'], {
      'app.properties': `app.host=https://a.example\napi.id=app-1\napi.key=${KEY}\n`,
    });
    expect(written('maestrano.config.ts')).toContain("creationMode: 'virtual'");
  });

  it('reads the platform’s response with several marketplaces, each with a variable of its own', async () => {
    const marketplace = (name: string): object => ({
      marketplace: name,
      app: { host: 'https://a.example' },
      api: { id: 'app-1', key: `${KEY}-${name}`, host: 'https://hub.example' },
      webhooks: { account: { group_path: `/groups/:id/${name}` } },
    });
    const body = JSON.stringify({ marketplaces: [marketplace('one'), marketplace('two-x')] });
    const { code } = await call(['answer.json'], { 'answer.json': `# as documented\n${body}` });
    expect(code).toBe(1);
    expect(written('.env.maestrano')).toBe(
      `MAESTRANO_API_KEY_ONE=${KEY}-one\nMAESTRANO_API_KEY_TWO_X=${KEY}-two-x\n`,
    );
    expect(written('maestrano.config.ts')).toContain("key: process.env['MAESTRANO_API_KEY_TWO_X'] ?? ''");
  });

  it('takes the developer platform from files, and the environment over them', async () => {
    const files = {
      'dev.yml': `# comment\ndev_platform:\n  host: 'https://old.example'\n  api_path: /api/config/v1/marketplaces\nenvironment:\n  name: timesheets\n  api_key: <%= ENV['DEV_KEY'] %>\n  api_secret: "s3 cr'et"\n`,
    };
    const env = { MNO_DEVPL_HOST: 'https://new.example', DEV_KEY: 'env-key' };
    const { code } = await call(['dev.yml'], files, env);
    expect(code).toBe(0);
    expect(written('maestrano.config.ts')).toContain("host: 'https://new.example'");
    expect(written('maestrano.config.ts')).toContain("apiPath: '/api/config/v1/marketplaces'");
    expect(written('.env.maestrano')).toBe(
      "MNO_DEVPL_ENV_KEY=env-key\nMNO_DEVPL_ENV_SECRET='s3 cr'\\''et'\n",
    );
  });

  it('changes nothing the second time, and overwrites nothing of yours', async () => {
    const files = {
      'm.json': JSON.stringify({ app: { host: 'https://a.example' }, api: { id: 'a', key: KEY } }),
    };
    await call(['m.json'], files);
    expect((await call(['m.json'])).out).toMatch(/unchanged .*maestrano\.config\.ts\nunchanged/);
    writeFileSync(join(cwd, 'maestrano.config.ts'), 'mine');
    const rejected = await call(['m.json']);
    expect(rejected).toMatchObject({ code: 1, err: expect.stringContaining('[cli.exists]') });
    expect(written('maestrano.config.ts')).toBe('mine');
    expect((await call(['m.json', '--force'])).out).toContain('overwritten');
  });

  it('prints without writing', async () => {
    const { out } = await call(['--print', '--name', 'uat', 'm.json'], {
      'm.json': JSON.stringify({ app: { host: 'https://a.example' }, api: { id: 'a', key: KEY } }),
    });
    expect(out).toContain("marketplace: 'uat'");
    expect(out).not.toContain(KEY);
    expect(() => written('maestrano.config.ts')).toThrow();
  });

  it.each([
    [['nothing.json'], 1, 'cli.file'],
    [['odd.txt'], 1, 'cli.format'],
    [['broken.json'], 1, 'cli.format'],
    [['broken.config'], 1, 'cli.format'],
    [[], 1, 'cli.nothing'],
    [['--bogus'], 2, "Unknown option '--bogus'"],
  ])('explains %j', async (argv, code, message) => {
    const outcome = await call(argv, {
      'odd.txt': '',
      'broken.json': '{"a":',
      'broken.config': '<a><b></a>',
    });
    expect(outcome.code).toBe(code);
    expect(outcome.err).toContain(message);
  });
});

describe('readers', () => {
  it('Ruby: presets in one file stay apart', () => {
    const { marketplaces } = readRubyInitializer(
      `Maestrano['one'].configure do |config|\n config.app.host = 'https://1' + '.example'\nend\n` +
        `Maestrano["two"].configure do |config|\n config.app_id = :sym\n config.connec.timeout = 30.5\nend`,
      context,
    );
    expect([...marketplaces]).toEqual([
      ['one', { 'app.host': 'https://1.example' }],
      ['two', { app_id: 'sym', 'connec.timeout': 30.5 }],
    ]);
  });

  it('PHP: arrays old and new, presets, environment, concatenation', () => {
    const { marketplaces, unreadable } = readPhpConfiguration(
      `<?php
      // Maestrano::configure(array('app' => array('host' => 'commented')));
      Maestrano::configure(array('environment' => getenv('E') ?: 'test', 'app' => array('host' => 'http://' . 'a.example')));
      \\Maestrano::with('two')->configure(['api' => ['id' => "app\\n", 'key' => $_ENV['K'] ?? 'k'], 'sso' => ['enabled' => TRUE]]);
      Maestrano::with('three')->configure(['api' => ['id' => secret_of('x')]]);`,
      { ...context, env: { K: 'from-env' } },
    );
    expect([...marketplaces]).toEqual([
      ['maestrano', { environment: 'test', app: { host: 'http://a.example' } }],
      ['two', { api: { id: 'app\n', key: 'from-env' }, sso: { enabled: true } }],
    ]);
    expect(unreadable).toEqual(['line 5: secret_of']);
  });

  it('Java: properties with continued lines, escapes and separators', () => {
    expect([...parseProperties('# c\n! d\na.b = 1 \\\n   2\nc\\:d:\\u0041\\tb\ne f\n g=\n')]).toEqual([
      ['a.b', '1 2'],
      ['c:d', 'A\tb'],
      ['e', 'f'],
      ['g', ''],
    ]);
  });

  it('.NET: sections, presets, subscriptions and the developer platform', () => {
    const { marketplaces, platform } = readWebConfig(
      `<?xml version="1.0"?><configuration><configSections><sectionGroup name="maestrano"/></configSections>
       <maestrano><app host="https://a.example"/><webhook><connec notificationsPath="/n"><subscriptions salesOrders="true"/></connec></webhook>
       <partner><app host="https://b.example"/></partner></maestrano>
       <maestranoDevPlatform host="https://dev.example" apiPath="/p"><environment name="n" apiKey="k" apiSecret="s"/></maestranoDevPlatform></configuration>`,
      context,
    );
    expect([...marketplaces]).toEqual([
      [
        'maestrano',
        {
          app: { host: 'https://a.example' },
          webhook: { connec: { notificationsPath: '/n', subscriptions: { salesOrders: 'true' } } },
        },
      ],
      ['partner', { app: { host: 'https://b.example' } }],
    ]);
    expect(platform).toEqual({
      host: 'https://dev.example',
      apiPath: '/p',
      name: 'n',
      apiKey: 'k',
      apiSecret: 's',
    });
  });

  it('never fall over, whatever the text', () => {
    const words = fc.constantFrom(
      'config.a = ',
      '{',
      '}',
      '[',
      ']',
      '(',
      ')',
      "'",
      '"',
      '=>',
      '? ',
      ':',
      '.',
      '\\',
      '#',
      'ENV[',
      'Maestrano::configure(',
      'return ',
      'array(',
      '1',
      '\n',
      ',',
    );
    const text = fc.array(fc.oneof(words, fc.string({ maxLength: 4 }))).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (source) => {
        readRubyInitializer(source, context);
        readPhpConfiguration(source, context);
        parseProperties(source);
      }),
      { numRuns: 500 },
    );
  });
});
