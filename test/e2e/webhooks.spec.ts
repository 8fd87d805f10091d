import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { type DynamicModule, Module } from '@nestjs/common';

import {
  MaestranoConfigurationError,
  MaestranoModule,
  MaestranoStore,
  MarketplaceRegistry,
  MarketplaceSource,
  MetadataService,
  SessionService,
} from '../../src/index.js';
import { MarketplaceLoader } from '../../src/marketplace/marketplace-loader.js';
import { DeletedGroupsService } from '../../src/stores/deleted-groups.service.js';
import { errorOf } from '../support/error-of.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { bootApp, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { bootPlatformCalls, Calls, GroupAdapter, type PlatformCallsApp } from './platform-calls-app.js';

interface ResponseSeen {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

type Call = (
  method: string,
  path: string,
  authorization?: string,
  init?: RequestInit,
) => Promise<ResponseSeen>;

const NAMES = ['uat', 'production', 'virtual', 'twin-a', 'twin-b'] as const;

/** Every route of ours that asks for credentials, and whose it is. */
const ROUTES: readonly (readonly [method: string, path: string, owners: readonly string[]])[] = [
  ['GET', '/maestrano/metadata', NAMES],
  ['GET', '/maestrano/metadata.json', NAMES],
  ['GET', '/maestrano/metadata/uat', ['uat']],
  ['GET', '/maestrano/metadata/uat.json', ['uat']],
  ['GET', '/maestrano/metadata/production', ['production']],
  ['DELETE', '/maestrano/account/groups/cld-1', NAMES],
  ['DELETE', '/maestrano/account/groups/cld-1/uat', ['uat']],
  ['DELETE', '/maestrano/account/groups/cld-1/production', ['production']],
  ['DELETE', '/hooks/group-deleted?groupid=cld-1&marketplace=virtual', ['virtual']],
  ['DELETE', '/maestrano/account/groups/cld-1/users/usr-1', NAMES],
  ['DELETE', '/maestrano/account/groups/cld-1/users/usr-1/uat', ['uat']],
  ['DELETE', '/hooks/virtual/g/cld-1/u/usr-1', ['virtual']],
  ['DELETE', '/twins/groups/cld-1', ['twin-a', 'twin-b']],
  ['DELETE', '/twins/groups/cld-1/users/usr-1', ['twin-a', 'twin-b']],
  ['POST', '/maestrano/uat/synchronizations?group_id=cld-1', ['uat']],
  ['PUT', '/maestrano/uat/synchronizations/toggle_sync?group_id=cld-1', ['uat']],
  ['GET', '/maestrano/uat/synchronizations/cld-1', ['uat']],
  ['GET', '/maestrano/production/synchronizations/cld-1', ['production']],
];

const APPLICATIONS = (['forRoot', 'forRootAsync'] as const).flatMap((registration) =>
  [undefined, 'api'].map((prefix) => ({ registration, prefix })),
);

describe.each(HTTP_ADAPTERS)('on %s', (httpAdapter) => {
  describe.each(APPLICATIONS)('with $registration, prefix $prefix,', ({ registration, prefix }) => {
    let app: PlatformCallsApp;
    const call: Call = async (method, path, authorization, init = {}) => {
      const headers = {
        ...(authorization ? { authorization } : {}),
        ...(init.headers as Record<string, string>),
      };
      const response = await fetch(app.base + path, { method, ...init, headers });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === '' ? null : (JSON.parse(text) as unknown),
      };
    };

    beforeAll(async () => {
      app = await bootPlatformCalls(httpAdapter, { registration, prefix });
    });
    afterAll(() => app.close());
    beforeEach(() => {
      app.calls.list.length = 0;
      app.calls.fail = null;
    });
    afterEach(() => void jest.restoreAllMocks());

    it.each(ROUTES)('%s %s opens to %j and to nobody else', async (method, path, owners) => {
      for (const name of NAMES) {
        const { status } = await call(method, path, basicOf(name));
        expect({ name, status: status === 401 ? 401 : Math.floor(status / 100) }).toEqual({
          name,
          status: owners.includes(name) ? 2 : 401,
        });
      }
      const [owner = ''] = owners;
      const reported = app.calls.list.length;
      for (const wrong of [
        undefined,
        'Basic',
        'Basic !!!',
        'Bearer x',
        basicOf(owner, ''),
        basicOf(owner, 'key-of-uat2'),
        basicOf('nobody'),
      ]) {
        const { status, headers, body } = await call(method, path, wrong);
        expect(status).toBe(401);
        expect(headers.get('www-authenticate')).toBe('Basic realm="maestrano"');
        expect(body).toEqual({ error: 'Invalid credentials' });
      }
      expect(app.calls.list).toHaveLength(reported);
    });

    it('looks at credentials before it reads a body, wherever it is served', async () => {
      const init = { body: '{ this is no JSON', headers: { 'content-type': 'application/json' } };
      for (const path of ['/maestrano/connec/notifications/uat', '/maestrano/uat/synchronizations']) {
        expect(await call('POST', path, basicOf('production'), init)).toMatchObject({ status: 401 });
        expect(await call('POST', path, basicOf('uat'), init)).toMatchObject({ status: 400 });
      }
    });

    it('treats an unknown marketplace like wrong credentials', async () => {
      for (const path of ['/maestrano/metadata/nobody', '/maestrano/nobody/synchronizations/cld-1']) {
        expect(await call('GET', path, basicOf('uat'))).toMatchObject({
          status: 401,
          body: { error: 'Invalid credentials' },
        });
      }
    });

    it('deletes a group once for each call, and reports success for what is gone', async () => {
      for (let time = 0; time < 2; time += 1) {
        expect(await call('DELETE', '/maestrano/account/groups/cld-4/uat', basicOf('uat'))).toMatchObject({
          status: 200,
          body: { success: true },
        });
      }
      const deletion = [
        ['beforeGroupDeletion', 'cld-4'],
        ['deleteGroup', 'uat', 'cld-4'],
      ];
      expect(app.calls.list).toEqual([...deletion, ...deletion]);
      const deleted = app.app.get(DeletedGroupsService);
      expect(await deleted.deletedAt('uat', 'cld-4')).toBeInstanceOf(Date);
      expect(await deleted.deletedAt('production', 'cld-4')).toBeNull();
    });

    it('gives the adapter the uid as the application stores it', async () => {
      await call('DELETE', '/maestrano/account/groups/cld-1/users/usr-9/uat', basicOf('uat'));
      await call('DELETE', '/hooks/virtual/g/cld-1/u/usr-9', basicOf('virtual'));
      await call('DELETE', '/hooks/virtual/g/cld-1/u/usr-9.cld-1', basicOf('virtual'));
      expect(app.calls.list).toEqual([
        ['removeMember', 'uat', 'cld-1', 'usr-9', 'usr-9'],
        ['removeMember', 'virtual', 'cld-1', 'usr-9.cld-1', 'usr-9'],
        ['removeMember', 'virtual', 'cld-1', 'usr-9.cld-1', 'usr-9'],
      ]);
    });

    it('decodes identifiers and rejects what cannot be one', async () => {
      await call('DELETE', '/maestrano/account/groups/cld%2F1%20%C3%BC/uat', basicOf('uat'));
      expect(app.calls.list.at(-1)).toEqual(['deleteGroup', 'uat', 'cld/1 ü']);
      app.calls.list.length = 0;
      for (const id of ['%00', '%20', 'a%0Ab', '%EF%BF%BD', 'x'.repeat(300)]) {
        const { status } = await call('DELETE', `/maestrano/account/groups/${id}/uat`, basicOf('uat'));
        expect({ id, status }).toEqual({ id, status: 400 });
      }
      for (const id of ['%', '%E0%A4%A', '%ff']) {
        const { status } = await call('DELETE', `/maestrano/account/groups/${id}/uat`, basicOf('uat')).catch(
          () => ({ status: 0 }),
        );
        expect({ id, status }).toEqual({ id, status: 400 });
      }
      expect(
        await call('DELETE', '/maestrano/account/groups/cld-1/users/.cld-1/uat', basicOf('uat')),
      ).toMatchObject({ status: 400 });
      expect(app.calls.list).toEqual([]);
    });

    it('responds with 5xx and closes no session when the adapter fails; the repeated call finishes', async () => {
      const sessions = app.app.get(SessionService);
      const closeGroup = jest.spyOn(sessions, 'closeGroup');
      app.calls.fail = new Error('the database is down: password=hunter2');
      const failed = await call('DELETE', '/maestrano/account/groups/cld-5/uat', basicOf('uat'));
      expect(failed).toMatchObject({ status: 500, body: { code: 'webhook.adapter' } });
      expect(JSON.stringify(failed.body)).not.toContain('hunter2');
      expect(closeGroup).not.toHaveBeenCalled();
      expect(await app.app.get(DeletedGroupsService).deletedAt('uat', 'cld-5')).toBeInstanceOf(Date);

      app.calls.fail = null;
      const store = app.app.get(MaestranoStore);
      const set = jest.spyOn(store, 'set').mockRejectedValueOnce(new Error('store down'));
      expect(await call('DELETE', '/maestrano/account/groups/cld-5/uat', basicOf('uat'))).toMatchObject({
        status: 500,
        body: { code: 'webhook.cleanup' },
      });
      set.mockRestore();
      expect(await call('DELETE', '/maestrano/account/groups/cld-5/uat', basicOf('uat'))).toMatchObject({
        status: 200,
      });
      expect(closeGroup).toHaveBeenCalledWith('uat', 'cld-5');
    });

    it('serves the metadata of whoever asks, with the paths as they are and without a key', async () => {
      const at = (path: string): string => (prefix === undefined ? path : `/${prefix}${path}`);
      const { body, headers } = await call('GET', '/maestrano/metadata', basicOf('uat'));
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(body).toMatchObject({
        nid: 'timesheets-uat',
        marketplace: 'uat',
        environment: 'timesheets',
        app: {
          host: 'https://app.example.com',
          synchronization_start_path: at('/maestrano/uat/synchronizations'),
          synchronization_status_path: at('/maestrano/uat/synchronizations/:cld-uid'),
        },
        api: { id: 'app-uat', lang: 'node', lang_version: process.versions.node },
        sso: {
          init_path: at('/maestrano/auth/saml/init/uat'),
          x509_fingerprint: Array(20).fill('ab').join(':'),
        },
        connec: { enabled: true, timeout: 300 },
        webhook: { account: { groups_path: at('/maestrano/account/groups/:id/uat') } },
        webhooks: {
          account: { group_user_path: at('/maestrano/account/groups/:group_id/users/:id/uat') },
          connec: { notification_path: at('/maestrano/connec/notifications/uat'), initialization_path: null },
        },
      });
      const production = await call('GET', '/maestrano/metadata/production', basicOf('production'));
      expect(production.body).toMatchObject({
        app: { synchronization_status_path: at('/maestrano/production/synchronizations/:cld-uid') },
      });
      const built = app.app.get(MetadataService).build(app.app.get(MarketplaceRegistry).get('uat'));
      expect(body).toEqual(JSON.parse(JSON.stringify(built)));
      for (const text of [JSON.stringify(body), JSON.stringify(production.body)]) {
        for (const name of NAMES) expect(text).not.toContain(`key-of-${name}`);
      }
      expect(JSON.stringify(body)).not.toContain('production');
    });

    it('starts, switches and shows the synchronization', async () => {
      const form = new URLSearchParams([
        ['group_id', 'cld-1'],
        ['opts[full_sync]', 'true'],
        ['opts[only_entities][]', 'people'],
        ['opts[only_entities][]', 'items'],
        ['opts[$filter]', "name eq 'x'"],
      ]);
      const json = {
        group_id: 'cld-1',
        opts: { full_sync: true, only_entities: ['people', 'items'], $filter: "name eq 'x'" },
      };
      const request = {
        fullSync: true,
        onlyEntities: ['people', 'items'],
        forced: false,
        connecPreemption: null,
        filter: "name eq 'x'",
      };
      for (const init of [
        { body: form },
        { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } },
      ]) {
        expect(await call('POST', '/maestrano/uat/synchronizations', basicOf('uat'), init)).toMatchObject({
          status: 201,
        });
        expect(app.calls.list.at(-1)).toEqual(['start', 'cld-1', expect.objectContaining(request)]);
      }
      expect(
        await call('PUT', '/maestrano/uat/synchronizations/toggle_sync', basicOf('uat'), {
          body: new URLSearchParams({ group_id: 'cld-1' }),
        }),
      ).toMatchObject({
        status: 200,
        body: { group_id: 'cld-1', sync_enabled: false, status: 'DISABLED' },
      });
      expect((await call('GET', '/maestrano/uat/synchronizations/cld-1', basicOf('uat'))).body).toEqual({
        group_id: 'cld-1',
        sync_enabled: true,
        status: 'SUCCESS',
        message: null,
        updated_at: '2016-08-01T15:30:20Z',
      });
      expect(await call('GET', '/maestrano/uat/synchronizations/cld-unknown', basicOf('uat'))).toMatchObject({
        status: 404,
        body: { errors: [{ message: 'Organization not found', code: 404 }] },
      });
      expect(
        await call('POST', '/maestrano/uat/synchronizations', basicOf('uat'), {
          body: new URLSearchParams({ opts: 'x' }),
        }),
      ).toMatchObject({
        status: 400,
        body: { code: 'webhook.request' },
      });
    });

    it("guards the application's own routes", async () => {
      expect(await call('GET', '/exports/any', basicOf('production'))).toMatchObject({
        status: 200,
        body: { marketplace: 'production' },
      });
      expect(await call('GET', '/exports/uat', basicOf('uat'))).toMatchObject({
        body: { marketplace: 'uat' },
      });
      expect(await call('GET', '/exports/of/virtual', basicOf('virtual'))).toMatchObject({
        body: { marketplace: 'virtual' },
      });
      for (const [path, name] of [
        ['any', 'nobody'],
        ['uat', 'production'],
        ['of/uat', 'virtual'],
        ['of/nobody', 'uat'],
      ] as const) {
        const { status, headers, body } = await call('GET', `/exports/${path}`, basicOf(name));
        expect({ status, challenge: headers.get('www-authenticate'), body }).toEqual({
          status: 401,
          challenge: 'Basic realm="maestrano"',
          body: { error: 'Invalid credentials' },
        });
      }
    });
  });
});

