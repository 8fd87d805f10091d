import { Injectable } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { parseBasicCredentials } from '../utils/basic-credentials.js';

/**
 * Decides which marketplace a caller is, from the `Authorization` header alone (protocol §6.5). Credentials of one
 * marketplace never prove another: only the candidates that the route left open are looked at.
 */
@Injectable()
export class BasicAuthenticator {
  constructor(private readonly registry: MarketplaceRegistry) {}

  /**
   * @param header the `Authorization` header as it came.
   * @param candidates the marketplaces that the route allows; `'any'` where the route names none.
   * @returns the marketplace whose credentials these are; null for wrong, absent and malformed ones alike.
   */
  authenticate(header: string | undefined, candidates: readonly Marketplace[] | 'any'): Marketplace | null {
    const credentials = parseBasicCredentials(header);
    if (!credentials) return null;
    const { user, password } = credentials;
    if (candidates === 'any') return this.registry.findByCredentials(user, password) ?? null;
    let proved: Marketplace | null = null;
    // All candidates are tried whichever matches, so that the time does not tell one from the other.
    for (const candidate of candidates) {
      if (this.registry.hasCredentials(candidate, user, password)) proved ??= candidate;
    }
    return proved;
  }
}
