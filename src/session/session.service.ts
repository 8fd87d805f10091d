import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { AdapterResolver } from '../adapters/adapter-resolver.js';
import { MaestranoSessionError, type SessionErrorCode } from '../errors/session.error.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { LoginProfile } from '../interfaces/profiles.interface.js';
import type { MaestranoSessionData } from '../interfaces/session.interface.js';
import type { SessionSettings } from '../settings/maestrano-settings.js';
import { SESSION_SETTINGS } from '../settings/settings.providers.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { HttpExchange } from '../routing/http-exchange.js';
import { type IncomingRequest, RequestMemory } from '../utils/incoming-request.js';
import { maskUser } from '../utils/platform-identifier.js';
import type { Secret } from '../utils/secret.js';
import { applicationSession } from './application-session.js';
import { ApplicationSessionStorage } from './application-session.storage.js';
import { LostSessions } from './lost-sessions.service.js';
import { SealedCookieStorage } from './sealed-cookie.storage.js';
import type { SessionPayload } from './session-payload.js';
import { MAX_RECHECK_INTERVAL_MS, SessionRecheck } from './session-recheck.service.js';
import { SessionRevocations } from './session-revocations.service.js';
import type { SessionStorage } from './session-storage.js';

/** How far the clocks of instances may be apart. */
const CLOCK_SKEW_MS = 60_000;

/** Who the session guard let in. */
export interface AuthenticatedSession {
  readonly session: MaestranoSessionData;
  readonly marketplace: Marketplace;
}

/** What the session guard found, for the decorators; gone after a sign-out or another login within the request. */
export const authenticatedSession = new RequestMemory<AuthenticatedSession>();

/** What a verified login brings for its session. */
export interface SessionLogin {
  readonly profile: LoginProfile;
  readonly sessionToken: Secret;
  readonly recheckAt: Date;
  /** When the person's session at the identity provider ends; null when it did not say. */
  readonly endsAt: Date | null;
}

/** Why nobody is signed in. */
export type SessionRejection = Extract<
  SessionErrorCode,
  'session.none' | 'session.expired' | 'session.removed' | 'session.ended' | 'session.unreachable'
>;

/** A session that holds, or the reason why none does. */
export type SessionResult =
  | (AuthenticatedSession & { readonly rejection: null })
  | {
      readonly session: null;
      readonly marketplace: Marketplace | null;
      readonly rejection: SessionRejection;
    };

/** A request and its response, of Express or Fastify. */
export interface RequestPair {
  readonly request: unknown;
  readonly response: unknown;
}

/** Remembers who signed in through which marketplace, and sees that it still holds (protocol §4.11, §4.12). */
@Injectable()
export class SessionService {
  constructor(
    private readonly registry: MarketplaceRegistry,
    private readonly applicationSessions: ApplicationSessionStorage,
    private readonly sealedCookies: SealedCookieStorage,
    private readonly lost: LostSessions,
    private readonly recheck: SessionRecheck,
    private readonly revocations: SessionRevocations,
    private readonly adapters: AdapterResolver,
    @Inject(SESSION_SETTINGS) private readonly settings: SessionSettings,
    private readonly host: HttpAdapterHost,
  ) {}

  /**
   * Begins the session of a verified login. Logins through other marketplaces in this browser stay; everything else
   * in the application's session is left behind with the old session.
   *
   * @param at as for {@link SessionService.authenticate}.
   * @throws MaestranoSessionError when the session cannot be kept as configured.
   */
  async establish(
    at: RequestPair,
    marketplace: Marketplace,
    { profile, sessionToken, recheckAt, endsAt }: SessionLogin,
  ): Promise<MaestranoSessionData> {
    const exchange = this.#exchange(at);
    const payload: SessionPayload = {
      userUid: profile.user.realUid,
      groupUid: profile.group.uid,
      token: sessionToken,
      recheckAt: new Date(Math.min(recheckAt.getTime(), Date.now() + MAX_RECHECK_INTERVAL_MS)),
      preset: marketplace.name,
      signedInAt: new Date(),
      endsAt,
    };
    authenticatedSession.forget(exchange.request);
    const storage = this.#storage(exchange.request);
    await storage.begin(exchange, marketplace, payload);
    if (storage === this.applicationSessions) this.lost.watch(exchange, marketplace);
    return toSession(payload, marketplace);
  }

