import type { IncomingMessage } from 'node:http';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { type IncomingRequest, RequestMemory } from '../utils/incoming-request.js';

const marketplaces = new RequestMemory<Marketplace>();

/** Called by the guard that found out which marketplace a request belongs to. */
export function rememberMarketplace(
  request: IncomingRequest | IncomingMessage,
  marketplace: Marketplace,
): void {
  marketplaces.remember(request, marketplace);
}

/** The marketplace that was decided for this request, behind our guards; null anywhere else. */
export function currentMarketplace(request: IncomingRequest | IncomingMessage): Marketplace | null {
  return marketplaces.recall(request);
}
