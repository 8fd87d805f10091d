import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import { LoginBinding } from './login-binding.js';
import { LoginCompletion } from './login-completion.js';
import { LoginRefusal } from './login-refusal.js';
import { ReturnTo } from './return-to.js';
import { OPENID_PROVIDERS } from './openid/openid.providers.js';
import { LoginTransactionService } from './saml/login-transaction.service.js';
import { SamlService } from './saml/saml.service.js';
import { SamlProtocol } from './saml-protocol.js';
import { SsoConsumeHandler } from './sso-consume.handler.js';
import { SsoInitHandler } from './sso-init.handler.js';
import { SsoProtocols } from './sso-protocols.js';
import { SsoService } from './sso.service.js';
import { LoginExplainer } from './trace/login-explainer.js';
import { LoginTraceService } from './trace/login-trace.service.js';

/** A response of 256 KB, percent-encoded in a form. */
const CONSUME_BODY_LIMIT = 400_000;

/** Sign-on: the two endpoints of protocol §4.1, for SAML and OpenID alike, and {@link SsoService}. */
export function ssoFeature(): MaestranoFeature {
  return {
    providers: [
      LoginBinding,
      LoginCompletion,
      LoginExplainer,
      LoginRefusal,
      LoginTraceService,
      LoginTransactionService,
      ReturnTo,
      SamlProtocol,
      SamlService,
      SsoConsumeHandler,
      SsoInitHandler,
      SsoProtocols,
      SsoService,
      ...OPENID_PROVIDERS,
    ],
    exports: [LoginTraceService, SsoService],
    endpoints: [
      {
        name: 'sso.init',
        group: 'sso',
        // OpenID providers return here, with a POST when the answer is too long for a URL (protocol §5).
        verbs: ['GET', 'POST'],
        access: 'public',
        conventional: conventional('init'),
        configured: ({ sso }) => [sso.initPath],
        handler: SsoInitHandler,
        bodyLimit: CONSUME_BODY_LIMIT,
      },
      {
        name: 'sso.consume',
        group: 'sso',
        verbs: ['POST', 'GET'],
        access: 'public',
        conventional: conventional('consume'),
        configured: ({ sso }) => [sso.consumePath],
        handler: SsoConsumeHandler,
        bodyLimit: CONSUME_BODY_LIMIT,
      },
    ],
  };
}

/** As in the official SDKs and their demo applications (protocol §4.2, §5). */
function conventional(step: string): string[] {
  return ['saml', 'openid'].flatMap((protocol) => [
    `auth/${protocol}/${step}`,
    `auth/${protocol}/${step}/:marketplace`,
  ]);
}
