import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LoggerService } from '@nestjs/common';

import {
  AccountService,
  BillingService,
  ConnecHandler,
  ConnecService,
  MaestranoHealthIndicator,
  MarketplaceRegistry,
  MembershipService,
  MetadataService,
  SessionService,
  SsoService,
} from '../../src/index.js';
import { MaestranoHttp } from '../../src/http/maestrano-http.service.js';
import { MarketplaceLoader } from '../../src/marketplace/marketplace-loader.js';
import { normaliseMarketplaces } from '../../src/marketplace/marketplace-normaliser.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { type BootedApp, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { testApplication } from '../support/application.js';

const SESSION_SECRET = 'canary-session-secret-of-more-than-thirty-two-characters';
const PERSON = {
  name: 'Canarina',
  surname: 'Quetzalcoatl',
  email: 'canarina@personal.example',
  companyName: 'Canary Holding Personal',
};
const RECORD_SECRET = 'canary-value-of-a-customer-record';

/** Everything that was logged, printed, thrown or sent in a response. */
const output: string[] = [];

function look(value: unknown): void {
  output.push(
    inspect(value, { depth: 20, showHidden: true, maxStringLength: Infinity, maxArrayLength: Infinity }),
  );
  try {
    output.push(String(value), JSON.stringify(value) ?? '');
  } catch {
    output.push('not serialisable');
  }
}

const logger: LoggerService = Object.fromEntries(
  ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'].map((level) => [
    level,
    (...parts: unknown[]) => parts.forEach(look),
  ]),
) as unknown as LoggerService;

class Handlers {
  @ConnecHandler('organizations')
  changed(): void {
    throw new TypeError('the application fails');
  }
}

