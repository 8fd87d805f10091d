import { createHash } from 'node:crypto';

import { Injectable, Logger } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { isWithoutSession } from './application-session.js';
import { SessionSeal } from './session-seal.service.js';

const NAME = 'mno-signed-in-';
/** Query parameter that stands for the marker in a browser that keeps no cookie at all. */
const PARAMETER = 'mno_signed_in';
const LIFETIME_S = 60;
/** Begins the names of all cookies of ours. */
const OWN_COOKIE = /^(?:__Host-)?mno-/;

/** Why a session does not come back, and what to do. */
interface Reason {
  readonly why: string;
  readonly remedy: string;
}

const UNKNOWN: Reason = {
  why: 'the browser came back without it',
  remedy:
    "Look at the cookie of the session middleware in the browser's tools: it needs SameSite=Lax, a domain and a path that " +
    'fit the application, and a store that all instances share.',
};
const NOT_SENT: Reason = {
  why: 'the session middleware sent no cookie when it began',
  remedy:
    'With cookie.secure behind a proxy, trust the proxy: app.set("trust proxy", 1) on Express, ' +
    '{ trustProxy: <its address> } on Fastify.',
};
const INSECURE: Reason = {
  why: 'its cookie is Secure, and the application is reached by http',
  remedy: 'Serve the application by https, or leave cookie.secure out while developing.',
};
const STRICT: Reason = {
  why: 'its cookie is SameSite=Strict, which no browser brings along after the way back from another site',
  remedy: 'Set sameSite to "lax" in the session middleware.',
};

/**
 * Notices sessions that begin and are not there with the next request, which would have the browser go round between a
 * page and signing in. A marker in the browser says that a login of the guard's own begun a session a moment ago: only
 * a login that really began one writes it, so no foreign page can; whoever sees a session, or ends one, removes it.
 */
@Injectable()
export class LostSessions {
  readonly #logger = new Logger('MaestranoSession');
  /** By marketplace, what was noticed when its latest session began. */
  readonly #reasons = new Map<string, Reason>();

  constructor(private readonly seal: SessionSeal) {}

  /**
   * Called when a login of the guard's has begun a session.
   *
   * @param target where the browser is sent.
   * @returns where to send it instead: the same, with a parameter where it keeps no cookies.
   */
  async began(exchange: HttpExchange, marketplace: Marketplace, target: string): Promise<string> {
    setMarker(exchange, marketplace, '1', LIFETIME_S);
    // Cookies of ours were set when the login began: a browser that brings none of anybody's keeps none.
    if (exchange.header('cookie') !== null) return target;
    const until = new Date(Date.now() + LIFETIME_S * 1_000);
    const sealed = await this.seal.seal({ signedIn: marketplace.name }, until);
    return withParameter(target, sealed);
  }

  /** Called with a session that is there. */
  found(exchange: HttpExchange, marketplace: Marketplace): void {
    if (hasMarker(exchange, marketplace)) setMarker(exchange, marketplace, '', 0);
  }

  /**
   * Whether a session began a moment ago that this browser did not bring back. The marker ends with that, so that the
   * person may try again.
   *
   * @param address where the guard wants to bring the person back to.
   */
  async isLost(exchange: HttpExchange, marketplace: Marketplace, address: string | null): Promise<boolean> {
    const marked = hasMarker(exchange, marketplace) || (await this.#isSigned(marketplace, address));
    if (!marked) return false;
    setMarker(exchange, marketplace, '', 0);
    const { why, remedy } = this.#reasons.get(marketplace.name) ?? UNKNOWN;
    this.#logger.warn(`A session of "${marketplace.name}" was lost (session.lost): ${why}. ${remedy}`);
    return true;
  }

  /** The address without the parameter of {@link LostSessions.began}. */
  withoutMarker(address: string): string {
    return address.includes(PARAMETER)
      ? address.replace(new RegExp(`[?&]${PARAMETER}=[^&#]*`), '').replace(/^([^?#&]*)&/, '$1?')
      : address;
  }

  /** Called when a session began in the application's own: looks at the cookie that goes out with the response. */
  watch(exchange: HttpExchange, marketplace: Marketplace): void {
    exchange.onSent(() => {
      const reason = reasonAgainst(exchange, marketplace);
      const known = this.#reasons.get(marketplace.name);
      if (reason === null) this.#reasons.delete(marketplace.name);
      else this.#reasons.set(marketplace.name, reason);
      if (reason !== null && reason !== known) {
        this.#logger.warn(`A session of "${marketplace.name}" cannot hold: ${reason.why}. ${reason.remedy}`);
      }
    });
  }

  async #isSigned(marketplace: Marketplace, address: string | null): Promise<boolean> {
    const sealed = address === null ? null : new RegExp(`[?&]${PARAMETER}=([^&#]*)`).exec(address)?.[1];
    if (!sealed) return false;
    return (await this.seal.open(sealed))?.['signedIn'] === marketplace.name;
  }
}

/** Why the cookie that the session middleware sends will not come back; null where nothing is known against it. */
function reasonAgainst(exchange: HttpExchange, marketplace: Marketplace): Reason | null {
  if (isWithoutSession(exchange.request)) return null;
  const cookies = exchange.sentCookies.filter((line) => !OWN_COOKIE.test(line));
  if (cookies.length === 0) return NOT_SENT;
  if (cookies.every((line) => /;\s*samesite=strict/i.test(line))) return STRICT;
  const insecure = marketplace.sso.idm.startsWith('http:') && !isLocal(marketplace);
  return insecure && cookies.every((line) => /;\s*secure(?:;|$)/i.test(line)) ? INSECURE : null;
}

/** Browsers take Secure cookies from their own machine whatever the scheme. */
function isLocal({ sso }: Marketplace): boolean {
  const { hostname } = new URL(sso.idm);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.|\.localhost$/.test(hostname);
}

function withParameter(target: string, value: string): string {
  const [address = '', ...hash] = target.split('#');
  const joint = address.includes('?') ? '&' : '?';
  return [`${address}${joint}${PARAMETER}=${value}`, ...hash].join('#');
}

function hasMarker(exchange: HttpExchange, marketplace: Marketplace): boolean {
  const cookies = exchange.header('cookie');
  return cookies !== null && cookies.includes(NAME) && parseCookie(cookies)[nameOf(marketplace)] === '1';
}

/** Comes along when somebody follows a link or a redirect, and with nothing that another site posts. */
function setMarker(exchange: HttpExchange, marketplace: Marketplace, value: string, maxAge: number): void {
  const secure = marketplace.sso.idm.startsWith('https:');
  const travels = { path: '/', httpOnly: true, secure, sameSite: 'lax' } as const;
  exchange.appendCookie(stringifySetCookie({ name: nameOf(marketplace), value, maxAge, ...travels }));
}

function nameOf({ name, sso }: Marketplace): string {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${sso.idm.startsWith('https:') ? '__Host-' : ''}${NAME}${digest}`;
}
