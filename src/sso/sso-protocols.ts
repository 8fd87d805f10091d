import { Injectable } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { OpenIdProtocol } from './openid/openid-protocol.js';
import { SamlProtocol } from './saml-protocol.js';
import type { SsoProtocol } from './sso-protocol.js';

/** Finds the protocol that a marketplace is configured for. */
@Injectable()
export class SsoProtocols {
  constructor(
    private readonly saml: SamlProtocol,
    private readonly openId: OpenIdProtocol,
  ) {}

  of({ sso }: Marketplace): SsoProtocol {
    return sso.protocol === 'openid' ? this.openId : this.saml;
  }
}
