import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ImportFolder, type ImportRun, parametersOf } from '../../../support/imported-configuration.js';

let folder: ImportFolder;

beforeEach(() => {
  folder = new ImportFolder();
});
afterEach(() => {
  folder.remove();
});

const configure = (lines: string): string => `Maestrano.configure do |config|\n${lines}\nend\n`;

async function importRuby(source: string, argv: string[] = [], env = {}): Promise<ImportRun> {
  return folder.run(['maestrano.rb', ...argv], { 'maestrano.rb': source }, env);
}

/** The parameters of the only marketplace, with these variables where it runs. */
async function parameters(source: string, argv: string[] = [], env = {}): Promise<Record<string, unknown>> {
  const imported = await importRuby(source, argv);
  return parametersOf(imported.load(env))['maestrano'] ?? {};
}

/** What each of these initializers needs so that nothing is missing; the construction under test comes on top. */
const BASE = `config.environment = 'production'
  config.api.id = 'app-1'
  config.api.key = 'k1'
`;

describe('Ruby: choices by environment', () => {
  const cases: [name: string, lines: string, production: string, development: string][] = [
    [
      'if and else',
      `if Rails.env.production?\n config.app.host = 'https://p.example'\nelse\n config.app.host = 'https://o.example'\nend`,
      'https://p.example',
      'https://o.example',
    ],
    [
      'elsif',
      `if Rails.env.test?\n config.app.host = 'https://t.example'\nelsif Rails.env.development?\n config.app.host = 'https://o.example'\nelse\n config.app.host = 'https://p.example'\nend`,
      'https://p.example',
      'https://o.example',
    ],
    [
      'a modifier',
      `config.app.host = 'https://p.example'\nconfig.app.host = 'https://o.example' if Rails.env.development?`,
      'https://p.example',
      'https://o.example',
    ],
    [
      'unless',
      `config.app.host = 'https://p.example'\nconfig.app.host = 'https://o.example' unless Rails.env.production?`,
      'https://p.example',
      'https://o.example',
    ],
    [
      '?:',
      `config.app.host = Rails.env.development? ? 'https://o.example' : 'https://p.example'`,
      'https://p.example',
      'https://o.example',
    ],
    [
      'case',
      `config.app.host = case Rails.env\nwhen 'production', 'uat' then 'https://p.example'\nelse 'https://o.example'\nend`,
      'https://p.example',
      'https://o.example',
    ],
    [
      'a comparison',
      `config.app.host = 'https://o.example'\nconfig.app.host = 'https://p.example' if ENV['RAILS_ENV'] == "production" && !Rails.env.test?`,
      'https://p.example',
      'https://o.example',
    ],
    [
      'a list',
      `config.app.host = %w(development test).include?(Rails.env) ? 'https://o.example' : 'https://p.example'`,
      'https://p.example',
      'https://o.example',
    ],
    [
      'a hash',
      `HOSTS = { production: 'https://p.example', 'development' => 'https://o.example' }.freeze\nconfig.app.host = HOSTS[Rails.env.to_sym]`,
      'https://p.example',
      'https://o.example',
    ],
    [
      'a method',
      `def host(env)\n return 'https://p.example' if env.production?\n 'https://o.example'\nend\nconfig.app.host = host(Rails.env)`,
      'https://p.example',
      'https://o.example',
    ],
    [
      'an early next',
      `config.app.host = 'https://o.example'\nnext if Rails.env.development?\nconfig.app.host = 'https://p.example'`,
      'https://p.example',
      'https://o.example',
    ],
  ];

  it.each(cases)('%s', async (_name, lines, production, development) => {
    const source = configure(BASE + lines);
    expect((await parameters(source))['app.host']).toBe(production);
    const argv = ['--environment', 'development', '--force'];
    expect((await parameters(source, argv))['app.host']).toBe(development);
  });

  it('says which environment was taken, where it mattered', async () => {
    const source = configure(`${BASE}config.app.host = Rails.env`);
    expect((await importRuby(source)).err).toContain('Rails.env is taken for "production"');
    const other = await importRuby(configure(`${BASE}config.app.host = 'https://a.example'`), ['--force']);
    expect(other.err).not.toContain('Rails.env');
  });
});

