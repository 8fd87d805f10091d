import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { SESSION_SETTINGS } from '../settings/settings.providers.js';
import type { SessionSettings } from '../settings/maestrano-settings.js';
import { type IncomingRequest, RequestMemory } from '../utils/incoming-request.js';
import {
  type ApplicationSession,
  applicationSession,
  renewSession,
  saveSession,
  sessionEntries,
} from './application-session.js';
import {
  decodeSessionPayload,
  encodeSessionPayload,
  fromOfficialKeys,
  type SessionPayload,
  toOfficialKeys,
} from './session-payload.js';
import { SessionSeal } from './session-seal.service.js';
import { SessionStorage } from './session-storage.js';

/** What {@link ApplicationSessionStorage.begin} wrote. */
interface BegunSession {
  readonly logins: ReadonlyMap<string, SessionPayload>;
  readonly current: string;
  readonly payload: SessionPayload;
}

/** Where the official SDKs keep the latest login. */
const CURRENT = 'maestrano';
/** Where we keep the logins through other marketplaces: marketplace to payload. */
const OTHERS = 'maestrano_others';
/** Cookie that takes the logins through other marketplaces across a new one. */
const CARRIED = 'mno-carried';
const CARRIED_MS = 3_600_000;
const MAX_CARRIED_LENGTH = 3_900;

/**
 * Keeps logins in the application's `request.session`: express-session, cookie-session, @fastify/session and
 * @fastify/secure-session. The latest login is written exactly as the official SDKs do, so applications built on them
 * can share the session (protocol §4.11).
 *
 * The session's own cookie does not come along with the identity provider's cross-site POST, so the new session would
 * begin without the logins through other marketplaces. A sealed cookie of our own, which does come along, carries them.
 */
@Injectable()
export class ApplicationSessionStorage extends SessionStorage {
  readonly #begun = new RequestMemory<BegunSession>();

  constructor(
    private readonly registry: MarketplaceRegistry,
    private readonly seal: SessionSeal,
    @Inject(SESSION_SETTINGS) private readonly settings: SessionSettings,
  ) {
    super();
  }

