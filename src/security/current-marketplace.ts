import type { IncomingMessage } from 'node:http';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { type PlatformRequest, rawRequest } from '../utils/platform-request.js';

const MARKETPLACE = Symbol('maestrano.marketplace');

interface Carrier {
  [MARKETPLACE]?: Marketplace;
}

/** Called by whoever has decided, and where needed proved, which marketplace a request belongs to. */
export function rememberMarketplace(
  request: PlatformRequest | IncomingMessage,
  marketplace: Marketplace,
): void {
  (rawRequest(request) as Carrier)[MARKETPLACE] = marketplace;
}

/** The marketplace that was decided for this request, on our routes and behind our guards; null anywhere else. */
export function currentMarketplace(request: PlatformRequest | IncomingMessage): Marketplace | null {
  return (rawRequest(request) as Carrier)[MARKETPLACE] ?? null;
}
