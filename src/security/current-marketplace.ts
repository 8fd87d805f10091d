import type { IncomingMessage } from 'node:http';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { type PlatformRequest, rawRequest } from '../utils/platform-request.js';

const MARKETPLACE = Symbol('maestrano.marketplace');

interface Carrier {
  [MARKETPLACE]?: Marketplace;
}

/** Called by the guard that found out which marketplace a request belongs to. */
export function rememberMarketplace(
  request: PlatformRequest | IncomingMessage,
  marketplace: Marketplace,
): void {
  (rawRequest(request) as Carrier)[MARKETPLACE] = marketplace;
}

/** The marketplace that was decided for this request, behind our guards; null anywhere else. */
export function currentMarketplace(request: PlatformRequest | IncomingMessage): Marketplace | null {
  return (rawRequest(request) as Carrier)[MARKETPLACE] ?? null;
}
