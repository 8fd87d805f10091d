import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { consumeUrl, identityProviderUrl } from '../../marketplace/marketplace-urls.js';
import type { LoginTransaction } from '../login/login-transaction.service.js';
import {
  type LoginAttempt,
  type LoginRequest,
  SsoProtocol,
  type VerifiedResponse,
} from '../login/sso-protocol.js';
import type { SamlParties } from './node-saml.js';

/**
 * SAML 2.0: redirect to the identity provider, response by POST (protocol §4.3 to §4.8, saml §0). node-saml and its
 * relatives take 150 ms to load: they are loaded behind the start, and hold up nothing.
 */
@Injectable()
export class SamlProtocol extends SsoProtocol implements OnApplicationBootstrap, OnModuleDestroy {
  #loading: Promise<unknown> | undefined;

  onApplicationBootstrap(): void {
    // A failure shows again where a login needs what was not loaded.
    this.#loading = import('./response-verifier.js').catch(() => undefined);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#loading;
  }

  override async loginRequest(
    marketplace: Marketplace,
    transaction: LoginTransaction,
  ): Promise<LoginRequest> {
    const { authnRequestUrl } = await import('./node-saml.js');
    return { url: await authnRequestUrl(partiesOf(marketplace), transaction) };
  }

  override async verify(attempt: LoginAttempt): Promise<VerifiedResponse> {
    const { verifyResponse } = await import('./response-verifier.js');
    return verifyResponse(attempt, partiesOf(attempt.marketplace));
  }
}

function partiesOf(marketplace: Marketplace): SamlParties {
  return {
    consumeUrl: consumeUrl(marketplace),
    providerUrl: identityProviderUrl(marketplace),
    applicationId: marketplace.api.id,
    nameIdFormat: marketplace.sso.nameIdFormat,
  };
}
