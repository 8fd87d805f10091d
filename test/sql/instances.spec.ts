import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { SandboxBrowser, startSandbox } from '../../src/sandbox/index.js';
import { readPostedForm } from '../../src/sandbox/login/sandbox-login.js';
import { migrateSql } from '../../src/sql/migrations/sql-schema.js';
import { SqlStore } from '../../src/sql/sql-store.js';
import { bootSsoApp } from '../e2e/sso-app.js';
import { freePort } from '../support/free-port.mjs';
import { type BootedApp, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { isThere, makeDatabase, type TestDatabase } from './support/databases.js';
import { type OpenedWay, WAYS } from './support/ways.js';

const ON_POSTGRES = WAYS.filter(
  ({ server, library }) =>
    isThere(server) && ['postgres', 'pgbouncer'].includes(server) && library === 'pg Pool',
);

describe.each(ON_POSTGRES)('two instances on $server', ({ server, open }) => {
  let database: TestDatabase;
  const ways: OpenedWay[] = [];

  beforeAll(async () => {
    database = await makeDatabase(server);
    ways.push(await open(database.url), await open(database.url));
    await migrateSql(ways[0]!.executor);
  });
  afterAll(async () => {
    for (const way of ways) await way.close();
    await database.drop();
  });

  it.each(HTTP_ADAPTERS)('begin a login on one and end it on the other, once, on %s', async (httpAdapter) => {
    const sandbox = await startSandbox();
    const [one, two] = [
      await bootSsoApp(httpAdapter, sandbox, { options: { store: new SqlStore(ways[0]!.executor) } }),
      await bootSsoApp(httpAdapter, sandbox, {
        options: { store: new SqlStore(ways[1]!.executor) },
        port: await freePort(),
      }),
    ];
    try {
      const reach = async () => {
        const browser = new SandboxBrowser();
        const init = `${one.url}/maestrano/auth/saml/init/${sandbox.options.marketplaces[0]?.marketplace}`;
        const page = await browser.get(init, (url) =>
          url.startsWith(`${sandbox.url}/api/v1/auth/saml?`) ? `${url}&user_uid=usr-1&group_id=cld-1` : url,
        );
        return readPostedForm(page.body);
      };
      const consume = (instance: BootedApp, form: ReturnType<typeof readPostedForm>) =>
        fetch(instance.url + new URL(form?.action ?? '').pathname, {
          method: 'POST',
          redirect: 'manual',
          body: new URLSearchParams({ SAMLResponse: form?.samlResponse ?? '' }),
        });
      const form = await reach();
      expect((await consume(two, form)).status).toBe(303);
      for (const instance of [one, two]) expect((await consume(instance, form)).status).toBe(401);

      // Twenty copies at once, half of them on each instance: one wins.
      const copied = await reach();
      const responses = await Promise.all(
        Array.from({ length: 20 }, (_, copy) => consume(copy % 2 ? one : two, copied)),
      );
      const statuses = responses.map(({ status }) => status).sort((a, b) => a - b);
      expect(statuses).toEqual([303, ...Array<number>(19).fill(401)]);
      const [session = ''] =
        responses
          .find(({ status }) => status === 303)
          ?.headers.getSetCookie()
          .filter((line) => line.startsWith('mno-session')) ?? [];
      const cookie = session.split(';')[0] ?? '';
      const me = (instance: BootedApp) => fetch(`${instance.url}/me`, { headers: { cookie } });
      for (const instance of [one, two]) expect((await me(instance)).status).toBe(200);
      await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-1');
      for (const instance of [one, two]) expect((await me(instance)).status).toBe(401);
    } finally {
      await Promise.all([one.close(), two.close()]);
      await sandbox.close();
    }
  });
});
