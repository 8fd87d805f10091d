import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { MetadataCheck } from '../../src/sandbox/platform/metadata-check.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import type { TestApplication } from '../support/application.js';
import { bootSsoApp } from './sso-app.js';

/** The same as the other suites, told by a marketplace that knows nothing of the product's code. */
describe.each(HTTP_ADAPTERS)('a marketplace and an application on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: TestApplication;

  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0, scenario: 'two-marketplaces', seed: 7 });
    app = await bootSsoApp(httpAdapter, sandbox);
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  const me = async (cookie: string): Promise<number> =>
    (await fetch(`${app.url}/me`, { headers: { cookie, accept: 'application/json' } })).status;

  it('agree on the metadata of every marketplace', async () => {
    const check = new MetadataCheck(sandbox.state, sandbox.marketplaces);
    for (const { name } of sandbox.marketplaces.list()) {
      expect(await check.run(name)).toMatchObject({
        problem: null,
        rejectsStrangers: true,
        leaksKey: false,
        good: true,
      });
    }
  });

  it('end the sessions of a person who leaves, and of nobody else', async () => {
    const leaving = await sandbox.login(app.url, { user: 'usr-1', group: 'cld-1' });
    const staying = await sandbox.login(app.url, { user: 'usr-2', group: 'cld-1' });
    expect(await me(leaving.cookieHeader)).toBe(200);
    expect(await me(staying.cookieHeader)).toBe(200);
    const deliveries = await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-1', { times: 3, burst: true });
    expect(deliveries.map(({ status, responseBody }) => [status, responseBody])).toEqual(
      Array.from({ length: 3 }, () => [200, '{"success":true}']),
    );
    expect(await me(leaving.cookieHeader)).toBe(401);
    expect(await me(staying.cookieHeader)).toBe(200);
    const [marketplace] = sandbox.marketplaces.list();
    const members = [...app.groups.members.keys()];
    expect(members.filter((member) => member.includes('usr-1'))).toEqual([]);
    expect(members).toContain(`${marketplace!.name}/cld-1/usr-2`);
  });

  it('reject wrong credentials, and end everything when a company cancels', async () => {
    const { cookieHeader } = await sandbox.login(app.url, { user: 'usr-2', group: 'cld-1' });
    const [wrong] = await sandbox.webhooks.deleteGroup('cld-1', { credentials: 'wrong', onlySend: true });
    expect(wrong).toMatchObject({ status: 401, responseBody: '{"error":"Invalid credentials"}' });
    expect(await me(cookieHeader)).toBe(200);
    const [first, second] = await sandbox.webhooks.deleteGroup('cld-1', { times: 2 });
    expect(first?.status).toBe(200);
    expect(second?.status).toBe(200);
    expect(await me(cookieHeader)).toBe(401);
  });
});
