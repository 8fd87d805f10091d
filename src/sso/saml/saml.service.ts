import { Injectable } from '@nestjs/common';

import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { LoginTransaction } from './login-transaction.interface.js';
import type { SamlLogin, SamlValidation } from './saml-login.interface.js';

/** Builds SAML requests and judges responses (protocol §4.3-4.8, reference/saml). */
@Injectable()
export class SamlService {
  /**
   * Where the browser is sent to sign in.
   *
   * @param params passed on to the identity provider; names of the binding itself and long values are left out.
   */
  loginUrl(
    _marketplace: Marketplace,
    _transaction: LoginTransaction,
    _params: Readonly<Record<string, string>>,
  ): Promise<string> {
    return Promise.reject(new Error('SAML requests are not built yet.'));
  }

  /**
   * Judges what the provider posted.
   *
   * @throws {@link SsoError} with the code of the first failing check.
   */
  validate(_validation: SamlValidation): Promise<SamlLogin> {
    return Promise.reject(new Error('SAML responses are not judged yet.'));
  }
}
