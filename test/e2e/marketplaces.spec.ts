import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type LoggerService, type OnApplicationBootstrap } from '@nestjs/common';

import {
  MaestranoConfigurationError,
  InjectMarketplace,
  MaestranoModule,
  type MarketplaceHandle,
  MarketplaceLoader,
  MarketplaceRegistry,
} from '../../src/index.js';
import { DeveloperPlatformStub, json, text } from '../support/developer-platform-stub.js';
import { errorOf } from '../support/error-of.js';
import { marketplaceInput } from '../support/marketplaces.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { type TestApplication, testApplication } from '../support/application.js';

const logged: string[] = [];
const logger = Object.fromEntries(
  ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'].map((level) => [
    level,
    (...parts: unknown[]) => void logged.push(`${level} ${parts.map(String).join(' ')}`),
  ]),
) as unknown as LoggerService;

/** A marketplace whose group webhook is at a path of its own. */
function at(name: string, group_path: string, key?: string | string[]): Record<string, unknown> {
  const webhooks = {
    account: { group_path, group_user_path: `/users/${name}/:group_id/:id` },
    connec: { notification_path: `/maestrano/connec/notifications/${name}` },
  };
  return marketplaceInput(name, { webhooks, ...(key ? { api: { key } } : {}) });
}

const SHAPES: readonly (readonly [name: string, template: string, url: string])[] = [
  ['suffix', '/maestrano/account/groups/:id/suffix', '/maestrano/account/groups/cld-1/suffix'],
  ['not-its-name', '/maestrano/account/groups/:id/other-word', '/maestrano/account/groups/cld-1/other-word'],
  ['first', '/first/maestrano/groups/:id', '/first/maestrano/groups/cld-1'],
  ['query', '/deleted?groupid=:id&marketplace=query', '/deleted?marketplace=query&groupid=cld-1'],
  ['query-too', '/deleted?groupid=:id&marketplace=query-too', '/deleted?groupid=cld-1&marketplace=query-too'],
  ['middle', '/hooks/middle/:id/gone', '/hooks/middle/cld-1/gone'],
  ['twin-a', '/twins/:id', '/twins/cld-1'],
  ['twin-b', '/twins/:id', '/twins/cld-1'],
];

describe.each(HTTP_ADAPTERS)('marketplaces from the developer platform on %s', (httpAdapter) => {
  const stub = new DeveloperPlatformStub();
  let booted: TestApplication;

  async function boot(options: object = {}): Promise<TestApplication> {
    @Injectable()
    class Welcome implements OnApplicationBootstrap {
      constructor(@InjectMarketplace('suffix') private readonly marketplace: MarketplaceHandle) {}

      onApplicationBootstrap(): void {
        logged.push(`handle of ${this.marketplace.configuration.name}`);
      }
    }
    return testApplication({
      httpAdapter,
      logger,
      options: {
        developerPlatform: { host: stub.host, apiKey: 'k', apiSecret: 's3cret' },
        ...options,
      },
      imports: [MaestranoModule.forFeature(['suffix'])],
      providers: [Welcome],
    });
  }

  async function deleteGroup(url: string, name: string, key = `key-of-${name}`): Promise<number> {
    const authorization = `Basic ${Buffer.from(`app-${name}:${key}`).toString('base64')}`;
    const response = await fetch(booted.url + url, { method: 'DELETE', headers: { authorization } });
    return response.status;
  }

  const deleted = (): string[] =>
    booted.groups.calls.flatMap((call) =>
      call.method === 'deleteGroup' ? [`${call.reference.marketplace} ${call.reference.groupUid}`] : [],
    );

  function serve(...entries: object[]): void {
    stub.response = json({ marketplaces: entries });
  }

  const all = () => SHAPES.map(([name, template]) => at(name, template));
  const refresh = () => booted.app.get(MarketplaceLoader).refresh();

  beforeAll(async () => {
    await stub.start();
  });

  afterAll(async () => {
    await stub.stop();
  });

  beforeEach(async () => {
    serve(...all());
    booted = await boot();
  });

  afterEach(async () => {
    await booted?.close();
  });

  it.each(SHAPES)('route %s by its own path, with its own credentials', async (name, _, url) => {
    expect(await deleteGroup(url, name)).toBe(200);
    expect(deleted()).toEqual([`${name} cld-1`]);
    const stranger = name === 'suffix' ? 'first' : 'suffix';
    expect(await deleteGroup(url, stranger)).toBe(401);
    expect(deleted()).toHaveLength(1);
  });

  it('are routed anew after a refresh, without a restart', async () => {
    const moved = all().map((entry) =>
      entry['marketplace'] === 'suffix' ? at('suffix', '/hooks/middle/moved/:id') : entry,
    );
    serve(...moved, at('new', '/hooks/middle/new/:id'), at('far', '/never/mounted/:id'));
    await refresh();
    expect(await deleteGroup('/hooks/middle/moved/cld-2', 'suffix')).toBe(200);
    expect(await deleteGroup('/hooks/middle/new/cld-3', 'new')).toBe(200);
    expect(await deleteGroup('/maestrano/account/groups/cld-4/new', 'new')).toBe(200);
    expect(deleted()).toEqual(['suffix cld-2', 'new cld-3', 'new cld-4']);
    expect(await deleteGroup('/never/mounted/cld-5', 'far')).toBe(404);
    expect(logged.filter((line) => line.includes('/never/mounted/:id')).join()).toMatch(/[Rr]estart/);
  });

  it('let the past and the new key in while they rotate, and nothing else', async () => {
    serve(
      ...all().map((entry) =>
        entry['marketplace'] === 'suffix'
          ? at('suffix', '/maestrano/account/groups/:id/suffix', 'new-key')
          : entry,
      ),
    );
    await refresh();
    const url = '/maestrano/account/groups/cld-1/suffix';
    expect(await deleteGroup(url, 'suffix', 'new-key')).toBe(200);
    expect(await deleteGroup(url, 'suffix')).toBe(200);
    expect(await deleteGroup(url, 'suffix', '')).toBe(401);
    expect(await deleteGroup(url, 'suffix', 'key-of-first')).toBe(401);
  });

  it('are served on while the platform fails', async () => {
    stub.response = text('<html>', 200);
    const { sources } = await refresh();
    expect(sources).toMatchObject([{ failures: 1, lastError: { code: 'configuration.sourceBody' } }]);
    expect(booted.app.get(MarketplaceRegistry).list()).toHaveLength(SHAPES.length);
    expect(await deleteGroup('/twins/cld-1', 'twin-b')).toBe(200);
    expect(logged.join()).not.toContain('s3cret');
  });

  it('stop the application at start where there are none, or where one it names is missing', async () => {
    stub.response = text('', 401);
    const missing = await errorOf(boot(), MaestranoConfigurationError);
    expect(missing.message).toContain('MNO_DEVPL_ENV_KEY');
    serve(at('other', '/x/:id'));
    const unnamed = await errorOf(boot());
    expect(unnamed).toMatchObject({ code: 'configuration.unknownMarketplace' });
    expect(unnamed.message).toContain('Configured: other.');
  });
});