describe('Ruby: variables of the environment', () => {
  const cases: [expression: string, env: Record<string, string>, expected: unknown][] = [
    [`ENV['HOST']`, { HOST: 'https://v.example' }, 'https://v.example'],
    [`ENV.fetch('HOST')`, { HOST: 'https://v.example' }, 'https://v.example'],
    [`ENV['HOST'] || 'https://d.example'`, {}, 'https://d.example'],
    [`ENV['HOST'] || 'https://d.example'`, { HOST: 'https://v.example' }, 'https://v.example'],
    [`ENV.fetch('HOST', 'https://d.example')`, {}, 'https://d.example'],
    [`ENV.fetch('HOST') { 'https://d.example' }`, {}, 'https://d.example'],
    [`ENV['HOST'].presence || 'https://d.example'`, { HOST: '' }, 'https://d.example'],
    [`ENV['HOST'] || raise('HOST is missing')`, { HOST: 'https://v.example' }, 'https://v.example'],
    ['"https://#{ENV[\'NAME\']}.example"', { NAME: 'v' }, 'https://v.example'],
    [`'https://' + ENV['NAME'] + '.example'`, { NAME: 'v' }, 'https://v.example'],
    [`['https://', ENV['NAME']].join`, { NAME: 'v.example' }, 'https://v.example'],
    [
      `ENV['LIVE'] == 'yes' ? 'https://p.example' : 'https://o.example'`,
      { LIVE: 'yes' },
      'https://p.example',
    ],
    [`ENV['LIVE'] == 'yes' ? 'https://p.example' : 'https://o.example'`, {}, 'https://o.example'],
    [
      `if ENV['LIVE'] then 'https://p.example' else 'https://o.example' end`,
      { LIVE: '' },
      'https://p.example',
    ],
    [`ENV.key?('LIVE') ? 'https://p.example' : 'https://o.example'`, {}, 'https://o.example'],
    [`Figaro.env.host || 'https://d.example'`, { host: 'https://v.example' }, 'https://v.example'],
  ];

  it.each(cases)('%s with %j', async (expression, env, expected) => {
    const source = configure(`${BASE}config.app.host = ${expression}`);
    expect((await parameters(source, [], env))['app.host']).toBe(expected);
  });

  it('keeps its name where it is not set, and lists it', async () => {
    const imported = await importRuby(
      configure(
        `config.environment = 'production'\nconfig.app.host = 'https://a.example'\nconfig.api.id = ENV['MNO_ID']\nconfig.api.key = ENV['MNO_KEY']`,
      ),
    );
    expect(imported.code).toBe(0);
    expect(imported.written('maestrano.config.ts')).toContain("id: process.env['MNO_ID'] ?? ''");
    expect(imported.written('.env.maestrano')).toMatch(/^# MNO_ID= .*\n# MNO_KEY= .*\n$/);
  });

  it('writes its value where it is set', async () => {
    const source = configure(`${BASE}config.app.host = ENV['HOST']`);
    const imported = await importRuby(source, [], { HOST: 'https://v.example' });
    expect(imported.written('.env.maestrano')).toContain('HOST=https://v.example\n');
  });

  it('keeps statements that depend on it', async () => {
    const source = configure(
      `${BASE}config.app.host = 'https://o.example'\nif ENV['LIVE'] == '1'\n config.app.host = 'https://p.example'\nend`,
    );
    expect((await parameters(source, [], { LIVE: '1' }))['app.host']).toBe('https://p.example');
    expect((await parameters(source, ['--force']))['app.host']).toBe('https://o.example');
  });

  it.each([
    [
      'next',
      `config.app.host = 'https://o.example'\nnext if ENV['LIVE'] != '1'\nconfig.app.host = 'https://p.example'`,
    ],
    [
      'return',
      `def host\n return 'https://p.example' if ENV['LIVE'] == '1'\n 'https://o.example'\nend\nconfig.app.host = host`,
    ],
    [
      'a next in a condition',
      `config.app.host = 'https://o.example'\nunless Rails.env.test?\n next unless ENV['LIVE'] == '1'\nend\nconfig.app.host = 'https://p.example'`,
    ],
  ])('keeps %s that depends on it', async (_name, lines) => {
    const source = configure(BASE + lines);
    expect((await parameters(source, [], { LIVE: '1' }))['app.host']).toBe('https://p.example');
    expect((await parameters(source, ['--force']))['app.host']).toBe('https://o.example');
  });

  it('leaves open what stands after a next that only the application could decide', async () => {
    const source = configure(
      `${BASE}config.app.host = 'https://o.example'\nnext if Settings.done\nconfig.app.host = 'https://p.example'`,
    );
    const imported = await importRuby(source);
    expect(imported.written('maestrano.config.ts')).toMatch(
      /host: open\('"maestrano" app.host', 'maestrano.rb line \d'\)/,
    );
  });

  it('moves a secret in a choice out of the module', async () => {
    const imported = await importRuby(
      configure(
        `config.environment = ENV['E'] || 'test'\nconfig.app.host = 'https://a.example'\nconfig.api.id = 'a'\n` +
          `config.api.key = (config.environment == 'production' ? 'prod-secret' : 'sand-secret')`,
      ),
    );
    expect(imported.written('maestrano.config.ts')).not.toMatch(/prod-secret|sand-secret/);
    const env = { MAESTRANO_API_KEY: 'prod-secret', MAESTRANO_API_KEY_2: 'sand-secret' };
    const key = (more: object): unknown =>
      parametersOf(imported.load({ ...env, ...more }))['maestrano']?.['api.key'];
    expect([key({ E: 'production' }), key({})]).toEqual(['prod-secret', 'sand-secret']);
    for (const [name, value] of Object.entries(env)) {
      expect(imported.written('.env.maestrano')).toContain(`${name}=${value}\n`);
    }
  });
});

describe('Ruby: several marketplaces', () => {
  const names = async (source: string): Promise<Record<string, unknown>> => {
    const imported = await importRuby(source);
    const all = parametersOf(imported.load());
    return Object.fromEntries(Object.entries(all).map(([name, own]) => [name, own['app.host']]));
  };
  const block = (host: string): string =>
    `|c|\n c.environment = 'production'\n c.api.id = name\n c.api.key = 'k'\n c.app.host = ${host}\n`;

  it.each([
    ['a list of words', '%w(one two).each do |name|', '"https://#{name}.example"'],
    ['a list of symbols', '[:one, :two].each do |name|', '"https://#{name}.example"'],
    ['a constant', 'NAMES = %w[one two].freeze\nNAMES.each do |name|', "'https://' + name + '.example'"],
    ['a hash', "{ 'one' => 'https://one.example', two: 'https://two.example' }.each do |name, host|", 'host'],
    [
      'a hash of hashes',
      "{ one: { host: 'https://one.example' }, two: { host: 'https://two.example' } }.each_pair do |name, it|",
      'it[:host]',
    ],
    ['for', 'for name in %w(one two) do', '"https://#{name}.example"'],
    ['an index', '%w(one two).each_with_index do |name, index|', '"https://#{name}.example"'],
    [
      'a frozen local list',
      "list = ['one']\nlist << 'two'\nlist.each do |name|",
      '"https://#{name}.example"',
    ],
  ])('a loop over %s', async (_name, head, host) => {
    const source = `${head}\n Maestrano[name].configure do ${block(host)} end\nend`;
    expect(await names(source)).toEqual({ one: 'https://one.example', two: 'https://two.example' });
  });

  it('a block in braces, with any variable, or none', async () => {
    const source = [
      "Maestrano['one'].configure { |m| m.app.host = 'https://1.example'; m.environment = 'production'; m.api.id = 'a'; m.api.key = 'k' }",
      "Maestrano[:two].configure { it.app.host = 'https://2.example'; it.environment = 'production'; it.api.id = 'b'; it.api.key = 'l' }",
      "Maestrano['three'].configure do\n _1.app.host = 'https://3.example'\n _1.environment = 'production'\n _1.api.id = 'c'\n _1.api.key = 'm'\nend",
    ].join('\n');
    expect(await names(source)).toEqual({
      one: 'https://1.example',
      two: 'https://2.example',
      three: 'https://3.example',
    });
  });

  it('names that only the application knows are listed, with their line', async () => {
    const imported = await importRuby(
      `Settings.tenants.each do |tenant|\n  Maestrano[tenant].configure do |config|\n    config.app.host = 'https://a.example'\n  end\nend`,
    );
    expect(imported.code).toBe(1);
    expect(imported.err).toContain('maestrano.rb line 2');
    expect(imported.written('maestrano.config.ts')).toBeNull();
  });
});

describe('Ruby: what cannot be read', () => {
  it.each([
    ['a setting of the application', `config.app.host = Settings.app_host`],
    ['a part of a text', '\nconfig.app.host = "https://#{Settings.name}.example"'],
    ['a fallback', `config.app.host = ENV['HOST'] || Settings.host`],
    ['a condition', `config.app.host = 'https://a.example' if Settings.live`],
    ['one of two', `config.app.host = Settings.live ? 'https://a.example' : 'https://b.example'`],
    ['a text for a switch', `config.app_host = 'https://a.example'\nconfig.sso.enabled = ENV['SSO']`],
    [
      'a file that is not there',
      `config.app_host = 'https://a.example'\nconfig.sso.x509_certificate = File.read(Rails.root.join('cert.pem'))`,
    ],
  ])('%s stays open with its line, and has no default', async (_name, lines) => {
    const source = configure(BASE + lines);
    const imported = await importRuby(source);
    const line = source.split('\n').findIndex((text) => /app\.host|sso\./.test(text)) + 1;
    expect(imported.code).toBe(1);
    expect(imported.err).toContain(`maestrano.rb line ${line}`);
    expect(imported.written('maestrano.config.ts')).toMatch(
      new RegExp(
        `: open\\('"maestrano" (app.host|sso.enabled|sso.x509_certificate)', 'maestrano.rb line ${line}'\\)`,
      ),
    );
    expect(imported.written('maestrano.config.ts')).not.toContain('localhost');
    expect(() => imported.load()).toThrow(/is not complete: fill in "maestrano" .*maestrano\.rb line/);
  });

  it('what both branches set alike does not depend on the condition', async () => {
    const source = configure(
      `${BASE}if Settings.live\n config.app.host = 'https://a.example'\nelse\n config.app.host = 'https://a.example'\nend`,
    );
    expect((await parameters(source))['app.host']).toBe('https://a.example');
  });

  it('a marketplace under a condition is written and listed', async () => {
    const imported = await importRuby(
      `if Settings.live\n${configure(`${BASE}config.app.host = 'https://a.example'`)}end`,
    );
    expect(imported.code).toBe(1);
    expect(imported.err).toContain(
      'maestrano.rb line 1: marketplace "maestrano" is configured only under a condition',
    );
    expect(parametersOf(imported.load())['maestrano']?.['app.host']).toBe('https://a.example');
  });

  it('a configuration given to a method of the application', async () => {
    const imported = await importRuby(
      configure(`${BASE}config.app.host = 'https://a.example'\nHelper.apply(config)`),
    );
    expect(imported.err).toContain('maestrano.rb line 6: what "apply" sets is not known');
    expect(imported.code).toBe(1);
  });

  it('a certificate that is there is read', async () => {
    folder.write({ 'config/cert.pem': 'text of the file' });
    const imported = await folder.run(['config/initializers/m.rb', '--print'], {
      'config/initializers/m.rb': configure(
        `${BASE}config.app.host = 'https://a.example'\nconfig.sso.x509_certificate = File.read(Rails.root.join('config', 'cert.pem'))`,
      ),
    });
    expect(imported.err).toContain('sso.x509_certificate');
    expect(imported.err).not.toContain('line 6');
  });

  it('what is not Ruby is an error with its line', async () => {
    const imported = await importRuby('Maestrano.configure do |config|\n config.app.host = (\nend');
    expect(imported).toMatchObject({ code: 1, out: '' });
    expect(imported.err).toMatch(/maestrano\.rb is not Ruby: line \d+: .*\[cli\.format\]/);
  });
});

describe('Ruby: Settings of the gem config', () => {
  const FILES = {
    'config/settings.yml': `app:\n  host: https://o.example\n  live: false\n  name: one\nhub: <%= ENV['HUB'] %>\ntenants:\n  - { id: one, host: https://1.example }\n  - { id: two, host: https://2.example }\n`,
    'config/settings/production.yml': 'app:\n  host: https://p.example\n  live: true\n',
  };
  const run = (
    lines: string,
    argv: string[] = [],
    files: Record<string, string> = FILES,
  ): Promise<ImportRun> =>
    folder.run(['config/initializers/maestrano.rb', ...argv], {
      ...files,
      'config/initializers/maestrano.rb': lines,
    });

  it.each([
    ['config.app.host = Settings.app.host', 'https://p.example', 'https://o.example'],
    ['config.app.host = Settings[:app][:host]', 'https://p.example', 'https://o.example'],
    [
      "config.app.host = Settings.app.live ? 'https://a.example' : 'https://b.example'",
      'https://a.example',
      'https://b.example',
    ],
    [
      "config.app.host = Settings.app.live? ? 'https://a.example' : 'https://b.example'",
      'https://a.example',
      'https://b.example',
    ],
    [
      'config.app.host = "https://#{Settings.app.name}.example"',
      'https://one.example',
      'https://one.example',
    ],
    ["config.app.host = Settings.nothing || Settings.hub || 'https://d.example'", undefined, undefined],
  ])('%s', async (line, production, development) => {
    const host = async (argv: string[]): Promise<unknown> => {
      const imported = await run(configure(BASE + line), argv);
      expect(imported.code).toBe(production === undefined ? 1 : 0);
      return production === undefined ? undefined : parametersOf(imported.load())['maestrano']?.['app.host'];
    };
    expect(await host([])).toBe(production);
    expect(await host(['--environment', 'development', '--force'])).toBe(development);
  });

  it('keeps the variables that the files name', async () => {
    const imported = await run(configure(`${BASE}config.app.host = Settings.hub`));
    expect(parametersOf(imported.load({ HUB: 'https://v.example' }))['maestrano']?.['app.host']).toBe(
      'https://v.example',
    );
  });

  it('follows a loop over a list of them', async () => {
    const imported = await run(
      "Settings.tenants.each do |tenant|\n Maestrano[tenant.id].configure do |c|\n  c.environment = 'production'\n  c.app.host = tenant.host\n  c.api.id = tenant.id\n  c.api.key = 'k'\n end\nend",
    );
    expect(parametersOf(imported.load())).toMatchObject({
      one: { 'app.host': 'https://1.example' },
      two: { 'app.host': 'https://2.example' },
    });
  });

  it('leaves open what the files do not say, and everything where there are none', async () => {
    const missing = await run(configure(`${BASE}config.app.host = Settings.app.elsewhere`));
    expect(missing.code).toBe(1);
    expect(missing.written('maestrano.config.ts')).toContain(
      `open('"maestrano" app.host', 'maestrano.rb line 5')`,
    );
  });

  it('says which file is not YAML', async () => {
    const broken = await run(configure(`${BASE}config.app.host = Settings.app.host`), [], {
      'config/settings.yml': 'app: [',
    });
    expect(broken).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('settings.yml is not YAML'),
    });
    expect(broken.written('maestrano.config.ts')).toBeNull();
  });
});

