import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { keyPair } from '../../../src/sandbox/keys/key-pairs.js';

const PROGRAM = '/usr/share/simplesamlphp/www';

/** Why the suite cannot run; null when it can. */
export const SIMPLESAMLPHP_MISSING =
  existsSync(PROGRAM) && spawnSync('php', ['--version']).status === 0
    ? null
    : 'SimpleSAMLphp is missing (Debian packages: simplesamlphp php-cli php-xml php-mbstring)';

/** What the application is known as, and what is said of the person who signs in. */
export interface ProviderOptions {
  readonly apiId: string;
  readonly consumeUrl: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Whether the response around the assertion is signed as well. */
  readonly signResponse?: boolean;
}

/** SimpleSAMLphp as a marketplace's identity provider: an implementation that shares nothing with ours. */
export class SimpleSamlPhp {
  private constructor(
    readonly url: string,
    readonly certificate: string,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  /** @param port where it listens, for applications that must know before. */
  static async start(port: number, options: ProviderOptions): Promise<SimpleSamlPhp> {
    const url = `http://127.0.0.1:${port}`;
    const folder = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-simplesaml-'));
    const { privateKey, certificate } = await keyPair(1, { commonName: 'SimpleSAMLphp' });
    for (const name of ['metadata', 'sessions', 'temp', 'data']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'idp.pem'), privateKey, { mode: 0o600 });
    writeFileSync(join(folder, 'idp.crt'), certificate);
    for (const [name, text] of Object.entries(configuration(url, folder, options))) {
      writeFileSync(join(folder, name), text);
    }
    const settings = { 'session.save_path': join(folder, 'sessions'), display_errors: '0', log_errors: '0' };
    const child = spawn(
      'php',
      [
        ...Object.entries(settings).flatMap(([name, value]) => ['-d', `${name}=${value}`]),
        '-S',
        `127.0.0.1:${port}`,
        '-t',
        PROGRAM,
        join(folder, 'router.php'),
      ],
      { stdio: 'ignore', env: { ...process.env, SIMPLESAMLPHP_CONFIG_DIR: folder } },
    );
    const provider = new SimpleSamlPhp(url, certificate, folder, child);
    await provider.#accepting(port);
    return provider;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #accepting(port: number): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const open = await new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1');
        socket.once('connect', () => resolve(!socket.destroy().connecting));
        socket.once('error', () => resolve(false));
      });
      if (open) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await this.stop();
    throw new Error('php did not accept connections');
  }
}

function configuration(
  url: string,
  folder: string,
  { apiId, consumeUrl, attributes, signResponse = true }: ProviderOptions,
): Record<string, string> {
  // The path that marketplaces have.
  const endpoint = '/api/v1/auth/saml';
  return {
    'router.php': `<?php
if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) !== '${endpoint}') return false;
chdir('${PROGRAM}/saml2/idp');
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/saml2/idp/SSOService.php';
require '${PROGRAM}/saml2/idp/SSOService.php';
`,
    'config.php': php('config', {
      baseurlpath: `${url}/`,
      certdir: `${folder}/`,
      loggingdir: `${folder}/temp/`,
      datadir: `${folder}/data/`,
      tempdir: `${folder}/temp`,
      metadatadir: `${folder}/metadata/`,
      secretsalt: 'only for tests',
      'auth.adminpassword': 'only for tests',
      timezone: 'UTC',
      'enable.saml20-idp': true,
      'module.enable': { exampleauth: true, core: true, saml: true },
      'logging.handler': 'errorlog',
      'session.cookie.secure': false,
      'session.cookie.samesite': null,
      'language.cookie.secure': false,
      'language.cookie.samesite': null,
      'session.phpsession.cookiename': 'provider',
      'session.phpsession.savepath': `${folder}/sessions`,
      'store.type': 'phpsession',
      'metadata.sources': [{ type: 'flatfile' }],
      'language.default': 'en',
    }),
    'authsources.php': php('config', {
      person: { 0: 'exampleauth:StaticSource', ...mapValues(attributes, (value) => [value]) },
    }),
    'acl.php': php('config', {}),
    'metadata/saml20-idp-hosted.php': metadata(url + endpoint, {
      host: '__DEFAULT__',
      privatekey: 'idp.pem',
      certificate: 'idp.crt',
      auth: 'person',
      NameIDFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      authproc: {
        5: {
          class: 'saml:AttributeNameID',
          attribute: 'uid',
          Format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
        },
      },
    }),
    'metadata/saml20-sp-remote.php': metadata(apiId, {
      AssertionConsumerService: consumeUrl,
      'saml20.sign.assertion': true,
      'saml20.sign.response': signResponse,
    }),
  };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

function metadata(entityId: string, value: object): string {
  return `<?php\n$metadata[${literal(entityId)}] = ${literal(value)};\n`;
}

function php(variable: string, value: object): string {
  return `<?php\n$${variable} = ${literal(value)};\n`;
}

/** A value as PHP writes it. */
function literal(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, inner]) => {
      const key = /^\d+$/.test(name) ? name : literal(name);
      return `${key} => ${literal(inner)}`;
    });
    return `[${entries.join(', ')}]`;
  }
  if (typeof value !== 'string') return JSON.stringify(value);
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