it.each(HTTP_ADAPTERS)(
  'rejects on %s a registration that shadows the paths of another',
  async (httpAdapter) => {
    const register = (name: string): DynamicModule =>
      MaestranoModule.forRoot({
        isGlobal: false,
        marketplaces: [marketplaceInput(name)],
        routes: { prefix: name },
        groupAdapter: GroupAdapter,
        extraProviders: [Calls],
      });
    @Module({ imports: [register('uat'), register('production')] })
    class AppModule {}
    const { code, message } = await errorOf(bootApp(httpAdapter, AppModule), MaestranoConfigurationError);
    expect(code).toBe('configuration.sharedRoute');
    expect(message).toMatch(/ [A-Z]+ \/maestrano\/[\w/]+\/\*/);
  },
);

it.each(
  HTTP_ADAPTERS.flatMap((httpAdapter) => [
    [httpAdapter, 'directly'] as const,
    [httpAdapter, 'behind a guard'] as const,
  ]),
)(
  'believes on %s, %s, nothing that another registration proved for a path of this one',
  async (httpAdapter, way) => {
    const partner = { ...marketplaceInput('partner'), webhooks: {}, sso: { enabled: false } };
    let response: unknown = [partner];
    class Source extends MarketplaceSource {
      load = () => Promise.resolve(response);
    }
    const extras = { isGlobal: false, groupAdapter: GroupAdapter, extraProviders: [Calls] };
    const first = MaestranoModule.forRoot({ ...extras, marketplaces: [marketplaceInput('uat')] });
    const second = MaestranoModule.forRoot({
      ...extras,
      routes: { prefix: 'partner' },
      marketplaceSource: Source,
    });
    @Module({ imports: [first, second] })
    class AppModule {}
    const { app, url, close } = await bootApp(httpAdapter, AppModule, {
      prepare: (booting) => {
        if (way === 'behind a guard') booting.useGlobalGuards({ canActivate: () => true });
      },
    });
    try {
      // A refresh moves the second's webhook into a directory that the first has mounted.
      const group_path = '/maestrano/account/groups/:id/of/partner';
      response = [{ ...partner, webhooks: { account: { group_path } } }];
      for (const loader of app.get(MarketplaceLoader, { strict: false, each: true })) await loader.refresh();
      const { status } = await fetch(`${url}/maestrano/account/groups/cld-1/of/partner`, {
        method: 'DELETE',
        headers: { authorization: basicOf('partner') },
      });
      expect(status).toBe(404);
      const reported = app.get(Calls, { strict: false, each: true }).flatMap(({ list }) => list);
      expect(reported).toEqual([]);
    } finally {
      await close();
    }
  },
);