describe('Ruby: the developer platform', () => {
  const YAML = `dev_platform:\n  host: 'https://dev.example'\n  api_path: '/api/config/v1/marketplaces'\nenvironment:\n  name: 'n'\n  api_key: 'ek'\n  api_secret: 'es'\n`;

  it.each([
    ['alone', 'Maestrano.auto_configure'],
    [
      'beside a test branch',
      `Maestrano.auto_configure unless Rails.env.test?\nMaestrano.configure { |config| config.environment = 'test' } if Rails.env.test?`,
    ],
    [
      'in an else',
      `if Rails.env.test?\n Maestrano.configure do |config|\n  config.environment = 'local'\n  config.api.id = 'x'\n end\nelse\n Maestrano.auto_configure\nend`,
    ],
    ['after the start', `Rails.application.config.to_prepare do\n Maestrano.auto_configure\nend`],
    ['rescued', `begin\n Maestrano.auto_configure\nrescue => e\n Rails.logger.warn e\nend`],
  ])('%s means the variables, and no marketplace', async (_name, source) => {
    const imported = await importRuby(source);
    expect(imported.code).toBe(0);
    expect(imported.load({ MNO_DEVPL_ENV_KEY: 'ek', MNO_DEVPL_ENV_SECRET: 'es' })).toEqual({
      developerPlatform: { apiKey: 'ek', apiSecret: 'es' },
    });
    expect(imported.written('.env.maestrano')).toMatch(
      /^# MNO_DEVPL_ENV_KEY= .*\n# MNO_DEVPL_ENV_SECRET= .*\n$/,
    );
  });

  it('decides by Rails.env as it is told to', async () => {
    const source = `Maestrano.auto_configure unless Rails.env.test?\nMaestrano.configure { |c| c.environment = 'test'; c.api.id = 'a'; c.api.key = 'k' } if Rails.env.test?`;
    const imported = await importRuby(source, ['--environment', 'test']);
    expect(Object.keys(imported.load())).toEqual(['marketplaces']);
  });

  it.each([
    ["'config/dev_platform.yml'"],
    ["Rails.root.join('config', 'dev_platform.yml')"],
    ["Rails.root.join('config/dev_platform.yml').to_s"],
    ['"#{Rails.root}/config/dev_platform.yml"'],
    ["File.expand_path('config/dev_platform.yml')"],
    ["File.join(Rails.root, 'config', 'dev_platform.yml')"],
  ])('with the file %s', async (path) => {
    const imported = await folder.run(['config/initializers/maestrano.rb'], {
      'config/dev_platform.yml': YAML,
      'config/initializers/maestrano.rb': `Maestrano.auto_configure(${path})`,
    });
    expect(imported.code).toBe(0);
    expect(imported.load({ MNO_DEVPL_ENV_KEY: 'ek', MNO_DEVPL_ENV_SECRET: 'es' }).developerPlatform).toEqual({
      host: 'https://dev.example',
      apiPath: '/api/config/v1/marketplaces',
      apiKey: 'ek',
      apiSecret: 'es',
    });
    expect(imported.written('.env.maestrano')).toBe('MNO_DEVPL_ENV_KEY=ek\nMNO_DEVPL_ENV_SECRET=es\n');
  });

  it('with a file that is not there', async () => {
    const imported = await importRuby("\nMaestrano.auto_configure('config/dev_platform.yml')");
    expect(imported.code).toBe(1);
    expect(imported.err).toContain(
      'maestrano.rb line 2: the developer platform\'s file "config/dev_platform.yml" was not found',
    );
  });
});

