import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { runCli } from '../../src/cli/run-cli.js';
import { readNotification } from '../../src/connec/notifications/notification-reader.js';
import { MaestranoHttpError } from '../../src/errors/http.error.js';
import { parseJsonBody, toVisibleRequest, toWireRequest } from '../../src/http/http-messages.js';
import { toHttpException } from '../../src/routing/http-errors.js';
import { keyPair } from '../../src/sandbox/keys/key-pairs.js';
import { SandboxState } from '../../src/sandbox/state/sandbox-state.js';
import { SessionKeys } from '../../src/session/session-seal.service.js';
import { mapProfile } from '../../src/sso/login/login-profile.js';
import { parseBasicCredentials } from '../../src/utils/basic-credentials.js';
import { Secret } from '../../src/utils/secret.js';
import { canary } from '../support/canary/canary.js';
import { basicOf, registeredMarketplace } from '../support/marketplaces.js';
import { formField, signedResponse } from '../support/saml/response-builder.js';
import { SamlBench } from '../support/saml/saml-bench.js';

const ROOT = join(import.meta.dirname, '..', '..');
const KEY = 'key-of-canary';
const PERSON = {
  mno_session: 'tok36charactersabcdefghijklmnopqrst',
  email: 'canarina@personal.example',
  virtual_email: 'usr-1.cld-1@canary.example',
  name: 'Canarina',
  surname: 'Quetzalcoatl',
  company_name: 'Canary Holding',
  group_name: 'Canary Works',
  group_email: 'works@canary.example',
  group_city: 'Canary Wharf',
  reseller_name: 'a "canary" of the reseller',
};
const SENT = { email: 'sent@canary.example', password: 'sent-canary', description: 'two canary seats' };
const RESPONDED = {
  sso_session: 'answered-canary-session',
  api_key: 'answered-canary-key',
  deep: [{ note: 'an answered canary note' }],
};
const NOTIFIED = {
  organizations: [{ name: 'Notified Canary Ltd', email: { address: 'nn@canary.example' } }],
};

const response: { field: string } = { field: '' };
const privateKey: { pem: string } = { pem: '' };

/** Everything that the net must know as secret, by the field it was in. */
const FIELDS: Readonly<Record<string, () => string>> = {
  'API key of a marketplace': () => KEY,
  'secret value': () => 'a-canary-secret-value',
  'session secret': () => 'canary-session-secret-of-32-characters',
  'older session secret': () => 'canary-older-session-secret-of-32-chars',
  'Basic header that was received': () => basicOf('received', 'received-canary').slice('Basic '.length),
  'password that was received': () => 'received-canary',
  'Basic header that is sent': () => basicOf('canary', KEY).slice('Basic '.length),
  'e-mail address that is sent': () => SENT.email,
  'password that is sent': () => SENT.password,
  'description of a bill': () => SENT.description,
  'session token in an answer': () => RESPONDED.sso_session,
  'key in an answer': () => RESPONDED.api_key,
  'text in an answer': () => RESPONDED.deep[0]!.note,
  'text in a notification': () => NOTIFIED.organizations[0]!.name,
  'address in a notification': () => NOTIFIED.organizations[0]!.email.address,
  'middle of a SAMLResponse': () => response.field.replace(/\s+/g, '').slice(2000, 2120),
  'private key': () => privateKey.pem,
  'line of a private key': () => privateKey.pem.split('\n')[3]!,
  ...Object.fromEntries(
    Object.entries(PERSON).map(([name, value]) => [`attribute ${name}`, () => value] as const),
  ),
  'assertion as XML, of whomever': () => '<saml:Assertion ID="_1">',
  'assertion as base64, of whomever': () =>
    Buffer.from('<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">').toString('base64'),
  'Basic header of whomever': () => basicOf('whomever'),
  'planted key of another process': () => 'key-of-elsewhere',
  'token of a sandbox in another process': () => new SandboxState(7).nextToken(),
  'sealed cookie': () => `eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..${'a1-_'.repeat(4)}.${'b2'.repeat(20)}`,
};

beforeAll(async () => {
  const marketplace = registeredMarketplace('canary');
  const [password] = marketplace.api.keys;
  expect(new Secret('a-canary-secret-value').isEmpty).toBe(false);
  expect(
    new SessionKeys(['canary-session-secret-of-32-characters', 'canary-older-session-secret-of-32-chars'])
      .currentId,
  ).toHaveLength(8);
  parseBasicCredentials(basicOf('received', 'received-canary'));
  const target = {
    name: 'canary',
    owner: marketplace,
    service: 'account',
    origin: 'https://hub.example',
    credentials: { user: 'app-canary', password: password! },
  } as const;
  const call = { method: 'POST', path: '/x', operation: 'POST x', body: SENT } as const;
  toWireRequest(target, call, toVisibleRequest(target, call), {});
  parseJsonBody(JSON.stringify(RESPONDED));
  readNotification(NOTIFIED, { maxEntities: 10, maxDepth: 10 }, () => true);
  privateKey.pem = (await keyPair(1, { commonName: 'canary' })).privateKey;

  jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  const bench = new SamlBench();
  const { id } = await bench.begin();
  const spec = bench.spec(id);
  response.field = formField(signedResponse({ ...spec, attributes: { ...spec.attributes, ...PERSON } }));
  await bench.validate(response.field, [id]);
  jest.restoreAllMocks();
  // Up to here nothing leaked.
  expect(canary().takeHits()).toEqual([]);
});
afterEach(() => {
  jest.restoreAllMocks();
  Logger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']);
});