describe.each(HTTP_ADAPTERS)('no secret in any output on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let booted: BootedApp;
  let canaries: string[];
  const original = {
    out: process.stdout.write.bind(process.stdout),
    err: process.stderr.write.bind(process.stderr),
  };

  beforeAll(async () => {
    output.length = 0;
    sandbox = await startSandbox({ scenario: 'demo' });
    const user = sandbox.state.users.filter(({ uid }) => uid === 'usr-1')[0]!;
    Object.assign(user, PERSON);
    const capture = (text: unknown): boolean => (output.push(String(text)), true);
    process.stdout.write = capture;
    process.stderr.write = capture;
    booted = await testApplication({
      httpAdapter,
      sandbox,
      logger,
      registration: 'forRootAsync',
      options: {
        developerPlatform: sandbox.developerPlatform,
        session: { secret: SESSION_SECRET },
        http: { attempts: 2, backoffMs: 1, timeoutMs: 2000, onOutcome: look, onAttempt: look },
      },
      providers: [Handlers],
    });
    const keys = sandbox.marketplaces
      .list()
      .flatMap(({ apiId, apiKeys }) =>
        apiKeys.flatMap((key) => [key, Buffer.from(`${apiId}:${key}`).toString('base64').replace(/=+$/, '')]),
      );
    const { apiKey, apiSecret } = sandbox.developerPlatform;
    canaries = [
      ...keys,
      apiSecret,
      Buffer.from(`${apiKey}:${apiSecret}`).toString('base64').replace(/=+$/, ''),
      SESSION_SECRET,
      user.ssoSession,
      RECORD_SECRET,
      ...Object.values(PERSON),
    ].filter((text): text is string => typeof text === 'string');
  });
  afterAll(async () => {
    await booted.close();
    await sandbox.close();
    process.stdout.write = original.out;
    process.stderr.write = original.err;
  });

  const get = <T>(token: abstract new (...args: never[]) => T): T =>
    booted.app.get<T>(token, { strict: false });
  const fails = async (work: () => Promise<unknown>): Promise<void> => {
    await work().then(look, look);
  };

  it('signs in, rejects, bills, notifies and fails in every way', async () => {
    const name = sandbox.marketplaces.list()[0]!.name;
    const login = await sandbox.login(booted.url, { user: 'usr-1', group: 'cld-1' });
    // The same response again is a replay; a broken one and one for another login are rejected.
    const consume = `${booted.url}${sandbox.marketplaces.list()[0]!.paths.consume}`;
    for (const samlResponse of [login.samlResponse, login.samlResponse.slice(0, -400), 'PG5vPg==']) {
      const response = await fetch(consume, {
        method: 'POST',
        body: new URLSearchParams({ SAMLResponse: samlResponse }),
        redirect: 'manual',
      });
      output.push(await response.text());
      look([...response.headers].filter(([header]) => header !== 'set-cookie'));
    }
    const record = { id: 'o-1', group_id: 'cld-1', name: RECORD_SECRET, updated_at: '2026-01-01T00:00:00Z' };
    for (const credentials of ['valid', 'wrong', 'none'] as const) {
      const [notified] = await sandbox.webhooks.notify({ organizations: [record] }, { credentials });
      const [removed] = await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-2', {
        credentials,
        onlySend: true,
      });
      for (const delivery of [notified!, removed!])
        output.push(delivery.responseBody, inspect(delivery.responseHeaders));
    }
    const { bills } = get(BillingService).for(name);
    const connec = get(ConnecService).for('cld-1', name);
    for (const effect of [
      {},
      { status: 401 },
      { status: 500 },
      { status: 422, body: { success: false, errors: { price: ['is odd'] } } },
      { reset: true },
      { truncated: true },
      { invalidJson: true },
    ]) {
      sandbox.faults.clear();
      if (Object.keys(effect).length > 0) sandbox.faults.add({}, effect);
      await fails(() => bills.list());
      await fails(() => bills.create({ groupId: 'cld-1', priceCents: 100, description: 'x' }));
      await fails(() => connec.list('organizations'));
      await fails(() => get(AccountService).ping(name));
      await fails(() => get(MarketplaceLoader).refresh());
      output.push(await (await fetch(`${booted.url}/`, { headers: { cookie: login.cookieHeader } })).text());
    }
    sandbox.faults.clear();
    await fails(() => bills.create({ groupId: 'cld-1', priceCents: -1, description: 'x' }));
    await fails(() =>
      get(MembershipService)
        .for(name)
        .users.authenticate({ email: 'canarina@personal.example', password: 'canary-password' })
        .then(() => 'done'),
    );
    expect(output.length).toBeGreaterThan(100);
  }, 120_000);

  it('shows its objects and its health', async () => {
    for (const token of [
      MarketplaceRegistry,
      MarketplaceLoader,
      MaestranoHttp,
      BillingService,
      ConnecService,
      MembershipService,
      MetadataService,
      MaestranoHealthIndicator,
      SsoService,
    ])
      // As a logger shows an object; deeper lies Nest's container, where the application's own values are.
      output.push(inspect(get(token as never)));
    look(get(MarketplaceRegistry).list());
    look(get(MarketplaceRegistry).snapshot);
    look(get(MarketplaceLoader).status);
    look(await get(MaestranoHealthIndicator).check());
    for (const marketplace of get(MarketplaceRegistry).list()) look(get(MetadataService).build(marketplace));
    const request = {
      method: 'GET',
      url: '/',
      headers: { cookie: (await sandbox.login(booted.url, { user: 'usr-1', group: 'cld-1' })).cookieHeader },
    };
    look(await get(SessionService).list(request));
  });

  it('reports what is wrong with a configuration without its secrets', () => {
    const broken = sandbox.options.marketplaces.map((one) => ({
      ...one,
      app: {},
      sso: { ...one.sso, x509_certificate: 'nonsense' },
      api: { ...one.api, host: `https://user:${one.api.key}@host` },
    }));
    look(normaliseMarketplaces(broken));
    look(normaliseMarketplaces([{ marketplace: 'x', api: { id: 'a', key: { nested: canaries[0] } } }]));
  });

  it('has zero hits', () => {
    const everything = output.join('\n');
    const hits = [...canaries, 'canary-password'].flatMap((canary) => {
      const index = everything.indexOf(canary);
      return index < 0
        ? []
        : [`${canary.slice(0, 12)}…: ${everything.slice(Math.max(0, index - 200), index + 40)}`];
    });
    expect(hits).toEqual([]);
    // Proof that the net is tight: what may be shown is in it.
    expect(everything).toContain(sandbox.marketplaces.list()[0]!.apiId);
    expect(everything).toContain('sso.');
  });
});