describe('Ruby: presets', () => {
  const over = (statement: string): string =>
    `${statement}\n${configure(`${BASE}config.app.host = 'https://a.example'`)}`;

  it.each([
    [
      `Maestrano::Configuration::EVT_CONFIG['production'].merge!('api.host' => 'https://h.example', 'sso.idp' => 'https://i.example', 'sso.name_id_format' => Maestrano::Saml::Settings::NAMEID_PERSISTENT)`,
    ],
    [
      `Maestrano::Configuration::EVT_CONFIG['production'].update({ 'api.host' => 'https://h.example', 'sso.idp' => 'https://i.example' })`,
    ],
    [
      `Maestrano::Configuration::EVT_CONFIG['production']['api.host'] = 'https://h.example'\nMaestrano::Configuration::EVT_CONFIG['production']['sso.idp'] = 'https://i.example'`,
    ],
    [
      `Maestrano::Configuration::EVT_CONFIG['test'].merge!('api.host' => 'https://no.example')\nMaestrano::Configuration::EVT_CONFIG['production'].merge!({ 'api.host' => 'https://h.example' }.merge('sso.idp' => 'https://i.example'))`,
    ],
    [
      `host = 'https://h.example'\nMaestrano::Configuration::EVT_CONFIG['production'] = { 'api.host' => host, 'sso.idp' => 'https://i.example' }`,
    ],
  ])('%s', async (statement) => {
    expect(await parameters(over(statement))).toMatchObject({
      environment: 'production',
      'api.host': 'https://h.example',
      'sso.idp': 'https://i.example',
    });
  });

  it('a preset of another environment changes nothing', async () => {
    const statement = `Maestrano::Configuration::EVT_CONFIG['test'].merge!('api.host' => 'https://no.example')`;
    expect(await parameters(over(statement))).not.toHaveProperty('api.host');
  });

  it('what the marketplace says itself wins', async () => {
    const source = `Maestrano::Configuration::EVT_CONFIG['production'].merge!('api.host' => 'https://no.example')\n${configure(`${BASE}config.app.host = 'https://a.example'\nconfig.api.host = 'https://h.example'`)}`;
    expect((await parameters(source))['api.host']).toBe('https://h.example');
  });

  it('a host that only the application knows stays open, with the line', async () => {
    const imported = await importRuby(
      over(`\nMaestrano::Configuration::EVT_CONFIG['production'].merge!('api.host' => Settings.hub)`),
    );
    expect(imported.written('maestrano.config.ts')).toContain(
      `open('"maestrano" api.host', 'maestrano.rb line 2')`,
    );
  });

  it('a missing environment is another in each generation, and stays open', async () => {
    const imported = await importRuby(
      configure(`config.app.host = 'https://a.example'\nconfig.api.id = 'a'\nconfig.api.key = 'k'`),
    );
    expect(imported.written('maestrano.config.ts')).toContain(`environment: open('"maestrano" environment'`);
    expect(imported.code).toBe(1);
  });

  it('the host of the preset "local" is another in each generation, and stays open', async () => {
    const imported = await importRuby(
      configure(
        `config.environment = 'local'\nconfig.app.host = 'https://a.example'\nconfig.api.id = 'a'\nconfig.api.key = 'k'`,
      ),
    );
    const module = imported.written('maestrano.config.ts');
    expect(module).toContain(`open('"maestrano" api.host'`);
    expect(module).toContain("host: 'http://connec.maestrano.io'");
  });
});

