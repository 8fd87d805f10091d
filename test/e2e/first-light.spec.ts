import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { DeletedGroupsService } from '../../src/stores/deleted-groups.service.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { MeController, type TestApplication, testApplication } from '../support/application.js';

describe.each(HTTP_ADAPTERS)('first light on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let booted: TestApplication;

  beforeAll(async () => {
    sandbox = await startSandbox();
    booted = await testApplication({
      httpAdapter,
      sandbox,
      registration: 'forRootAsync',
      options: { developerPlatform: sandbox.developerPlatform, sso: { homeUrl: '/me' } },
      controllers: [MeController],
    });
  });

  afterAll(async () => {
    await booted?.close();
    await sandbox?.close();
  });

  it('signs in, and the webhooks close the session', async () => {
    const login = await sandbox.login(booted.url, { user: 'usr-1', group: 'cld-1' });
    expect(login.status).toBe(200);
    expect(JSON.parse(login.body)).toMatchObject({ user: 'usr-1', group: 'cld-1' });
    const [delivery] = await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-1');
    expect(delivery?.status).toBe(200);
    const headers = { cookie: login.cookieHeader };
    expect((await fetch(`${booted.url}/me`, { headers })).status).toBe(401);
    expect(booted.groups.calls.slice(-2)).toMatchObject([
      { method: 'addMember', membership: { userUid: 'usr-1', groupUid: 'cld-1' } },
      { method: 'removeMember', reference: { userUid: 'usr-1', groupUid: 'cld-1' } },
    ]);
  });

  it('remembers that a company cancelled until somebody signs in through it again', async () => {
    const deletedGroups = booted.app.get(DeletedGroupsService, { strict: false });
    const marketplace = sandbox.marketplaces.list()[0]!.name;
    await sandbox.webhooks.deleteGroup('cld-2');
    expect(await deletedGroups.deletedAt(marketplace, 'cld-2')).toBeInstanceOf(Date);
    sandbox.state.group(marketplace, 'cld-2')!.status = 'running';
    expect((await sandbox.login(booted.url, { user: 'usr-3', group: 'cld-2' })).status).toBe(200);
    expect(await deletedGroups.deletedAt(marketplace, 'cld-2')).toBeNull();
  });
});
