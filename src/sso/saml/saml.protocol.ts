import { Injectable } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { LoginTransactionService } from './saml/login-transaction.service.js';
import { SamlService } from './saml/saml.service.js';
import {
  type SignOnAnswer,
  type SignOnLogin,
  type SignOnRedirect,
  type SignOnStart,
  SsoProtocol,
} from './sso-protocol.js';

/** SAML 2.0: redirect to the identity provider, answer by POST (protocol §4). */
@Injectable()
export class SamlProtocol extends SsoProtocol {
  constructor(
    private readonly transactions: LoginTransactionService,
    private readonly saml: SamlService,
  ) {
    super();
  }

  override async begin(marketplace: Marketplace, start: SignOnStart): Promise<SignOnRedirect> {
    const transaction = await this.transactions.begin(marketplace, start);
    const url = await this.saml.loginUrl(marketplace, transaction, start.params);
    return { url, requestId: transaction.id };
  }

  override complete(marketplace: Marketplace, { body, boundRequestIds }: SignOnAnswer): Promise<SignOnLogin> {
    // A form, whatever its other fields: rails adds three of its own. Never read from the query.
    const samlResponse =
      typeof body === 'object' && body !== null ? Reflect.get(body, 'SAMLResponse') : undefined;
    return this.saml.validate({ marketplace, samlResponse, boundRequestIds });
  }
}
