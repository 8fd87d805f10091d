import { Injectable } from '@nestjs/common';

import type { BasicCredentials } from '../../utils/basic-credentials.js';
import { constantTimeEqual } from '../../utils/constant-time.js';
import type { SandboxExchange } from '../http/exchange.js';
import { readAuthnRequest } from '../idp/authn-request.js';
import type { SandboxMarketplaceRecord, SandboxUserRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';

/** The person of a uid, a virtual uid or a virtual address: all that is before the first dot (protocol §4.11). */
function uidOf(id: string): string {
  return id.split('.')[0] as string;
}

/** Finds out which marketplace an exchange belongs to. All of them share the sandbox's one port. */
@Injectable()
export class MarketplaceFinder {
  constructor(private readonly state: SandboxState) {}

  /** The marketplace an application id belongs to. */
  byApiId(apiId: string): SandboxMarketplaceRecord | undefined {
    return this.state.marketplaces.list().find((marketplace) => marketplace.apiId === apiId);
  }

  /** The marketplace that credentials open: any of its keys will do. */
  byCredentials(credentials: BasicCredentials | null): SandboxMarketplaceRecord | undefined {
    if (!credentials) return undefined;
    return this.state.marketplaces
      .filter((marketplace) => marketplace.apiId === credentials.user)
      .find((marketplace) => marketplace.apiKeys.some((key) => constantTimeEqual(credentials.password, key)));
  }

  /** The person whose session a token is. */
  bySession(id: string, token: string | null): SandboxUserRecord | undefined {
    if (!token) return undefined;
    for (const { name } of this.state.marketplaces) {
      const user = this.state.user(name, uidOf(id));
      if (user && constantTimeEqual(token, user.ssoSession)) return user;
    }
    return undefined;
  }

  /** Name of the marketplace an exchange speaks for, proved or not; null when nothing says. */
  nameFor(exchange: SandboxExchange): string | null {
    if (exchange.credentials) return this.byApiId(exchange.credentials.user)?.name ?? null;
    const template = exchange.route?.template;
    if (template === 'auth/saml') {
      const request = readAuthnRequest(exchange.query.get('SAMLRequest'));
      return (request?.issuer && this.byApiId(request.issuer)?.name) || null;
    }
    if (template === 'auth/saml/:uid') {
      const id = decodeURIComponent(exchange.path.split('/').at(-1) as string);
      return this.bySession(id, exchange.query.get('session'))?.marketplace ?? null;
    }
    if (exchange.route?.part === 'openid')
      return this.byApiId(exchange.path.split('/')[4] ?? '')?.name ?? null;
    return null;
  }
}
