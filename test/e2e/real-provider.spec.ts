import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Module } from '@nestjs/common';

import {
  type GroupProfile,
  MaestranoGroupAdapter,
  MaestranoModule,
  MaestranoUserAdapter,
  type MembershipProfile,
  type UserProfile,
} from '../../src/index.js';
import { loginTransactionKey } from '../../src/sso/login/login-transaction.service.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { type BootedApp, bootApp, type HttpAdapterName, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { sharedFixture, sharedFixturesPresent } from '../support/shared-fixtures.js';
import { fakeDate } from '../support/fake-date.js';

interface RecordedResponse {
  readonly name: string;
  readonly acs: string;
  readonly requestId: string;
  readonly apiId: string;
  readonly idp: string;
  readonly issuedAt: string;
  readonly certificate: string;
  readonly expect: string;
}

const seen: { user?: UserProfile; group?: GroupProfile; membership?: MembershipProfile } = {};

class Users extends MaestranoUserAdapter<string> {
  override findOrCreateUser(profile: UserProfile): string {
    seen.user = profile;
    return profile.uid;
  }
}

class Groups extends MaestranoGroupAdapter<string, string> {
  override findOrCreateGroup(profile: GroupProfile): string {
    seen.group = profile;
    return profile.uid;
  }
  override hasMember(): boolean {
    return false;
  }
  override addMember(_group: string, _user: string, membership: MembershipProfile): void {
    seen.membership = membership;
  }
  override removeMember(): void {}
  override deleteGroup(): void {}
}

const recordings = sharedFixturesPresent
  ? (JSON.parse(sharedFixture('real-idp/index.json')) as RecordedResponse[])
  : [];
const withRecordings = sharedFixturesPresent ? describe : describe.skip;

/** An application on the recording's marketplace, with the recorded login under way. */
async function boot(httpAdapter: HttpAdapterName, recording: RecordedResponse): Promise<BootedApp> {
  const acs = new URL(recording.acs);
  const store = new MemoryStore();
  const login = {
    id: recording.requestId,
    marketplace: 'lab',
    returnTo: '/invoices',
    params: {},
    startedAt: Date.now(),
  };
  await store.set(loginTransactionKey('lab', recording.requestId), JSON.stringify(login), 60_000);
  @Module({
    imports: [
      MaestranoModule.forRoot({
        marketplaces: {
          marketplace: 'lab',
          app: { host: acs.origin },
          api: { id: recording.apiId, key: 'key-of-the-lab', host: recording.idp },
          sso: {
            consumePath: acs.pathname,
            x509Certificate: sharedFixture(`real-idp/${recording.certificate}`),
          },
        },
        store,
        session: { secret: 'a secret of at least thirty-two characters' },
        userAdapter: Users,
        groupAdapter: Groups,
      }),
    ],
  })
  class App {}
  return bootApp(httpAdapter, App);
}

withRecordings.each(HTTP_ADAPTERS)('responses of the real identity provider on %s', (httpAdapter) => {
  let booted: BootedApp | undefined;

  afterEach(async () => {
    jest.useRealTimers();
    await booted?.close();
  });

  it.each(recordings)('$name: $expect', async (recording) => {
    fakeDate(Date.parse(recording.issuedAt) + 1000);
    booted = await boot(httpAdapter, recording);
    seen.user = seen.group = seen.membership = undefined;
    const post = () =>
      fetch(booted!.url + new URL(recording.acs).pathname, {
        method: 'POST',
        redirect: 'manual',
        headers: { accept: 'application/json' },
        body: new URLSearchParams({
          SAMLResponse: sharedFixture(`real-idp/${recording.name}.b64`),
          utf8: '✓',
        }),
      });
    const answer = await post();
    if (!recording.expect.startsWith('accept')) {
      expect(answer.status).toBe(403);
      expect(answer.headers.get('set-cookie')).toBeNull();
      expect(seen).toEqual({});
      return;
    }
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/invoices');
    expect(answer.headers.get('set-cookie')).toMatch(/mno-session-[^;]*;.*HttpOnly/);
    expect(seen.user).toMatchObject({ marketplace: 'lab', uid: 'usr-1', virtualUid: 'usr-1.cld-1' });
    expect(seen.membership).toMatchObject({ groupUid: 'cld-1', userUid: 'usr-1' });
    const replayed = await post();
    expect(replayed.status).toBe(401);
    expect(await replayed.json()).toMatchObject({ code: 'sso.requestUsed' });
    expect(replayed.headers.get('set-cookie') ?? '').not.toContain('mno-session-');
  });
});
