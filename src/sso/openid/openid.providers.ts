import type { Provider } from '@nestjs/common';

import { OpenIdAnswerJudge } from './openid-answer-judge.js';
import { OpenIdDiscoveryService } from './openid-discovery.service.js';
import { OpenIdProtocol } from './openid-protocol.js';
import { OpenIdVerificationService } from './openid-verification.service.js';

/** OpenID 2.0 beside SAML. */
export const OPENID_PROVIDERS: readonly Provider[] = [
  OpenIdAnswerJudge,
  OpenIdDiscoveryService,
  OpenIdProtocol,
  OpenIdVerificationService,
];
