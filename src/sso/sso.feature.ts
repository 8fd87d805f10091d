import type { Type } from '@nestjs/common';

import type { MarketplaceSso } from '../interfaces/marketplace.interface.js';
import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import { LoginService, SsoProtocols } from './login/login.service.js';
import { LoginBinding } from './login/login-binding.service.js';
import { LoginCompletion } from './login/login-completion.service.js';
import { LoginRejection } from './login/login-rejection.service.js';
import { LoginTransactionService } from './login/login-transaction.service.js';
import { ReturnTo } from './login/return-to.service.js';
import type { SsoProtocol } from './login/sso-protocol.js';
import { OpenIdProtocol } from './openid/openid.protocol.js';
import { SamlProtocol } from './saml/saml.protocol.js';
import { SsoConsumeHandler } from './sso-consume.handler.js';
import { SsoInitHandler } from './sso-init.handler.js';
import { SsoService } from './sso.service.js';
import { LoginExplainer } from './trace/login-explainer.service.js';
import { LoginSubjects } from './trace/login-subjects.service.js';
import { LoginTraceService } from './trace/login-trace.service.js';

/**
 * The protocols by the value of a marketplace's `sso.protocol`, which is also the name in their conventional paths. A
 * further one is a folder beside `saml` and `openid` that implements {@link SsoProtocol}, and a line here.
 */
const PROTOCOLS: Readonly<Record<MarketplaceSso['protocol'], Type<SsoProtocol>>> = {
  saml: SamlProtocol,
  openid: OpenIdProtocol,
};

/** A response of 256 KB, percent-encoded in a form. */
const CONSUME_BODY_LIMIT = 400_000;

/** Single sign-on: the two endpoints of protocol §4.1, for every protocol alike, and {@link SsoService}. */
export function ssoFeature(): MaestranoFeature {
  const names = Object.keys(PROTOCOLS);
  return {
    providers: [
      LoginBinding,
      LoginCompletion,
      LoginExplainer,
      LoginRejection,
      LoginService,
      LoginSubjects,
      LoginTraceService,
      LoginTransactionService,
      ReturnTo,
      SsoConsumeHandler,
      SsoInitHandler,
      SsoService,
      ...Object.values(PROTOCOLS),
      {
        provide: SsoProtocols,
        inject: Object.values(PROTOCOLS),
        useFactory: (...protocols: SsoProtocol[]) =>
          new SsoProtocols(new Map(protocols.map((protocol, index) => [names[index] ?? '', protocol]))),
      },
    ],
    exports: [LoginSubjects, LoginTraceService, SsoService],
    endpoints: [
      {
        name: 'sso.init',
        group: 'sso',
        // OpenID providers return here, with a POST when the response is too long for a URL (protocol §5).
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
  return Object.keys(PROTOCOLS).flatMap((protocol) => [
    `auth/${protocol}/${step}`,
    `auth/${protocol}/${step}/:marketplace`,
  ]);
}
