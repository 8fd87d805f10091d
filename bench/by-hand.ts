import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';

import type { MarketplacesInput } from '../src/index.js';

const KEY = 'k'.repeat(64);

/** A marketplace with its Connec! at the URL. */
export function marketplacesAt(connec: string): MarketplacesInput {
  return [
    {
      marketplace: 'uat',
      app: { host: 'https://app.example.com' },
      api: { id: 'app-1', key: KEY, host: 'https://hub.example.com' },
      sso: { enabled: false },
      connec: { host: connec },
    },
  ] as unknown as MarketplacesInput;
}

/** The one marketplace of the webhook benchmarks. */
export const MARKETPLACES = marketplacesAt('https://connec.example.com');

/** The header that its calls bring. */
export const AUTHORIZATION = `Basic ${Buffer.from(`app-1:${KEY}`).toString('base64')}`;

/** What an application writes by hand: the pair compared in constant time, after the body was parsed. */
@Injectable()
export class HandWrittenGuard implements CanActivate {
  readonly #expected = Buffer.from(AUTHORIZATION);

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<IncomingMessage>();
    const given = Buffer.from(headers.authorization ?? '');
    if (given.length === this.#expected.length && timingSafeEqual(given, this.#expected)) return true;
    throw new UnauthorizedException();
  }
}
