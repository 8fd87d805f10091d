import type { Provider } from '@nestjs/common';

import { BasicAuthenticator } from './basic-authenticator.service.js';
import { CredentialLockout } from './credential-lockout.service.js';

/** Who may call our routes. */
export function securityProviders(): Provider[] {
  return [CredentialLockout, BasicAuthenticator];
}

/** What {@link MaestranoBasicAuthGuard} needs where the application uses it. */
export const SECURITY_EXPORTS = [BasicAuthenticator];
