import { Injectable } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { type BasicCredentials, parseBasicCredentials } from '../utils/basic-credentials.js';
import { constantTimeEqual } from '../utils/constant-time.js';
import { CredentialLockout } from './credential-lockout.service.js';

/**
 * Decides which marketplace a caller is, from the `Authorization` header alone (protocol §6.5). Credentials of one
 * marketplace never prove another: only the candidates that the route left open are looked at.
 */
@Injectable()
export class BasicAuthenticator {
  constructor(
    private readonly registry: MarketplaceRegistry,
    private readonly lockout: CredentialLockout,
  ) {}

  /**
   * @param header the `Authorization` header as it came.
   * @param candidates the marketplaces that the route allows; `'any'` where the route names none.
   * @param caller whose address counts for the lockout, read only when that is on; without it nothing is counted.
   * @param takesShared whether credentials that several marketplaces share will do where the route names none.
   * @returns the marketplace whose credentials these are; null for wrong, absent and malformed ones alike, and for a
   *   caller that is locked out.
   */
  authenticate(
    header: string | undefined,
    candidates: readonly Marketplace[] | 'any',
    caller?: { readonly ip?: string },
    takesShared = false,
  ): Marketplace | null {
    const source = this.lockout.isOn ? caller?.ip : undefined;
    const exact = source === undefined && header !== undefined ? this.#proveExact(header, candidates) : null;
    if (exact) return exact;
    const credentials = parseBasicCredentials(header);
    if (!credentials) return null;
    if (source === undefined) return this.#prove(credentials, candidates, takesShared);
    const scope = candidates === 'any' ? '*' : candidates.map((candidate) => candidate.name).join();
    if (this.lockout.isLocked(source, scope)) return null;
    const proved = this.#prove(credentials, candidates, takesShared);
    if (proved) this.lockout.succeeded(source, scope);
    else this.lockout.failed(source, scope);
    return proved;
  }

  /** Nearly every caller writes the header in the usual form: then it need not be taken apart. */
  #proveExact(header: string, candidates: readonly Marketplace[] | 'any'): Marketplace | null {
    if (candidates === 'any') return null;
    let proved: Marketplace | null = null;
    for (const candidate of candidates) {
      if (this.registry.hasAuthorization(candidate, header)) proved ??= candidate;
    }
    return proved;
  }

  #prove(
    { user, password }: BasicCredentials,
    candidates: readonly Marketplace[] | 'any',
    takesShared: boolean,
  ): Marketplace | null {
    if (candidates === 'any') {
      const found = this.registry.allByCredentials(user, password);
      if (found.length > 1 && !takesShared) return null;
      return found.find(({ name }) => name === this.registry.defaultName) ?? found[0] ?? null;
    }
    if (candidates.length === 0) {
      // A marketplace nobody has takes as long as a wrong password.
      constantTimeEqual(user, password);
      return null;
    }
    let proved: Marketplace | null = null;
    // All candidates are tried whichever matches, so that the time does not tell one from the other.
    for (const candidate of candidates) {
      if (this.registry.hasCredentials(candidate, user, password)) proved ??= candidate;
    }
    return proved;
  }
}
