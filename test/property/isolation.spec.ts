import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, type LoggerService } from '@nestjs/common';
import * as fc from 'fast-check';

import {
  type AdapterContext,
  BillingService,
  ConnecService,
  type GroupProfile,
  MaestranoGroupAdapter,
  MaestranoUserAdapter,
  MarketplaceLoader,
  MarketplaceSource,
  MembershipService,
  type MembershipReference,
  type UserProfile,
} from '../../src/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import type { StoreCall, StoreWrite } from '../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { freePort } from '../support/free-port.mjs';
import { type BootedApp, HTTP_ADAPTERS } from '../support/http-adapters.js';
import { MeController, testApplication } from '../support/application.js';

/** One marketplace of the test's world: which hub it is on, and everything that is its own. */
interface Place {
  readonly name: string;
  readonly sandbox: Sandbox;
  /** Part of each of its names; part of no other's. */
  readonly tag: string;
  /** The cookie of its last login; null when there is none, or it was closed. */
  cookie: string | null;
}

/** Everybody has the same ids everywhere, so that a key without its marketplace would collide. */
const USER = 'usr-1';
const GROUP = 'cld-1';

/** What was seen leaving the application, being kept by it, or being said by it. */
const seen = {
  requests: [] as { origin: string; text: string }[],
  stored: [] as string[],
  logged: [] as string[],
  adapters: [] as { marketplace: string; text: string }[],
};

@Injectable()
class Users extends MaestranoUserAdapter<string> {
  override findOrCreateUser(profile: UserProfile, { marketplace }: AdapterContext): string {
    seen.adapters.push({ marketplace: marketplace.name, text: JSON.stringify(profile) });
    return profile.uid;
  }
}

@Injectable()
class Groups extends MaestranoGroupAdapter<string, string> {
  override findOrCreateGroup(profile: GroupProfile, { marketplace }: AdapterContext): string {
    seen.adapters.push({ marketplace: marketplace.name, text: JSON.stringify(profile) });
    return profile.uid;
  }
  override hasMember(): boolean {
    return true;
  }
  override addMember(): void {}
  override removeMember(reference: MembershipReference): void {
    seen.adapters.push({ marketplace: reference.marketplace, text: JSON.stringify(reference) });
  }
  override deleteGroup(): void {}
}

/** Sees every key and value that is kept. */
class SeeingStore extends MemoryStore {
  override writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
    for (const { key, value } of writes) seen.stored.push(`${key} ${value ?? ''}`);
    return super.writeMany(writes, call);
  }
}

const logger = Object.fromEntries(
  ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'].map((level) => [
    level,
    (...parts: unknown[]) => void seen.logged.push(inspect(parts, { depth: 9 })),
  ]),
) as unknown as LoggerService;

/** Every request of the HTTP client, as it goes out, credentials included. */
function seeRequest(message: unknown): void {
  const { request } = message as {
    request: { origin: string; method: string; path: string; headers: unknown; body: unknown };
  };
  const { origin, method, path, headers, body } = request;
  const basic = /basic ([\w+/=]+)/i.exec(JSON.stringify(headers))?.[1];
  const credentials = basic ? Buffer.from(basic, 'base64').toString() : '';
  seen.requests.push({ origin, text: inspect([method, path, headers, credentials, body], { depth: 9 }) });
}

