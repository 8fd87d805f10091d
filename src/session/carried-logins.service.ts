import { Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import { fromOfficialKeys, type SessionPayload, toOfficialKeys } from './session-payload.js';
import { SessionSeal } from './session-seal.service.js';

const NAME = 'mno-carried';
const LIFETIME_MS = 3_600_000;
const MAX_VALUE_LENGTH = 3_900;

/**
 * Takes the logins through other marketplaces across a new one. The application's session cookie does not come along
 * with the identity provider's cross-site POST, so the new session would begin without them; a sealed cookie of our
 * own that does come along brings them.
 */
@Injectable()
export class CarriedLogins {
  constructor(private readonly seal: SessionSeal) {}

  /**
   * Called when the browser leaves to sign in. Logins that do not fit into a cookie stay behind; and what an earlier
   * visitor of this browser packed and never came back with is not for the next one.
   */
  async pack(
    exchange: HttpExchange,
    marketplace: Marketplace,
    logins: readonly SessionPayload[],
  ): Promise<void> {
    const packed = logins.length === 0 ? null : await this.#seal(logins);
    if (packed !== null && packed.length <= MAX_VALUE_LENGTH) set(exchange, marketplace, packed);
    else this.discard(exchange, marketplace);
  }

  /** What was packed in this browser; the cookie ends with it. */
  async unpack(exchange: HttpExchange, marketplace: Marketplace): Promise<SessionPayload[]> {
    const packed = this.discard(exchange, marketplace);
    const logins = packed && (await this.seal.open(packed))?.['logins'];
    return Array.isArray(logins) ? logins.map(fromOfficialKeys).filter((login) => login !== null) : [];
  }

  /** Ends the cookie, so that nobody who signs out is brought back; returns what was in it. */
  discard(exchange: HttpExchange, marketplace: Marketplace): string | null {
    const packed = parseCookie(exchange.header('cookie') ?? '')[nameFor(marketplace)];
    if (!packed) return null;
    set(exchange, marketplace, '', { maxAge: 0 });
    return packed;
  }

  #seal(logins: readonly SessionPayload[]): Promise<string> {
    return this.seal.seal({ logins: logins.map(toOfficialKeys) }, new Date(Date.now() + LIFETIME_MS));
  }
}

function nameFor({ sso }: Marketplace): string {
  return `${sso.idm.startsWith('https:') ? '__Host-' : ''}${NAME}`;
}

/** Without an end of its own the cookie goes with the browser, as the session does that it stands for. */
function set(exchange: HttpExchange, marketplace: Marketplace, value: string, end?: { maxAge: 0 }): void {
  const travels = { path: '/', httpOnly: true, secure: true, sameSite: 'none' } as const;
  exchange.appendCookie(stringifySetCookie({ name: nameFor(marketplace), value, ...travels, ...end }));
}
