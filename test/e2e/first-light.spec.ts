import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';

import {
  MaestranoGroupAdapter,
  MaestranoModule,
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
  MaestranoUserAdapter,
} from '../../src/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { DeletedGroupsService } from '../../src/stores/deleted-groups.service.js';
import { freePort } from '../support/free-port.js';
import { type BootedApp, bootApp, HTTP_ADAPTERS } from '../support/http-adapters.js';

class Users extends MaestranoUserAdapter<string> {
  override findOrCreateUser({ uid }: { uid: string }): string {
    return uid;
  }
}

class Groups extends MaestranoGroupAdapter<string, string> {
  static readonly events: string[] = [];
  override findOrCreateGroup({ uid }: { uid: string }): string {
    return uid;
  }
  override hasMember(): boolean {
    return false;
  }
  override addMember(group: string, user: string): void {
    Groups.events.push(`add ${user} to ${group}`);
  }
  override removeMember({ groupUid, userUid }: { groupUid: string; userUid: string }): void {
    Groups.events.push(`remove ${userUid} from ${groupUid}`);
  }
  override deleteGroup({ groupUid }: { groupUid: string }): void {
    Groups.events.push(`delete ${groupUid}`);
  }
}

@Controller('me')
@UseGuards(MaestranoSessionGuard)
class MeController {
  @Get()
  me(@MaestranoSession() session: MaestranoSessionData): object {
    return { user: session.userUid, group: session.groupUid };
  }
}

describe.each(HTTP_ADAPTERS)('first light on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let booted: BootedApp;

  beforeAll(async () => {
    const port = await freePort();
    sandbox = await startSandbox({ appUrl: `http://127.0.0.1:${port}` });
    @Module({
      imports: [
        MaestranoModule.forRootAsync({
          userAdapter: Users,
          groupAdapter: Groups,
          useFactory: () => ({
            developerPlatform: sandbox.developerPlatform,
            session: { secret: 'a secret of at least thirty-two characters' },
            sso: { homeUrl: '/me' },
          }),
        }),
      ],
      controllers: [MeController],
    })
    class App {}
    booted = await bootApp(httpAdapter, App, { port });
  });

  afterAll(async () => {
    await booted?.close();
    await sandbox?.close();
  });

  it('signs in, and the webhooks close the session', async () => {
    const login = await sandbox.login(booted.url, { user: 'usr-1', group: 'cld-1' });
    expect({ status: login.status, body: login.body }).toEqual({
      status: 200,
      body: JSON.stringify({ user: 'usr-1', group: 'cld-1' }),
    });
    const [delivery] = await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-1');
    expect(delivery?.status).toBe(200);
    const headers = { cookie: login.cookieHeader };
    expect((await fetch(`${booted.url}/me`, { headers })).status).toBe(401);
    expect(Groups.events.slice(-2)).toEqual(['add usr-1 to cld-1', 'remove usr-1 from cld-1']);
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