describe('the net over the whole suite', () => {
  it.each(Object.keys(FIELDS))('knows the %s', (field) => {
    const secret = FIELDS[field]!();
    expect(secret.length).toBeGreaterThan(5);
    Logger.overrideLogger(false);
    new Logger('Leak').log(`before ${secret} after`);
    const hits = canary().takeHits();
    expect(hits.join('\n')).toContain('log record shows a secret');
    // The report must not leak in its turn.
    expect(hits.join('\n')).not.toContain(secret);
  });

  const error = (): MaestranoHttpError =>
    new MaestranoHttpError('http.request', {
      message: 'is refused',
      marketplace: 'canary',
      operation: 'GET x',
      attempts: 1,
      sent: 'no',
      remedy: `Do not send ${KEY}.`,
    });
  const PLACES: Readonly<Record<string, () => unknown>> = {
    'a record of a silenced logger': () => {
      Logger.overrideLogger(false);
      new Logger('Leak').debug({ deep: { inside: [KEY] } });
    },
    'a record of a logger under a spy': () => {
      jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
      new Logger('Leak').warn(KEY);
    },
    'the static logger': () => {
      Logger.overrideLogger(false);
      Logger.fatal(KEY);
    },
    'the standard output': () => process.stdout.write(`${KEY}\n`),
    'the standard error': () => process.stderr.write(Buffer.from(`${KEY}\n`)),
    'the console': () => console.info('%s', KEY),
    'an error message': () => error(),
    'the cause of an error': () =>
      new MaestranoHttpError('http.request', {
        message: 'is refused',
        marketplace: 'canary',
        operation: 'GET x',
        attempts: 1,
        sent: 'no',
        cause: syntaxError(KEY),
      }),
    'the errors of a property test': () => Array.from({ length: 150 }, error).at(-1),
    'the command line': () =>
      runCli([KEY], { out: () => undefined, err: () => undefined, env: {}, cwd: '.' }),
    'a child that is read': () => leakyChild('pipe'),
    'a child that inherits': () => leakyChild('inherit'),
    'a child that nobody reads': () => leakyChild('ignore'),
    'a child of execFile': () =>
      new Promise((resolve) => execFile(process.execPath, ['-e', `console.log('${KEY}')`], resolve)),
    'a child of spawnSync': () => spawnSync(process.execPath, ['-e', `console.error('${KEY}')`]),
    'a child of execFileSync': () => execFileSync(process.execPath, ['-e', `console.log('${KEY}')`]),
    JSON: () => silently(JSON.stringify({ text: 'a "canary" of the reseller' })),
    'a URL': () => silently(`/x?description=${encodeURIComponent(SENT.description)}`),
    base64: () => silently(Buffer.from(KEY).toString('base64')),
  };

  /** An error of the platform, which quotes what it could not read. */
  function syntaxError(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (failure) {
      return failure;
    }
  }

  function silently(text: string): void {
    Logger.overrideLogger(false);
    new Logger('Leak').log(text);
  }

  async function leakyChild(stderr: 'pipe' | 'inherit' | 'ignore'): Promise<void> {
    const child = spawn(process.execPath, [join(ROOT, 'test', 'support', 'canary', 'leaky-child.mjs')], {
      stdio: ['ignore', 'ignore', stderr],
      // Not known by any other way than the variable.
      env: { ...process.env, APP_SECRET: `canary-of-${stderr}` },
    });
    await once(child, 'close');
  }

  it.each(Object.keys(PLACES))('sees %s', async (place) => {
    await PLACES[place]!();
    expect(canary().takeHits()).not.toEqual([]);
  });

  it('sees a response of a route', () => {
    toHttpException(error());
    expect(canary().takeHits().join('\n')).toContain('an answer shows a secret');
  });

  it('knows what a login by OpenID brings', () => {
    mapProfile(registeredMarketplace('canary'), new Map([['surname', 'Velociraptor']]));
    silently('Velociraptor');
    expect(canary().takeHits()).toHaveLength(1);
  });

  it('lets through what is no secret', () => {
    Logger.overrideLogger(false);
    const { api, name, sso } = registeredMarketplace('canary');
    new Logger('Fine').warn(`Login on "${name}" by ${api.id} at ${sso.idp} for usr-1 of cld-1 refused`, {
      code: 'sso.audience',
      keys: api.keys,
    });
    expect(canary().takeHits()).toEqual([]);
  });
});
