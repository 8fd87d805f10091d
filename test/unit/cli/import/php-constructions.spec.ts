import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ImportFolder, type ImportRun, parametersOf } from '../../../support/imported-configuration.js';

let folder: ImportFolder;

beforeEach(() => {
  folder = new ImportFolder();
});
afterEach(() => {
  folder.remove();
});

const importPhp = (source: string, argv: string[] = [], env = {}): Promise<ImportRun> =>
  folder.run(['maestrano.php', ...argv], { 'maestrano.php': `<?php\n${source}\n` }, env);

async function parameters(source: string, env = {}): Promise<Record<string, unknown>> {
  return parametersOf((await importPhp(source)).load(env))['maestrano'] ?? {};
}

const settings = (host: string): string =>
  `array('environment' => 'production', 'app' => array('host' => ${host}), 'api' => array('id' => 'a', 'key' => 'k'))`;

describe('PHP: values', () => {
  const cases: [before: string, host: string, env: Record<string, string>, expected: string][] = [
    ['', `'https://' . 'a.example'`, {}, 'https://a.example'],
    ['', `getenv('HOST') ?: 'https://d.example'`, { HOST: '' }, 'https://d.example'],
    ['', `getenv('HOST') ?: 'https://d.example'`, { HOST: 'https://v.example' }, 'https://v.example'],
    ['', `$_ENV['HOST'] ?? 'https://d.example'`, {}, 'https://d.example'],
    ['', `$_SERVER['HOST']`, { HOST: 'https://v.example' }, 'https://v.example'],
    ['', `env('HOST', 'https://d.example')`, {}, 'https://d.example'],
    ['', `isset($_ENV['HOST']) ? $_ENV['HOST'] : 'https://d.example'`, {}, 'https://d.example'],
    ['', `empty($_ENV['HOST']) ? 'https://d.example' : $_ENV['HOST']`, { HOST: '' }, 'https://d.example'],
    [`$name = 'a';`, '"https://{$name}.example"', {}, 'https://a.example'],
    [`$name = getenv('NAME');`, '"https://$name.example"', { NAME: 'v' }, 'https://v.example'],
    [`define('HOST', 'https://a.example');`, 'HOST', {}, 'https://a.example'],
    [`const HOST = 'https://a.example';`, 'HOST', {}, 'https://a.example'],
    [
      `$hosts = ['live' => 'https://a.example', 'test' => 'https://b.example'];`,
      `$hosts['live']`,
      {},
      'https://a.example',
    ],
    [
      `function host($live) { if ($live) { return 'https://a.example'; } return 'https://b.example'; }`,
      'host(true)',
      {},
      'https://a.example',
    ],
    ['', `sprintf('https://%s.example', 'a')`, {}, 'https://a.example'],
    ['', `rtrim('https://a.example ')`, {}, 'https://a.example'],
    [
      `switch (getenv('STAGE')) { case 'live': case 'prod': $h = 'https://p.example'; break; default: $h = 'https://o.example'; }`,
      '$h',
      { STAGE: 'prod' },
      'https://p.example',
    ],
    [
      `if (getenv('STAGE') === 'live') { $h = 'https://p.example'; } elseif (getenv('STAGE') === 'uat') { $h = 'https://u.example'; } else { $h = 'https://o.example'; }`,
      '$h',
      { STAGE: 'uat' },
      'https://u.example',
    ],
  ];

  it.each(cases)('%s %s with %j', async (before, host, env, expected) => {
    const source = `${before}\nMaestrano::configure(${settings(host)});`;
    expect((await parameters(source, env))['app.host']).toBe(expected);
  });

  it.each([
    [
      `$c = ${settings("'https://a.example'")};\nif (getenv('LIVE') === 'yes') { $c['app']['host'] = 'https://p.example'; }\nMaestrano::configure($c);`,
    ],
    [
      `$c = ${settings("'https://a.example'")};\nMaestrano::configure(getenv('LIVE') === 'yes' ? array_replace_recursive($c, ['app' => ['host' => 'https://p.example']]) : $c);`,
    ],
  ])('an array is changed under a condition: %s', async (source) => {
    expect((await parameters(source, { LIVE: 'yes' }))['app.host']).toBe('https://p.example');
    const other = parametersOf((await importPhp(source, ['--force'])).load({}))['maestrano'];
    expect(other).toMatchObject({ 'app.host': 'https://a.example', 'api.id': 'a' });
  });
});