  /**
   * Call once the application has signed the person in within the same request: its own sign-in may have begun its
   * session anew, as Passport's `login()` does.
   *
   * @param at as for {@link SessionService.authenticate}.
   * @throws MaestranoSessionError `session.notSaved`
   */
  async keep(at: RequestPair): Promise<void> {
    const exchange = this.#exchange(at);
    await this.#storage(exchange.request).keep(exchange);
  }

  /** Called when the browser leaves to log in: sees that logins through other marketplaces survive the new one. */
  async depart(at: RequestPair, marketplace: Marketplace): Promise<void> {
    const exchange = this.#exchange(at);
    await this.#storage(exchange.request).depart(exchange, marketplace);
  }

  /**
   * The session the request brought, without asking anybody whether it still holds; null when it brought none. For
   * decisions use the guard or {@link SessionService.authenticate}.
   *
   * @param marketplace only a session of this one; by default what `session.marketplaceOf` says, else the latest.
   */
  async read(request: IncomingRequest, marketplace?: string): Promise<MaestranoSessionData | null> {
    const name = marketplace ?? this.settings.marketplaceOf?.(request);
    const sessions = await this.list(request);
    return sessions.find((session) => !name || session.marketplace === name) ?? null;
  }

  /**
   * Whether the request brought anything that is or was a session of ours, even one that cannot be read any more, whose
   * cookie then ends with the response.
   */
  async brought(at: RequestPair): Promise<boolean> {
    const exchange = this.#exchange(at);
    if ((await this.list(exchange.request)).length > 0) return true;
    return this.settings.storage !== 'request' && this.sealedCookies.drop(exchange);
  }

  /** Every session the request brought, one a marketplace, the latest login first. Nobody is asked. */
  async list(request: IncomingRequest): Promise<MaestranoSessionData[]> {
    const sessions: MaestranoSessionData[] = [];
    for (const payload of await this.#storage(request).readAll(request)) {
      const marketplace = payload.preset === null ? null : this.registry.find(payload.preset);
      if (marketplace) sessions.push(toSession(payload, marketplace));
    }
    return sessions.sort((a, b) => b.signedInAt.getTime() - a.signedInAt.getTime());
  }

  /**
   * The request's session if it holds: young enough, nobody removed, and confirmed by the marketplace when due. A
   * session that is over is cleared at once; one that cannot be confirmed is rejected and kept.
   *
   * @param at the request and its response; on Nest inject that with `{ passthrough: true }`.
   * @param marketplace as for {@link SessionService.read}.
   * @throws MaestranoStoreError `store.unavailable` when removals cannot be looked up for longer than `session.graceMs`.
   */
  async authenticate(at: RequestPair, marketplace?: string): Promise<SessionResult> {
    const exchange = this.#exchange(at);
    const { request } = exchange;
    const session = await this.read(request, marketplace);
    const found = session && this.registry.find(session.marketplace);
    if (!session || !found) {
      const name = marketplace ?? this.settings.marketplaceOf?.(request);
      return {
        session: null,
        marketplace: (name && this.registry.find(name)) || null,
        rejection: 'session.none',
      };
    }
    const validated = await this.#validate(exchange, found, session);
    if (typeof validated !== 'string') return { session: validated, marketplace: found, rejection: null };
    if (validated !== 'session.unreachable') await this.clear(exchange, found.name);
    return { session: null, marketplace: found, rejection: validated };
  }

  /**
   * Ends the session in this browser, and calls the session adapter so that the application can end its own.
   *
   * @param at as for {@link SessionService.authenticate}.
   * @param marketplace only the session of this one; by default all.
   */
  async clear(at: RequestPair, marketplace?: string): Promise<void> {
    const exchange = this.#exchange(at);
    const { request, response } = exchange;
    authenticatedSession.forget(request);
    const adapter = await this.adapters.session(request);
    for (const session of await this.list(request)) {
      if (marketplace !== undefined && session.marketplace !== marketplace) continue;
      const found = this.registry.get(session.marketplace);
      this.lost.found(exchange, found);
      await this.#storage(request).remove(exchange, found);
      if (!adapter) continue;
      await this.adapters.inTime(
        adapter,
        'signOut',
        adapter.signOut({ marketplace: found, request, response }),
      );
    }
  }

