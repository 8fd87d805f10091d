import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { LoginTransactionService } from '../../src/sso/login/login-transaction.service.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { type HttpAdapterName, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { type TestApplication, testApplication } from '../support/application.js';
import { sharedFixture, sharedFixturesPresent } from '../support/shared-fixtures.js';
import { fakeDate } from '../support/fake-date.js';
import { settingsOf } from '../support/settings.js';

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

const recordings = sharedFixturesPresent
  ? (JSON.parse(sharedFixture('real-idp/index.json')) as RecordedResponse[])
  : [];
const withRecordings = sharedFixturesPresent ? describe : describe.skip;

/** An application on the recording's marketplace, with the recorded login under way. */
async function boot(httpAdapter: HttpAdapterName, recording: RecordedResponse): Promise<TestApplication> {
  const acs = new URL(recording.acs);
  const store = new MemoryStore();
  const login = {
    id: recording.requestId,
    marketplace: 'lab',
    returnTo: '/invoices',
    params: {},
    startedAt: Date.now(),
  };
  await new LoginTransactionService(store, settingsOf().sso).save(login);
  return testApplication({
    httpAdapter,
    options: {
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
    },
  });
}

withRecordings.each(HTTP_ADAPTERS)('responses of the real identity provider on %s', (httpAdapter) => {
  let booted: TestApplication | undefined;

  afterEach(async () => {
    jest.useRealTimers();
    await booted?.close();
  });

  it.each(recordings)('$name: $expect', async (recording) => {
    fakeDate(Date.parse(recording.issuedAt) + 1000);
    booted = await boot(httpAdapter, recording);
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
    const response = await post();
    if (!recording.expect.startsWith('accept')) {
      expect(response.status).toBe(403);
      expect(response.headers.get('set-cookie')).toBeNull();
      expect(booted.users.calls).toEqual([]);
      expect(booted.groups.calls).toEqual([]);
      return;
    }
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/invoices');
    expect(response.headers.get('set-cookie')).toMatch(/mno-session-[^;]*;.*HttpOnly/);
    expect(booted.users.calls).toMatchObject([
      { marketplace: 'lab', uid: 'usr-1', virtualUid: 'usr-1.cld-1' },
    ]);
    expect(booted.groups.calls.at(-1)).toMatchObject({
      method: 'addMember',
      membership: { groupUid: 'cld-1', userUid: 'usr-1' },
    });
    const replayed = await post();
    expect(replayed.status).toBe(401);
    expect(await replayed.json()).toMatchObject({ code: 'sso.requestUsed' });
    expect(replayed.headers.get('set-cookie') ?? '').not.toContain('mno-session-');
  });
});
