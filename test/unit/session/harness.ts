import type { AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core';

import { AdapterResolver } from '../../../src/adapters/adapter-resolver.js';
import type { MaestranoHttp } from '../../../src/http/maestrano-http.service.js';
import type { HttpResponse, HttpCall } from '../../../src/http/http.types.js';
import type { Marketplace } from '../../../src/interfaces/marketplace.interface.js';
import type { LoginProfile } from '../../../src/interfaces/profiles.interface.js';
import type { SessionOptions } from '../../../src/interfaces/session-options.interface.js';
import { MarketplaceRegistry } from '../../../src/marketplace/marketplace-registry.js';
import { HttpExchange } from '../../../src/routing/http-exchange.js';
import { type IncomingRequest } from '../../../src/utils/incoming-request.js';
import type { MaestranoModuleExtras } from '../../../src/routing/module-extras.interface.js';
import { ApplicationSessionStorage } from '../../../src/session/application-session.storage.js';
import { LostSessions } from '../../../src/session/lost-sessions.service.js';
import { SealedCookieStorage } from '../../../src/session/sealed-cookie.storage.js';
import { SessionRecheck } from '../../../src/session/session-recheck.service.js';
import { SessionRevocations } from '../../../src/session/session-revocations.service.js';
import { SessionSeal } from '../../../src/session/session-seal.service.js';
import { SessionService } from '../../../src/session/session.service.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { Secret } from '../../../src/utils/secret.js';
import { registeredMarketplace } from '../../support/marketplaces.js';
import { settingsOf } from '../../support/settings.js';

export const SECRET = 'a secret of more than thirty-two characters';

/** A registry with marketplaces of these names, the first being the default. */
export function registryOfNames(
  names: readonly string[],
  sso: Record<string, unknown> = {},
): MarketplaceRegistry {
  const registry = new MarketplaceRegistry(names[0]);
  const marketplaces = names.map((name) =>
    registeredMarketplace(name, {
      app: { host: 'http://app.example.test' },
      api: { host: `https://${name}.example.test` },
      sso,
    }),
  );
  registry.replace(marketplaces);
  return registry;
}

/** An exchange whose response can be looked at; `cookies` collects what is set, as a browser's jar would. */
export function exchangeOf(
  request: Partial<IncomingRequest> & { session?: unknown } = {},
  jar: Record<string, string> = {},
) {
  const headers: Record<string, string> = {};
  const lines: string[] = [];
  const adapter = {
    setHeader: (_: unknown, name: string, value: string) => (headers[name.toLowerCase()] = value),
    appendHeader: (_: unknown, _name: string, line: string) => {
      lines.push(line);
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) delete jar[name];
      else jar[name] = value;
    },
    reply: () => undefined,
    redirect: () => undefined,
  };
  const cookie = Object.entries(jar)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
  // The very object is handed on: session middlewares replace its `session`.
  const platform = Object.assign(request, {
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    headers: { ...(cookie ? { cookie } : {}), ...request.headers },
  });
  const exchange = new HttpExchange(adapter as unknown as AbstractHttpAdapter, platform, {
    once: () => undefined,
  });
  return { exchange, headers, lines, jar };
}

export function profileOf(marketplace: string, user = 'usr-1', group = 'cld-1'): LoginProfile {
  return {
    user: { realUid: user, uid: user },
    group: { uid: group },
    membership: {},
    marketplace,
  } as unknown as LoginProfile;
}

/** What the hub responds to a session check; counts and keeps the calls. */
export class HubStub {
  readonly calls: HttpCall[] = [];
  respond: () => Promise<Partial<HttpResponse>> = () =>
    Promise.resolve({ status: 200, json: { valid: true, recheck: inMinutes(3).toISOString() } });

  readonly http = {
    request: (_: unknown, call: HttpCall) => {
      this.calls.push(call);
      return this.respond();
    },
  } as unknown as MaestranoHttp;
}

export function inMinutes(minutes: number): Date {
  return new Date(Date.now() + minutes * 60_000);
}

export function sessionsOf(
  registry: MarketplaceRegistry,
  session: SessionOptions = { secret: SECRET },
  store = new MemoryStore(),
) {
  const hub = new HubStub();
  const signedOut: Marketplace[] = [];
  const adapters = Object.assign(new AdapterResolver(null as never, new Map(), 60_000), {
    session: () =>
      Promise.resolve({
        signOut: ({ marketplace }: { marketplace: Marketplace }) => void signedOut.push(marketplace),
      }),
  } as object);
  const settings = settingsOf({ session }).session;
  const extras: MaestranoModuleExtras = {};
  const seal = new SessionSeal(settings, extras);
  const service = new SessionService(
    registry,
    new ApplicationSessionStorage(registry, seal, settings),
    new SealedCookieStorage(registry, seal, settings),
    new LostSessions(seal),
    new SessionRecheck(hub.http, settings),
    new SessionRevocations(store, settings),
    adapters,
    settings,
    {} as HttpAdapterHost,
  );
  return { service, hub, signedOut, store };
}

export function loginOf(marketplace: string, recheckAt: Date, user = 'usr-1', group = 'cld-1') {
  return {
    profile: profileOf(marketplace, user, group),
    sessionToken: new Secret(`token-${user}`),
    recheckAt,
    endsAt: null,
  };
}