  /** Takes back the session that {@link SessionService.establish} began within the same request. */
  async discard(at: RequestPair, marketplace: Marketplace): Promise<void> {
    const exchange = this.#exchange(at);
    authenticatedSession.forget(exchange.request);
    await this.#storage(exchange.request).remove(exchange, marketplace);
  }

  /** Ends everything the person has open in the group, on all instances. */
  closeMembership(marketplace: string, groupUid: string, realUserUid: string): Promise<void> {
    return this.revocations.closeMembership(marketplace, groupUid, realUserUid);
  }

  /** Ends everything that anybody has open in the group, on all instances. */
  closeGroup(marketplace: string, groupUid: string): Promise<void> {
    return this.revocations.closeGroup(marketplace, groupUid);
  }

  /** The session, with its new recheck where it was due; or why it does not hold. */
  async #validate(
    exchange: HttpExchange,
    marketplace: Marketplace,
    session: MaestranoSessionData,
  ): Promise<MaestranoSessionData | SessionRejection> {
    const now = Date.now();
    const { recheckAt, signedInAt, endsAt } = session;
    // Sessions of other SDKs do not say when they began: the recheck alone limits them.
    const age = signedInAt.getTime() === 0 ? 0 : now - signedInAt.getTime();
    if (age >= this.settings.maxAgeMs) return 'session.expired';
    if (endsAt !== null && endsAt.getTime() <= now) return 'session.expired';
    if (await this.revocations.isClosed(session)) return 'session.removed';
    // The clock was ahead when this was written, and has been set right: then the recheck is not to be waited for.
    const misdated =
      recheckAt.getTime() > now + MAX_RECHECK_INTERVAL_MS || signedInAt.getTime() > now + CLOCK_SKEW_MS;
    if (!marketplace.sso.sloEnabled || (recheckAt.getTime() > now && !misdated)) return session;
    const result = await this.recheck.ask(marketplace, session);
    if (result.status === 'ended') return 'session.ended';
    if (result.status === 'unreachable') {
      const inGrace = !misdated && now < recheckAt.getTime() + this.settings.graceMs;
      return inGrace ? session : 'session.unreachable';
    }
    const began = new Date(Math.min(signedInAt.getTime(), now));
    const renewed = { ...session, signedInAt: began, recheckAt: result.recheckAt };
    await this.#storage(exchange.request).update(exchange, marketplace, toPayload(renewed));
    return renewed;
  }

  #exchange(at: RequestPair): HttpExchange {
    if (at instanceof HttpExchange) return at;
    return new HttpExchange(this.host.httpAdapter, at.request as IncomingRequest, at.response);
  }

  #storage(request: IncomingRequest): SessionStorage {
    const { storage } = this.settings;
    if (storage === 'cookie') return this.sealedCookies;
    if (applicationSession(request)) return this.applicationSessions;
    if (storage === 'auto') return this.sealedCookies;
    throw new MaestranoSessionError('session.noStorage', {
      message: 'The request has no session of the application.',
      remedy:
        'Install the session middleware ahead of the application\'s routes, or leave "session.storage" at "auto".',
    });
  }
}

function toSession(payload: SessionPayload, marketplace: Marketplace): MaestranoSessionData {
  const { userUid, groupUid, token, recheckAt, signedInAt, endsAt } = payload;
  return Object.freeze({
    marketplace: marketplace.name,
    userUid,
    maskedUserUid: maskUser(userUid, groupUid, marketplace.sso.creationMode),
    groupUid,
    token,
    recheckAt,
    signedInAt,
    endsAt,
  });
}

function toPayload({ marketplace, maskedUserUid: _masked, ...rest }: MaestranoSessionData): SessionPayload {
  return { ...rest, preset: marketplace };
}