describe.each(HTTP_ADAPTERS)('many marketplaces on %s', (httpAdapter) => {
  const sandboxes: Sandbox[] = [];
  const places: Place[] = [];
  /** Whose a text is: secrets and names of each marketplace, past keys included. */
  const canaries = new Map<string, Set<string>>();
  let booted: BootedApp;

  class AllSandboxes extends MarketplaceSource {
    load(): Promise<unknown> {
      return Promise.resolve(sandboxes.flatMap(({ options }) => options.marketplaces));
    }
  }

  function learn({ name, tag, sandbox }: Place): void {
    const { apiId, apiKeys } = sandbox.marketplaces.get(name);
    const token = sandbox.state.user(name, USER)?.ssoSession;
    canaries.set(
      name,
      new Set([...(canaries.get(name) ?? []), tag, apiId, ...apiKeys, ...(token ? [token] : [])]),
    );
  }

  function ownersOf(text: string): string[] {
    return places
      .filter(({ name }) => [...canaries.get(name)!].some((canary) => text.includes(canary)))
      .map(({ name }) => name);
  }

  async function build(hub: number): Promise<void> {
    const sandbox = await startSandbox({ scenario: 'empty', seed: 100 * (hub + 1), appUrl: booted?.url });
    sandboxes.push(sandbox);
    sandbox.marketplaces.remove('sandbox');
    for (const [index, word] of ['alder', 'birch'].entries()) {
      const tag = `${word}${hub}x`;
      const place: Place = { name: tag, sandbox, tag, cookie: null };
      await sandbox.build.marketplace({ name: tag, apiId: `app-${tag}`, externalIds: index === 1 });
      sandbox.build.user(tag, { uid: USER, name: `Person${tag}`, surname: 'One' });
      sandbox.build.user(tag, { uid: 'usr-2', name: `Second${tag}`, surname: 'Two' });
      sandbox.build.group(tag, { uid: GROUP, name: `Company${tag}`, orgUid: `org-${tag}` });
      sandbox.build.member(tag, USER, GROUP, 'Admin');
      sandbox.build.member(tag, 'usr-2', GROUP, 'Member');
      places.push(place);
      learn(place);
    }
  }

  beforeAll(async () => {
    for (const list of Object.values(seen)) list.length = 0;
    const port = await freePort();
    for (const hub of [0, 1, 2]) await build(hub);
    for (const sandbox of sandboxes) sandbox.setAppUrl(`http://127.0.0.1:${port}`);
    booted = await testApplication({
      httpAdapter,
      port,
      logger,
      options: {
        developerPlatform: false,
        refresh: { intervalMs: 0 },
        store: new SeeingStore(),
        sso: { homeUrl: '/me' },
      },
      extras: { userAdapter: Users, groupAdapter: Groups, marketplaceSource: AllSandboxes },
      controllers: [MeController],
    });
    subscribe('undici:request:create', seeRequest);
  });

  afterAll(async () => {
    unsubscribe('undici:request:create', seeRequest);
    await booted?.close();
    for (const sandbox of sandboxes) await sandbox.close();
  });

  /** What can happen to a marketplace. Each returns when its own part is proved. */
  const steps = {
    async login(place: Place) {
      const { name, sandbox } = place;
      const login = await sandbox.login(booted.url, { user: USER, group: GROUP, marketplace: name });
      expect({ name, status: login.status }).toEqual({ name, status: 200 });
      expect(JSON.parse(login.body)).toEqual({ marketplace: name, user: USER, group: GROUP });
      place.cookie = login.cookieHeader;
    },
    async bill({ name, tag, sandbox }: Place) {
      const description = `Charge of ${tag}`;
      const { bills } = booted.app.get(BillingService).for(name);
      await bills.create({ groupId: GROUP, priceCents: 100, description });
      const [elsewhere] = sandboxes.filter((other) => other !== sandbox);
      expect(elsewhere!.journal.find({ text: description })).toEqual([]);
    },
    async group({ name, tag }: Place) {
      const group = await booted.app.get(MembershipService).for(name).groups.retrieve(GROUP);
      expect(group.name).toBe(`Company${tag}`);
    },
    async connec({ name, tag }: Place) {
      const client = booted.app.get(ConnecService).for(GROUP, name);
      const person = await client.post('people', { first_name: `Contact ${tag}` });
      expect(inspect(person, { depth: 9 })).toContain(tag);
    },
    async removeOther({ name, sandbox }: Place) {
      const before = seen.adapters.length;
      const [delivery] = await sandbox.webhooks.deleteGroupUser(GROUP, 'usr-2', {
        marketplace: name,
        onlySend: true,
      });
      // Another rotation under way may be ahead of the application.
      if (delivery!.status === 401) return;
      expect({
        status: delivery!.status,
        heard: seen.adapters.slice(before).some(({ marketplace }) => marketplace === name),
      }).toEqual({ status: 200, heard: true });
    },
    async removeUser(place: Place) {
      const { name, sandbox } = place;
      const [delivery] = await sandbox.webhooks.deleteGroupUser(GROUP, USER, {
        marketplace: name,
        onlySend: true,
      });
      if (delivery!.status === 200) place.cookie = null;
    },
    async foreignCredentials({ name, sandbox }: Place) {
      const stranger = places.find((other) => other.sandbox === sandbox && other.name !== name)!;
      const before = seen.adapters.filter(({ marketplace }) => marketplace === name).length;
      const [delivery] = await sandbox.webhooks.deleteGroupUser(GROUP, 'usr-404', {
        marketplace: name,
        onlySend: true,
        credentials: { of: stranger.name },
      });
      expect(delivery!.status).toBe(401);
      expect(delivery!.responseBody).toBe('{"error":"Invalid credentials"}');
      expect(
        seen.adapters.filter(({ marketplace, text }) => marketplace === name && text.includes('usr-404')),
      ).toEqual([]);
      expect(before).toBeGreaterThanOrEqual(0);
    },
    async rotateKey(place: Place) {
      place.sandbox.marketplaces.rotateKey(place.name);
      learn(place);
      await booted.app.get(MarketplaceLoader).refresh();
    },
    async rotateCertificate(place: Place) {
      place.sandbox.marketplaces.retireOldCertificates(place.name);
      await place.sandbox.marketplaces.rotateCertificate(place.name, { signWith: 'old' });
      await booted.app.get(MarketplaceLoader).refresh();
    },
    async refresh() {
      const status = await booted.app.get(MarketplaceLoader).refresh();
      expect(status.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    },
  } satisfies Record<string, (place: Place) => Promise<void>>;

  type Step = keyof typeof steps;
  const step = fc.record({
    step: fc.constantFrom(...(Object.keys(steps) as Step[])),
    place: fc.nat({ max: 5 }),
  });

  it('never see anything of each other, whatever happens at one time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 2, maxLength: 7 }), { minLength: 1, maxLength: 4 }),
        async (waves) => {
          for (const wave of waves) {
            retireOldKeys();
            // A login and a removal of one person at one time may end either way.
            const removed = new Set(
              wave.filter((item) => item.step === 'removeUser').map(({ place }) => place),
            );
            await Promise.all(
              wave
                .filter((item) => !(item.step === 'login' && removed.has(item.place)))
                .map((item) => steps[item.step](places[item.place]!)),
            );
            await expectSessions();
            expectNothingMixed();
          }
        },
      ),
      { numRuns: 12, endOnFailure: true },
    );
    expect(new Set(seen.requests.flatMap(({ text }) => ownersOf(text))).size).toBeGreaterThan(2);
    expect(seen.stored.length).toBeGreaterThan(0);
  }, 120_000);

  /** At most eight are accepted. Only between waves: two rotations at one time would retire what is known. */
  function retireOldKeys(): void {
    for (const { name, sandbox } of places) sandbox.marketplaces.retireOldKeys(name);
  }

  /** Whoever is signed in still is, and as somebody of that marketplace. */
  async function expectSessions(): Promise<void> {
    for (const { name, cookie } of places) {
      if (cookie === null) continue;
      const response = await fetch(`${booted.url}/me`, { headers: { cookie } });
      expect({ name, status: response.status, ...((await response.json()) as object) }).toMatchObject({
        status: 200,
        marketplace: name,
      });
    }
  }

  function expectNothingMixed(): void {
    for (const { origin, text } of seen.requests) {
      if (origin === booted.url) continue;
      const owners = ownersOf(text);
      expect({ text, owners }).toEqual({ text, owners: owners.slice(0, 1) });
      const home = places.find(({ name }) => name === owners[0]);
      if (home) expect({ text, origin }).toEqual({ text, origin: home.sandbox.url });
    }
    // The block of lines at start lists all marketplaces on purpose.
    const logged = seen.logged.filter((text) => !/^\[\s*'\d+ marketplaces?\\n'/.test(text));
    for (const text of [...seen.stored, ...logged]) {
      const owners = ownersOf(text);
      expect({ text, owners }).toEqual({ text, owners: owners.slice(0, 1) });
    }
    for (const { marketplace, text } of seen.adapters) {
      expect({ text, owners: ownersOf(text) }).toEqual({ text, owners: [marketplace] });
    }
    const secrets = places.flatMap(({ name, sandbox }) => [...sandbox.marketplaces.get(name).apiKeys]);
    expect(seen.logged.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
    expect(seen.stored.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
  }
});
