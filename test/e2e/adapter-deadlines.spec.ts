import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import {
  MaestranoGroupAdapter,
  MaestranoNotificationAdapter,
  MaestranoSessionAdapter,
  MaestranoSynchronizationAdapter,
  MaestranoUserAdapter,
  MarketplaceRegistry,
} from '../../src/index.js';
import { type Sandbox, SandboxBrowser, startSandbox } from '../../src/sandbox/index.js';
import { basicAuthHeader } from '../../src/testing/basic-auth-header.js';
import { HomeController, type TestApplication, testApplication } from '../support/application.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';

/** The method that does not end; what it was called with is kept until the end of the test. */
let stuck = '';
const calls: string[] = [];
const ending: (() => void)[] = [];

function call<T>(name: string, value: T): Promise<T> | T {
  calls.push(name);
  return name === stuck ? new Promise<T>((resolve) => ending.push(() => resolve(value))) : value;
}

class Users extends MaestranoUserAdapter<string> {
  override findOrCreateUser(): Promise<string> | string {
    return call('findOrCreateUser', 'user');
  }
}
class Groups extends MaestranoGroupAdapter<string, string> {
  override findOrCreateGroup(): Promise<string> | string {
    return call('findOrCreateGroup', 'group');
  }
  override hasMember(): Promise<boolean> | boolean {
    return call('hasMember', false);
  }
  override addMember(): Promise<void> | void {
    return call('addMember', undefined);
  }
  override removeMember(): Promise<void> | void {
    return call('removeMember', undefined);
  }
  override deleteGroup(): Promise<void> | void {
    return call('deleteGroup', undefined);
  }
}
class Sessions extends MaestranoSessionAdapter {
  override signIn(): Promise<void> | void {
    return call('signIn', undefined);
  }
  override signOut(): void {}
}
class Notifications extends MaestranoNotificationAdapter {
  override onInitialization(): Promise<void> | void {
    return call('onInitialization', undefined);
  }
}
class Synchronizations extends MaestranoSynchronizationAdapter {
  override status() {
    return call('status', { enabled: true, status: 'SUCCESS' as const });
  }
  override start() {
    return call('start', { enabled: true, status: 'RUNNING' as const });
  }
  override toggle() {
    return call('toggle', { enabled: true, status: 'SUCCESS' as const });
  }
}

describe.each(HTTP_ADAPTERS)('an adapter that does not end, on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let app: TestApplication;

  beforeAll(async () => {
    sandbox = await startSandbox();
    app = await testApplication({
      httpAdapter,
      sandbox,
      options: { adapterTimeoutMs: 100, connec: { notifications: { deletionWaitMs: 100 } } },
      extras: {
        userAdapter: Users,
        groupAdapter: Groups,
        sessionAdapter: Sessions,
        notificationAdapter: Notifications,
        synchronizationAdapter: Synchronizations,
      },
      controllers: [HomeController],
    });
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });
  beforeEach(() => {
    for (const end of ending.splice(0)) end();
    calls.length = 0;
    stuck = '';
  });

  it.each([
    ['deleteGroup', 'DELETE', 'account/groups/cld-1/'],
    ['removeMember', 'DELETE', 'account/groups/cld-1/users/usr-1/'],
    ['onInitialization', 'POST', 'connec/initialization/'],
    ['start', 'POST', '/synchronizations?group_id=cld-1'],
    ['toggle', 'PUT', '/synchronizations/toggle_sync?group_id=cld-1'],
    ['status', 'GET', '/synchronizations/cld-1'],
  ])('%s: 503 with Retry-After', async (method, verb, path) => {
    stuck = method;
    const marketplace = app.app.get(MarketplaceRegistry).list()[0]!;
    const named = path.startsWith('/') ? marketplace.name + path : path + marketplace.name;
    const response = await fetch(`${app.url}/maestrano/${named}`, {
      method: verb,
      headers: { authorization: basicAuthHeader(marketplace) },
    });
    expect(calls).toEqual([method]);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await response.json()).toMatchObject({ code: 'adapter.timeout' });
  });

  it.each(['findOrCreateUser', 'findOrCreateGroup', 'hasMember', 'addMember', 'signIn'])(
    '%s: the login ends with a page that says 503, and nobody is signed in',
    async (method) => {
      stuck = method;
      const browser = new SandboxBrowser();
      const login = await sandbox.login(app.url, { browser });
      expect(calls.at(-1)).toBe(method);
      expect([login.status, login.body]).toEqual([
        503,
        expect.stringContaining('try again in a few seconds'),
      ]);
      expect(browser.jar.header(new URL(app.url))).not.toContain('mno-session-');
    },
  );
});
