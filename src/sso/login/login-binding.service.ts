import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';

import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { HttpExchange } from '../../routing/http-exchange.js';
import { BROWSER_KEY, requestIdOf } from './login-transaction.service.js';

const NAME = 'mno-login-';
const RESTARTED = 'mno-again';
/** Logins under way in one browser: tabs, which a browser that is opened again restores all at once. */
const MAX_PENDING = 16;
/** Of the newest, also what they want is remembered. */
const MAX_ADDRESSES = 5;
/** Longer than a login request lives, so that one that came too late is known to be of this browser. */
const LIFETIME_S = 3_600;
const RESTART_PAUSE_S = 60;
/** Encoded characters of an address that a cookie may hold: five logins must not fill the request's headers. */
const MAX_ADDRESS_LENGTH = 512;

/**
 * What a browser remembers of a login that it began. As the browser brings it: not checked, but for the key, without which
 * nobody can name the login here.
 */
export interface PendingLogin {
  readonly cookie: string;
  readonly browserKey: string;
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly begunAt: number;
  /** Company that the login asked for; null for any. */
  readonly groupId: string | null;
  /** Where the person wants to go; null for nowhere in particular. */
  readonly address: string | null;
}

/** What a login wants. */
interface LoginWish {
  /**
   * Where the person wants to go. It is on the server as well, but the server may have forgotten it when the login has to
   * begin again.
   */
  readonly address: string | null;
  /** Company to log in with; null for any. */
  readonly groupId: string | null;
}

/**
 * Ties a login to the browser that began it, so that nobody can be made to log in as somebody else (login CSRF). The
 * identity provider's response is a cross-site POST: the cookies have to be `SameSite=None; Secure` to travel with it.
 * One cookie a login, because two tabs may begin one at the same moment.
 */
@Injectable()
export class LoginBinding {
  /** Called when the browser leaves for the identity provider. */
  remember(exchange: HttpExchange, marketplace: Marketplace, browserKey: string, wish: LoginWish): void {
    const pending = pendingLogins(exchange, marketplace).sort((a, b) => b.begunAt - a.begunAt);
    for (const { cookie } of pending.slice(MAX_PENDING - 1)) set(exchange, cookie, '', 0);
    for (const login of pending.slice(MAX_ADDRESSES - 1, MAX_PENDING - 1)) {
      if (login.address !== null)
        set(exchange, login.cookie, valueOf({ ...login, address: null }), LIFETIME_S);
    }
    const value = valueOf({ ...wish, browserKey, begunAt: Date.now() });
    set(exchange, cookieName(marketplace, requestIdOf(browserKey)), value, LIFETIME_S);
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

  /** The login that this browser began under this id; its address is to be checked like any other. */
  find(exchange: HttpExchange, marketplace: Marketplace, requestId: string): PendingLogin | null {
    const logins = pendingLogins(exchange, marketplace);
    return logins.find((login) => login.requestId === requestId) ?? null;
  }

  /** Called with a login whose response came twice: the other one may have ended it, and taken its cookie away. */
  renew(exchange: HttpExchange, marketplace: Marketplace, login: PendingLogin): void {
    set(exchange, cookieName(marketplace, login.requestId), valueOf(login), RESTART_PAUSE_S);
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
    const [begun = '', browserKey = '', groupId, ...address] = (value ?? '').split('.');
    if (!BROWSER_KEY.test(browserKey)) continue;
    const requestId = requestIdOf(browserKey);
    if (cookie === cookieName(marketplace, requestId)) {
      const begunAt = Number.parseInt(begun, 36) || 0;
      pending.push({
        cookie,
        browserKey,
        requestId,
        begunAt,
        groupId: groupId || null,
        address: address.join('.') || null,
      });
    }
  }
  return pending;
}

function valueOf(login: Omit<PendingLogin, 'cookie' | 'requestId'>): string {
  const { begunAt, browserKey, groupId, address } = login;
  const kept = address !== null && encodeURIComponent(address).length <= MAX_ADDRESS_LENGTH ? address : '';
  // A group that could be taken for two parts is no group of the platform's.
  const group = groupId === null || /^[\w-]{1,64}$/.test(groupId) ? (groupId ?? '') : '!';
  return `${begunAt.toString(36)}.${browserKey}.${group}.${kept}`;
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
