import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';

import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { HttpExchange } from '../../routing/http-exchange.js';

const NAME = 'mno-login-';
const RESTARTED = 'mno-again';
/** Logins under way in one browser: tabs. */
const MAX_PENDING = 5;
/** Longer than a login request lives, so that one that came too late is known to be of this browser. */
const LIFETIME_S = 3_600;
const RESTART_PAUSE_S = 60;
/** Encoded characters of an address that a cookie may hold: five logins must not fill the request's headers. */
const MAX_ADDRESS_LENGTH = 512;

interface PendingLogin {
  readonly cookie: string;
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly begunAt: number;
  /** Where the person wants to go; null for nowhere in particular. As the browser brings it: not checked. */
  readonly address: string | null;
}

/**
 * Ties a login to the browser that began it, so that nobody can be made to log in as somebody else (login CSRF). The
 * identity provider's response is a cross-site POST: the cookies have to be `SameSite=None; Secure` to travel with it.
 * One cookie a login, because two tabs may begin one at the same moment.
 */
@Injectable()
export class LoginBinding {
  /**
   * Called when the browser leaves for the identity provider.
   *
   * @param address where the person wants to go. It is on the server as well, but the server may have forgotten it
   *   when the login has to begin again.
   */
  remember(
    exchange: HttpExchange,
    marketplace: Marketplace,
    requestId: string,
    address: string | null,
  ): void {
    const crowded = pendingLogins(exchange, marketplace)
      .sort((a, b) => b.begunAt - a.begunAt)
      .slice(MAX_PENDING - 1);
    for (const { cookie } of crowded) set(exchange, cookie, '', 0);
    const kept = address !== null && encodeURIComponent(address).length <= MAX_ADDRESS_LENGTH ? address : '';
    const value = `${Date.now().toString(36)}.${requestId}.${kept}`;
    set(exchange, cookieName(marketplace, requestId), value, LIFETIME_S);
  }

  /**
   * The logins that this browser began. Null when that is not known: no binding cookie came, and it may be that none
   * could. A browser that sends `Sec-Fetch-Site` over https carries such cookies, so from there none means none.
   */
  requestIds(exchange: HttpExchange, marketplace: Marketplace): readonly string[] | null {
    const pending = pendingLogins(exchange, marketplace).map(({ requestId }) => requestId);
    const travels = isSecure(marketplace) && exchange.header('sec-fetch-site') !== null;
    return pending.length > 0 || travels ? pending : null;
  }

  /** Where the person wanted to go with this login of the browser, to be checked like any other address. */
  address(exchange: HttpExchange, marketplace: Marketplace, requestId: string): string | null {
    const logins = pendingLogins(exchange, marketplace);
    return logins.find((login) => login.requestId === requestId)?.address ?? null;
  }

  /** Called when the login is over. */
  forget(exchange: HttpExchange, marketplace: Marketplace, requestId: string): void {
    set(exchange, cookieName(marketplace, requestId), '', 0);
  }

  /**
   * Whether the browser may be sent to begin again without asking the person. Once in a minute, and only where our
   * cookies travel: else it could go round in circles.
   */
  mayRestart(exchange: HttpExchange, marketplace: Marketplace): boolean {
    const cookies = parseCookie(exchange.header('cookie') ?? '');
    if (pendingLogins(exchange, marketplace).length === 0) return false;
    return cookies[prefixOf(marketplace) + RESTARTED] === undefined;
  }

  /** Called when the browser is sent to begin again. Logins in other tabs go on. */
  restart(exchange: HttpExchange, marketplace: Marketplace): void {
    set(exchange, prefixOf(marketplace) + RESTARTED, '1', RESTART_PAUSE_S);
  }
}

function pendingLogins(exchange: HttpExchange, marketplace: Marketplace): PendingLogin[] {
  const pending: PendingLogin[] = [];
  for (const [cookie, value] of Object.entries(parseCookie(exchange.header('cookie') ?? ''))) {
    if (!cookie.startsWith(prefixOf(marketplace) + NAME)) continue;
    const [begun = '', requestId, ...address] = (value ?? '').split('.');
    if (requestId && cookie === cookieName(marketplace, requestId)) {
      const begunAt = Number.parseInt(begun, 36) || 0;
      pending.push({ cookie, requestId, begunAt, address: address.join('.') || null });
    }
  }
  return pending;
}

function cookieName(marketplace: Marketplace, requestId: string): string {
  return prefixOf(marketplace) + NAME + createHash('sha256').update(requestId).digest('hex').slice(0, 16);
}

/** `__Host-` keeps sibling hosts from planting a cookie; browsers take it over https only. */
function prefixOf(marketplace: Marketplace): string {
  return isSecure(marketplace) ? '__Host-' : '';
}

function isSecure({ sso }: Marketplace): boolean {
  return sso.idm.startsWith('https:');
}

function set(exchange: HttpExchange, name: string, value: string, maxAge: number): void {
  const travels = { path: '/', httpOnly: true, secure: true, sameSite: 'none' } as const;
  exchange.appendCookie(stringifySetCookie({ name, value, maxAge, ...travels }));
}