describe('Ruby: forms of assignment', () => {
  it.each([
    ["config.app.host ||= 'https://a.example'", 'app.host', 'http://localhost:3000'],
    ["config.sso.idm ||= 'https://a.example'", 'sso.idm', 'https://a.example'],
    ["config.sso.idm = 'https://a'\nconfig.sso.idm += '.example'", 'sso.idm', 'https://a.example'],
    ["app = config.app\napp.host = 'https://a.example'", 'app.host', 'https://a.example'],
    ["config.app.tap { |app| app.host = 'https://a.example' }", 'app.host', 'https://a.example'],
    ["config.app[:host] = 'https://a.example'", 'app.host', 'https://a.example'],
    ["config.send(:app_host=, 'https://a.example')", 'app.host', 'https://a.example'],
    ["config.app_host = 'https://a.example'", 'app.host', 'https://a.example'],
    [
      'host = <<~TEXT.strip\n  https://a.example\nTEXT\nconfig.app.host = host',
      'app.host',
      'https://a.example',
    ],
    ["config.app.host = 'HTTPS://A.example'.downcase.sub('a.', 'b.')", 'app.host', 'https://b.example'],
    ['config.connec.timeout = 30', 'connec.timeout', 30],
    ["config.connec.timeout = '30'.to_i", 'connec.timeout', 30],
    [
      'config.webhook.connec.subscriptions = { accounts: true }\nconfig.webhook.connec.subscriptions[:items] = false',
      'webhooks.connec.subscriptions.items',
      false,
    ],
    [
      "config.app.host = 'https://a.example' # 'no'\n# config.app.host = 'https://no.example'\n=begin\nconfig.app.host = 'https://no.example'\n=end",
      'app.host',
      'https://a.example',
    ],
  ])('%s', async (lines, key, expected) => {
    expect((await parameters(configure(BASE + lines)))[key]).toBe(expected);
  });
});