describe('PHP: marketplaces', () => {
  it('with() and configure(), old arrays and new, the namespace, a loop', async () => {
    const imported = await importPhp(
      `// Maestrano::configure(array('app' => array('host' => 'https://commented.example')));
       foreach (array('one', "two") as $name) {
         \\Maestrano::with($name)->configure(['environment' => 'production', 'app' => ['host' => "https://$name.example"], 'api' => ['id' => $name, 'key' => 'k-' . $name], 'sso' => ['enabled' => TRUE]]);
       }`,
    );
    expect(parametersOf(imported.load())).toMatchObject({
      one: { 'app.host': 'https://one.example', 'api.id': 'one', 'sso.enabled': true },
      two: { 'app.host': 'https://two.example', 'api.id': 'two' },
    });
    expect(imported.written('.env.maestrano')).toBe(
      'MAESTRANO_API_KEY_ONE=k-one\nMAESTRANO_API_KEY_TWO=k-two\n',
    );
  });

  it('a file that returns an array', async () => {
    expect(await parameters(`return ${settings("env('HOST', 'https://d.example')")};`)).toMatchObject({
      'app.host': 'https://d.example',
      environment: 'production',
    });
  });

  it('settings in a file', async () => {
    folder.write({
      'maestrano.json': JSON.stringify({
        environment: 'production',
        app: { host: 'https://j.example' },
        api: { id: 'a', key: 'k' },
      }),
    });
    expect(
      (await parameters(`Maestrano::with('maestrano')->configure(__DIR__ . '/maestrano.json');`))['app.host'],
    ).toBe('https://j.example');
  });

  it('what only the application knows stays open, with its line', async () => {
    const imported = await importPhp(`Maestrano::configure(${settings("$config->get('host')")});`);
    expect(imported.code).toBe(1);
    expect(imported.written('maestrano.config.ts')).toContain(
      `host: open('"maestrano" app.host', 'maestrano.php line 2')`,
    );
  });

  it('settings that are not known at all are an error that names the line', async () => {
    const imported = await importPhp('\nMaestrano::configure(load_settings());');
    expect(imported.code).toBe(1);
    expect(imported.err).toContain('maestrano.php line 3: the settings of "maestrano" are not known');
    expect(imported.written('maestrano.config.ts')).toBeNull();
  });

  it('what is not PHP is an error with its line', async () => {
    const imported = await importPhp('Maestrano::configure(array(;');
    expect(imported.code).toBe(1);
    expect(imported.err).toMatch(/maestrano\.php is not PHP: line 2: .*\[cli\.format\]/);
  });
});

describe('PHP: the presets of its own first generation', () => {
  it.each([
    [
      'local',
      {
        'api.host': 'http://application.maestrano.io',
        'sso.idp': 'http://application.maestrano.io',
        'connec.host': 'http://connec.maestrano.io',
        'connec.base_path': '/api/v2',
      },
    ],
    ['production', {}],
    ['uat', {}],
  ])('%s', async (environment, expected) => {
    const own = await parameters(
      `Maestrano::configure(${settings("'https://a.example'").replace('production', environment)});`,
    );
    expect(own).toMatchObject({ environment, ...expected });
    if (environment !== 'local') expect(own).not.toHaveProperty('api.host');
  });

  it('"test" where nothing is said', async () => {
    expect(
      await parameters(
        `Maestrano::configure(['app' => ['host' => 'https://a.example'], 'api' => ['id' => 'a', 'key' => 'k']]);`,
      ),
    ).toMatchObject({ environment: 'test' });
  });

  it('its Connec! path and version belong together', async () => {
    const source = `Maestrano::configure(['app' => ['host' => 'https://a.example'], 'api' => ['id' => 'a', 'key' => 'k'], 'connec' => ['base_path' => '/api', 'v2_path' => '/v2']]);`;
    expect(await parameters(source)).toMatchObject({ 'connec.base_path': '/api/v2' });
  });
});

describe('PHP: the developer platform', () => {
  const JSON_FILE = JSON.stringify({
    'dev-platform': { host: 'https://dev.example', api_path: '/api/config/v1/' },
    environment: { name: 'n', api_key: 'ek', api_secret: 'es' },
  });

  it('autoConfigure() means the variables', async () => {
    const imported = await importPhp(`require 'vendor/autoload.php';\nMaestrano::autoConfigure();`);
    expect(imported.code).toBe(0);
    expect(imported.load({ MNO_DEVPL_ENV_KEY: 'a', MNO_DEVPL_ENV_SECRET: 'b' })).toEqual({
      developerPlatform: { apiKey: 'a', apiSecret: 'b' },
    });
  });

  it.each([
    ["'dev-platform.json'"],
    ["__DIR__ . '/dev-platform.json'"],
    ["dirname(__FILE__) . '/dev-platform.json'"],
    ["ROOT . '/dev-platform.json'"],
  ])('autoConfigure(%s) means the file, which wins over the variables', async (path) => {
    folder.write({ 'dev-platform.json': JSON_FILE });
    const imported = await importPhp(
      `define('ROOT', dirname(__FILE__));\nMaestrano::autoConfigure(${path});`,
      [],
      {
        MNO_DEVPL_HOST: 'https://env.example',
      },
    );
    expect(imported.code).toBe(0);
    expect(imported.load().developerPlatform).toMatchObject({
      host: 'https://dev.example',
      apiPath: '/api/config/v1/',
    });
    expect(imported.written('.env.maestrano')).toBe('MNO_DEVPL_ENV_KEY=ek\nMNO_DEVPL_ENV_SECRET=es\n');
  });

  it('in one of two branches it is listed where that cannot be decided', async () => {
    const source = `if ($live) {\n Maestrano::autoConfigure();\n} else {\n Maestrano::configure(${settings("'https://a.example'")});\n}`;
    const imported = await importPhp(source);
    expect(imported.code).toBe(1);
    expect(imported.err).toMatch(/maestrano\.php line 2: .*only under a condition/);
  });

  it('and decided by a variable that is set', async () => {
    const source = `if (getenv('LIVE') === 'yes') {\n Maestrano::autoConfigure();\n} else {\n Maestrano::configure(${settings("'https://a.example'")});\n}`;
    const imported = await importPhp(source, [], { LIVE: 'yes' });
    expect(imported.code).toBe(0);
    expect(Object.keys(imported.load())).toEqual(['developerPlatform']);
  });
});
