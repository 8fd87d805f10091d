import { statSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { CliIo } from '../../../../src/cli/cli-io.js';
import { parseProperties } from '../../../../src/cli/import/readers/properties.reader.js';
import { ImportFolder, type ImportRun, parametersOf } from '../../../support/imported-configuration.js';

const KEY = 'b2c8f0de99';
let folder: ImportFolder;

beforeEach(() => {
  folder = new ImportFolder();
});
afterEach(() => {
  folder.remove();
});

const call = (
  argv: string[],
  files: Record<string, string> = {},
  env: CliIo['env'] = {},
): Promise<ImportRun> => folder.run(argv, files, env);

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
    const env = { MNO_KEY: KEY, MNO_ENV: 'production' };
    const imported = await call(['maestrano.rb'], { 'maestrano.rb': INITIALIZER }, env);
    expect(imported.code).toBe(1);
    expect(imported.err).toContain('"maestrano" sso.x509_certificate: maestrano.rb line 17');
    const module = imported.written('maestrano.config.ts');
    expect(module).toContain("=== 'production' ? 'https://my-app.com' : 'http://localhost:3000'");
    expect(module).toContain("creationMode: 'virtual'");
    expect(module).toContain("groupPath: '/mno/groups/:id'");
    expect(module).toContain('company: false');
    expect(module).not.toContain('commented.example.com');
    expect(module).not.toContain(KEY);
    expect(imported.err).not.toContain(KEY);
    expect(imported.written('.env.maestrano')).toBe(
      `MNO_ENV=production\nMNO_KEY=${KEY}\nMAESTRANO_API_KEY=none\n`,
    );
    expect(statSync(join(folder.path, '.env.maestrano')).mode & 0o777).toBe(0o600);
  });

  it('writes down what the SDK filled in by itself, and tells it', async () => {
    const { err, written } = await call(['maestrano.json'], {
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
    const { written } = await call(['app.properties'], {
      'app.properties': `app.host=https://a.example\napi.id=app-1\napi.key=${KEY}\nsso.enabled=false\n`,
    });
    expect(written('maestrano.config.ts')).toContain("creationMode: 'virtual'");
  });

  it('reads the platform’s response with several marketplaces, each with a variable of its own', async () => {
    const marketplace = (name: string): object => ({
      marketplace: name,
      app: { host: 'https://a.example' },
      api: { id: 'app-1', key: `${KEY}-${name}`, host: 'https://hub.example' },
      sso: { enabled: false },
      webhooks: { account: { group_path: `/groups/:id/${name}` } },
    });
    const body = JSON.stringify({ marketplaces: [marketplace('one'), marketplace('two-x')] });
    const { code, written } = await call(['answer.json'], { 'answer.json': `# as documented\n${body}` });
    expect(code).toBe(0);
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
    const { code, written } = await call(['dev.yml'], files, env);
    expect(code).toBe(0);
    expect(written('maestrano.config.ts')).toContain("host: 'https://new.example'");
    expect(written('maestrano.config.ts')).toContain("apiPath: '/api/config/v1/marketplaces'");
    expect(written('maestrano.config.ts')).toContain("apiKey: process.env['DEV_KEY'] ?? ''");
    expect(written('.env.maestrano')).toBe("DEV_KEY=env-key\nMNO_DEVPL_ENV_SECRET='s3 cr'\\''et'\n");
  });

  it.each([
    [
      'sections by environment',
      `defaults: &d\n  dev_platform: { host: https://d.example }\nproduction:\n  <<: *d\n  environment: { api_key: ek, api_secret: es }\n`,
    ],
    [
      'keys that are symbols',
      `:dev_platform:\n  :host: https://d.example\n:environment:\n  :api_key: ek\n  :api_secret: es\n`,
    ],
  ])('reads YAML with %s', async (_name, text) => {
    const { code, written } = await call(['dev.yml'], { 'dev.yml': text });
    expect(code).toBe(0);
    expect(written('maestrano.config.ts')).toContain("host: 'https://d.example'");
    expect(written('.env.maestrano')).toBe('MNO_DEVPL_ENV_KEY=ek\nMNO_DEVPL_ENV_SECRET=es\n');
  });

  it('leaves Ruby in YAML open that only the application could run', async () => {
    const { code, written } = await call(['dev.yml'], {
      'dev.yml': `dev_platform:\n  host: https://d.example\nenvironment:\n  api_key: <%= Rails.application.secrets.key %>\n`,
    });
    expect(code).toBe(1);
    expect(written('maestrano.config.ts')).toMatch(/apiKey: open\('developerPlatform.apiKey', '.* line 4/);
  });

  it('changes nothing the second time, and overwrites nothing of yours', async () => {
    const files = {
      'm.json': JSON.stringify({ app: { host: 'https://a.example' }, api: { id: 'a', key: KEY } }),
    };
    await call(['m.json'], files);
    expect((await call(['m.json'])).out).toMatch(/unchanged .*maestrano\.config\.ts\nunchanged/);
    folder.write({ 'maestrano.config.ts': 'mine' });
    const rejected = await call(['m.json']);
    expect(rejected).toMatchObject({ code: 1, err: expect.stringContaining('[cli.exists]') });
    expect(rejected.written('maestrano.config.ts')).toBe('mine');
    expect((await call(['m.json', '--force'])).out).toContain('overwritten');
  });

  it('prints without writing', async () => {
    const { out, written } = await call(['--print', '--name', 'uat', 'm.json'], {
      'm.json': JSON.stringify({ app: { host: 'https://a.example' }, api: { id: 'a', key: KEY } }),
    });
    expect(out).toContain("marketplace: 'uat'");
    expect(out).not.toContain(KEY);
    expect(written('maestrano.config.ts')).toBeNull();
  });

  it.each([
    [['nothing.json'], 1, 'cli.file'],
    [['odd.txt'], 1, 'cli.format'],
    [['broken.json'], 1, 'cli.format'],
    [['broken.config'], 1, 'cli.format'],
    [['broken.yml'], 1, 'cli.format'],
    [['endless.yml'], 1, 'cli.format'],
    [[], 2, 'cli.usage'],
    [['--bogus'], 2, "Unknown option '--bogus'"],
  ])('explains %j', async (argv, code, message) => {
    const outcome = await call(argv, {
      'odd.txt': '',
      'broken.json': '{"a":',
      'broken.config': '<a><b></a>',
      'broken.yml': 'a: [',
      'endless.yml': 'a: &a { b: *a }',
    });
    expect(outcome.code).toBe(code);
    expect(outcome.err).toContain(message);
  });

  it.each([
    ['package.json', '{ "name": "my-app", "version": "1.0.0" }'],
    ['app.rb', "class App\n  def run\n    puts 'x'\n  end\nend"],
    ['app.php', "<?php return ['debug' => true, 'name' => 'x'];"],
    ['app.properties', 'server.port=8080\n'],
    ['Web.config', '<configuration><appSettings><add key="a" value="b"/></appSettings></configuration>'],
    ['database.yml', 'production:\n  adapter: mysql\n'],
  ])('writes nothing for %s, which has no parameter of ours', async (file, text) => {
    const { code, err, written } = await call([file], { [file]: text });
    expect(code).toBe(1);
    expect(err).toContain(`No parameter of Maestrano was found in ${file}.`);
    expect([written('maestrano.config.ts'), written('.env.maestrano')]).toEqual([null, null]);
  });

  it('writes nothing when the result has errors', async () => {
    const files = { 'm.json': JSON.stringify({ app: { host: 'not a URL' }, api: { id: 'a', key: KEY } }) };
    const { code, err, written } = await call(['m.json'], files);
    expect(code).toBe(1);
    expect(err).toMatch(/"maestrano" app\.host: [\s\S]*Nothing was written\.\n$/);
    expect([written('maestrano.config.ts'), written('.env.maestrano')]).toEqual([null, null]);
  });

  it('reports as JSON', async () => {
    const { out } = await call(['--json', 'maestrano.rb'], { 'maestrano.rb': INITIALIZER });
    expect(JSON.parse(out)).toMatchObject({
      marketplaces: ['maestrano'],
      environment: null,
      files: [{ outcome: 'created' }, { outcome: 'created' }],
      unreadable: ['"maestrano" sso.x509_certificate: maestrano.rb line 17'],
    });
  });
});

describe('formats without a language', () => {
  it('Java: properties with continued lines, escapes and separators', () => {
    expect([...parseProperties('# c\n! d\na.b = 1 \\\n   2\nc\\:d:\\u0041\\tb\ne f\n g=\n')]).toEqual([
      ['a.b', '1 2'],
      ['c:d', 'A\tb'],
      ['e', 'f'],
      ['g', ''],
    ]);
  });

  it('.NET: every section group of the SDK, presets in a group, subscriptions and the developer platform', async () => {
    const section = (name: string, type: string): string =>
      `<section name="${name}" type="Maestrano.Configuration.${type}, Maestrano"/>`;
    const imported = await call(['--name', 'first', 'Web.config'], {
      'Web.config': `<?xml version="1.0"?><configuration><configSections>
       <sectionGroup name="maestrano">${section('app', 'App')}${section('api', 'Api')}</sectionGroup>
       <sectionGroup name="anotherTenant">${section('app', 'App')}<sectionGroup name="webhook">${section('account', 'WebhookAccount')}</sectionGroup></sectionGroup>
       <sectionGroup name="system.web"><section name="app" type="System.Web.App, System"/></sectionGroup></configSections>
       <maestrano><app host="https://a.example" environment="development"/><api id="a" key="ka"/>
       <webhook><connec notificationsPath="/n"/><connecSubscriptions salesOrders="true" items="false"/></webhook>
       <partner><app host="https://b.example"/><api id="b" key="kb"/></partner></maestrano>
       <anotherTenant><app host="https://c.example" environment="production"/><api id="c" key="kc"/></anotherTenant>
       <system.web><app host="https://no.example"/></system.web>
       <maestranoDevPlatform host="https://dev.example" apiPath="/p"><environment name="n" apiKey="k" apiSecret="s"/></maestranoDevPlatform></configuration>`,
    });
    expect(imported.code).toBe(0);
    const env = { MNO_DEVPL_ENV_KEY: 'k', MNO_DEVPL_ENV_SECRET: 's' };
    const loaded = imported.load(env);
    expect(parametersOf(loaded)).toMatchObject({
      first: {
        'app.host': 'https://a.example',
        environment: 'test',
        'webhooks.connec.notification_path': '/n',
        'webhooks.connec.subscriptions.sales_orders': true,
        'webhooks.connec.subscriptions.items': false,
      },
      partner: { 'app.host': 'https://b.example', environment: 'test' },
      anotherTenant: { 'app.host': 'https://c.example', environment: 'production' },
    });
    expect(loaded.developerPlatform).toEqual({
      host: 'https://dev.example',
      apiPath: '/p',
      apiKey: 'k',
      apiSecret: 's',
    });
  });
});

describe('the readers', () => {
  it('never fall over, whatever the text', async () => {
    const words = fc.constantFrom(
      'config.a = ',
      'Maestrano.configure do |c| ',
      ' end ',
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
      '#{',
      'ENV[',
      'Maestrano::configure(',
      'return ',
      'if ',
      'array(',
      '$x',
      '1',
      '\n',
      ',',
      '<?php ',
      'a: ',
    );
    const text = fc.array(fc.oneof(words, fc.string({ maxLength: 4 }))).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, async (source) => {
        for (const kind of ['rb', 'php', 'yml', 'properties']) {
          const { code, err } = await call(['--print', `x.${kind}`], { [`x.${kind}`]: source });
          if (code !== 0) expect(err).toMatch(/\[(?:cli\.\w+|configuration\.\w+)\]\n|complete by hand/);
        }
      }),
      { numRuns: 150 },
    );
  });
});
