import { createHash } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';

import { MaestranoSessionError } from '../errors/session.error.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { SessionSettings } from '../settings/maestrano-settings.js';
import { SESSION_SETTINGS } from '../settings/settings.providers.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import type { IncomingRequest } from '../utils/incoming-request.js';
import { fromOfficialKeys, type SessionPayload, toOfficialKeys } from './session-payload.js';
import { SessionSeal } from './session-seal.service.js';
import { SessionStorage } from './session-storage.js';

const NAME = 'mno-session-';
const COOKIE = new RegExp(`^(?:__Host-)?${NAME}[0-9a-f]{16}$`);
/** Browsers drop a cookie above 4,096 bytes with name and attributes, without a word. */
const MAX_VALUE_LENGTH = 3_900;
/** Cookies kept open: a page and its data bring the same one many times within seconds. */
const MAX_OPENED = 1_000;

/**
 * Keeps each login in an encrypted and authenticated cookie of its own (JWE, AES-256-GCM), for applications without
 * a session middleware. Nothing is kept on the server, so any instance that has the secret can read it.
 */
@Injectable()
export class SealedCookieStorage extends SessionStorage {
  /** By name and value; whoever brings them could have them opened anyway. */
  readonly #opened = new Map<string, SessionPayload>();

  constructor(
    private readonly registry: MarketplaceRegistry,
    private readonly seal: SessionSeal,
    @Inject(SESSION_SETTINGS) private readonly settings: SessionSettings,
  ) {
    super();
  }

  override async readAll({ headers }: IncomingRequest): Promise<readonly SessionPayload[]> {
    if (!headers.cookie?.includes(NAME)) return [];
    const cookies = Object.entries(parseCookie(headers.cookie)).filter(([name]) => name.includes(NAME));
    const payloads = await Promise.all(cookies.map(([name, value]) => this.#open(name, value ?? '')));
    return payloads.filter((payload) => payload !== null);
  }

  /** Ends every cookie of ours that came, readable or not: the seal ends when the session does. Whether any came. */
  drop(exchange: HttpExchange): boolean {
    const names = Object.keys(parseCookie(exchange.header('cookie') ?? '')).filter((name) =>
      COOKIE.test(name),
    );
    for (const name of names) {
      const secure = name.startsWith('__Host-');
      exchange.appendCookie(
        stringifySetCookie({
          name,
          value: '',
          maxAge: 0,
          path: '/',
          httpOnly: true,
          secure,
          sameSite: 'lax',
        }),
      );
    }
    return names.length > 0;
  }

  override begin(exchange: HttpExchange, marketplace: Marketplace, payload: SessionPayload): Promise<void> {
    return this.update(exchange, marketplace, payload);
  }

  override async update(
    exchange: HttpExchange,
    marketplace: Marketplace,
    payload: SessionPayload,
  ): Promise<void> {
    const expiresAt = new Date(payload.signedInAt.getTime() + this.settings.maxAgeMs);
    const value = await this.seal.seal(toOfficialKeys(payload), expiresAt);
    if (value.length > MAX_VALUE_LENGTH) {
      throw new MaestranoSessionError('session.tooLarge', {
        message: `The sealed session has ${value.length} bytes; a cookie takes ${MAX_VALUE_LENGTH}.`,
        marketplace: marketplace.name,
        remedy:
          'Use a session middleware such as express-session or @fastify/session: it is found by itself.',
      });
    }
    exchange.appendCookie(stringifySetCookie({ ...attributes(marketplace), value }));
  }

  override remove(exchange: HttpExchange, marketplace: Marketplace): Promise<void> {
    exchange.appendCookie(stringifySetCookie({ ...attributes(marketplace), value: '', maxAge: 0 }));
    return Promise.resolve();
  }

  /** The payload in a cookie, from memory where it was opened before. How old a login may be is looked at later. */
  async #open(name: string, value: string): Promise<SessionPayload | null> {
    const cookie = `${name}=${value}`;
    const known = this.#opened.get(cookie);
    if (known) return known;
    const payload = await this.#unseal(name, value);
    if (payload) {
      const oldest = this.#opened.keys().next();
      if (this.#opened.size >= MAX_OPENED && !oldest.done) this.#opened.delete(oldest.value);
      this.#opened.set(cookie, payload);
    }
    return payload;
  }

  /** Null for a cookie that cannot be opened, or that has the name of another. */
  async #unseal(name: string, value: string): Promise<SessionPayload | null> {
    const session = fromOfficialKeys(await this.seal.open(value));
    const marketplace = session?.preset ? this.registry.find(session.preset) : null;
    // The name proves the __Host- prefix: a sibling host must not be able to plant a cookie without it.
    return marketplace && attributes(marketplace).name === name ? session : null;
  }
}

/** Name and attributes of the marketplace's cookie. It need not travel cross-site: consume responds with a 303. */
function attributes({ name, sso }: Marketplace) {
  const secure = sso.idm.startsWith('https:');
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return {
    name: `${secure ? '__Host-' : ''}${NAME}${digest}`,
    path: '/',
    httpOnly: true,
    secure,
    sameSite: 'lax',
  } as const;
}