  override readAll(request: IncomingRequest): Promise<readonly SessionPayload[]> {
    const session = applicationSession(request);
    return Promise.resolve(session ? [...this.#read(session).values()] : []);
  }

  /**
   * Logins that do not fit into a cookie stay behind; and what an earlier visitor of this browser left with, and never
   * came back for, is not for the next one.
   */
  override async depart(exchange: HttpExchange, marketplace: Marketplace): Promise<void> {
    const logins = await this.readAll(exchange.request);
    const others = logins.filter(({ preset }) => preset !== marketplace.name).map(toOfficialKeys);
    const expiresAt = new Date(Date.now() + CARRIED_MS);
    const sealed = others.length === 0 ? null : await this.seal.seal({ logins: others }, expiresAt);
    if (sealed !== null && sealed.length <= MAX_CARRIED_LENGTH) setCarried(exchange, marketplace, sealed);
    else dropCarried(exchange, marketplace);
  }

  override async begin(
    exchange: HttpExchange,
    marketplace: Marketplace,
    payload: SessionPayload,
  ): Promise<void> {
    const { request } = exchange;
    const carried = await this.#readCarried(exchange, marketplace);
    const logins = new Map<string, SessionPayload>();
    const present = applicationSession(request);
    for (const login of [...carried, ...(present ? this.#read(present).values() : [])]) {
      if (login.preset !== null) logins.set(login.preset, login);
    }
    const begun = { logins, current: marketplace.name, payload };
    write(await renewSession(request, this.settings.saveTimeoutMs), begun);
    await this.#save(request);
    this.#begun.remember(request, begun);
  }

  /** Passport's `login()` begins the session anew, and takes with it what was written before. */
  override async keep({ request }: HttpExchange): Promise<void> {
    const begun = this.#begun.recall(request);
    const session = applicationSession(request);
    if (!begun || !session) return;
    if (session[CURRENT] !== encodeSessionPayload(begun.payload)) write(session, begun);
    // What the application wrote meanwhile is saved as well, before the browser comes back.
    await this.#save(request);
  }

  override async update(
    { request }: HttpExchange,
    marketplace: Marketplace,
    payload: SessionPayload,
  ): Promise<void> {
    const session = applicationSession(request);
    if (!session) return;
    if (this.#presetOf(decodeSessionPayload(session[CURRENT])) === marketplace.name) {
      session[CURRENT] = encodeSessionPayload(payload);
    } else {
      session[OTHERS] = { ...(session[OTHERS] as object), [marketplace.name]: encodeSessionPayload(payload) };
    }
    await this.#save(request);
  }

  override async remove(exchange: HttpExchange, marketplace: Marketplace): Promise<void> {
    // Nobody who signs out is brought back.
    dropCarried(exchange, marketplace);
    this.#begun.forget(exchange.request);
    const session = applicationSession(exchange.request);
    if (!session) return;
    // Emptied and not deleted: @fastify/secure-session does not notice a delete.
    if (this.#presetOf(decodeSessionPayload(session[CURRENT])) === marketplace.name)
      session[CURRENT] = undefined;
    if (decodeSessionPayload(session[marketplace.name])) session[marketplace.name] = undefined;
    const { [marketplace.name]: _removed, ...others } = (session[OTHERS] ?? {}) as Record<string, unknown>;
    if (_removed !== undefined) session[OTHERS] = others;
    await this.#save(exchange.request);
  }

  #save(request: IncomingRequest): Promise<void> {
    return saveSession(request, this.settings.saveTimeoutMs);
  }

  /** What this browser left with; the cookie ends with it. */
  async #readCarried(exchange: HttpExchange, marketplace: Marketplace): Promise<SessionPayload[]> {
    const sealed = dropCarried(exchange, marketplace);
    const logins = sealed && (await this.seal.open(sealed))?.['logins'];
    return Array.isArray(logins) ? logins.map(fromOfficialKeys).filter((login) => login !== null) : [];
  }

  /** Every login in the session, ours and those that other SDKs wrote, by marketplace. */
  #read(session: ApplicationSession): Map<string, SessionPayload> {
    const logins = new Map<string, SessionPayload>();
    const add = (text: unknown, name?: string): void => {
      const payload = decodeSessionPayload(text);
      const preset = this.#presetOf(payload, name);
      if (payload && preset !== null) logins.set(preset, { ...payload, preset });
    };
    for (const [name, value] of sessionEntries(session)) {
      // The .NET SDK keeps a login under the name of its marketplace.
      if (typeof value === 'string' && this.registry.has(name)) add(value, name);
    }
    const others = session[OTHERS];
    if (typeof others === 'object' && others !== null) {
      for (const [name, value] of Object.entries(others)) add(value, name);
    }
    add(session[CURRENT]);
    return logins;
  }

  /** A payload without a preset belongs to the marketplace it is filed under, else to the default one. */
  #presetOf(payload: SessionPayload | null, filedUnder?: string): string | null {
    if (!payload) return null;
    const name = filedUnder ?? payload.preset ?? this.registry.findDefault()?.name ?? null;
    return name !== null && this.registry.has(name) ? name : null;
  }
}

function write(session: ApplicationSession, { logins, current, payload }: BegunSession): void {
  session[CURRENT] = encodeSessionPayload(payload);
  const others = [...logins].filter(([name]) => name !== current);
  if (others.length > 0) {
    session[OTHERS] = Object.fromEntries(others.map(([name, other]) => [name, encodeSessionPayload(other)]));
  }
}

/** Ends the cookie; returns what was in it, null where there is none. */
function dropCarried(exchange: HttpExchange, marketplace: Marketplace): string | null {
  const sealed = parseCookie(exchange.header('cookie') ?? '')[carriedName(marketplace)];
  if (!sealed) return null;
  setCarried(exchange, marketplace, '', { maxAge: 0 });
  return sealed;
}

/** Without an end of its own the cookie goes with the browser, as the session does that it stands for. */
function setCarried(
  exchange: HttpExchange,
  marketplace: Marketplace,
  value: string,
  end?: { maxAge: 0 },
): void {
  const travels = { path: '/', httpOnly: true, secure: true, sameSite: 'none' } as const;
  exchange.appendCookie(stringifySetCookie({ name: carriedName(marketplace), value, ...travels, ...end }));
}

function carriedName({ sso }: Marketplace): string {
  return `${sso.idm.startsWith('https:') ? '__Host-' : ''}${CARRIED}`;
}
