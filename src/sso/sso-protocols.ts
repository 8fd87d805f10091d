import { Injectable } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { SamlProtocol } from './saml-protocol.js';
import type { SsoProtocol } from './sso-protocol.js';

/** Finds the protocol that a marketplace is configured for. */
@Injectable()
export class SsoProtocols {
  constructor(private readonly saml: SamlProtocol) {}

  of(_marketplace: Marketplace): SsoProtocol {
    return this.saml;
  }
}
