import type { INestApplicationContext } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';

import type { LoginProfile } from '../interfaces/profiles.interface.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { HttpExchange } from '../routing/http-exchange.js';
import { SessionService } from '../session/session.service.js';
import { Secret } from '../utils/secret.js';

/** Whose session is made. */
export interface SignInOptions {
  /** The default marketplace unless given. */
  readonly marketplace?: string;
  /** `usr-1` by default. */
  readonly userUid?: string;
  /** `cld-1` by default. */
  readonly groupUid?: string;
  /** When the marketplace must be asked again; in an hour by default. */
  readonly recheckAt?: Date;
}

/**
 * A `Cookie` header of somebody who is signed in, for tests of pages behind `MaestranoSessionGuard`. Works where the
 * session is our own sealed cookie, which it is unless the application has a session middleware.
 */
export async function signInCookie(
  app: INestApplicationContext,
  options: SignInOptions = {},
): Promise<string> {
  const registry = app.get(MarketplaceRegistry, { strict: false });
  const marketplace = registry.resolve(options.marketplace);
  const exchange = new CookieCollector();
  const [userUid, groupUid] = [options.userUid ?? 'usr-1', options.groupUid ?? 'cld-1'];
  await app.get(SessionService, { strict: false }).establish(exchange, marketplace, {
    // Only the identifiers go into a session.
    profile: { user: { realUid: userUid }, group: { uid: groupUid } } as LoginProfile,
    sessionToken: new Secret('token-of-a-test'),
    recheckAt: options.recheckAt ?? new Date(Date.now() + 3_600_000),
    endsAt: null,
  });
  return exchange.cookies.join('; ');
}

/** A request without anything, whose response is only looked at for cookies. */
class CookieCollector extends HttpExchange {
  readonly cookies: string[] = [];

  constructor() {
    const request = { method: 'GET', url: '/', headers: {} };
    super({} as AbstractHttpAdapter, request, {});
  }

  override appendCookie(line: string): void {
    this.cookies.push(line.split(';', 1)[0]!);
  }
}
