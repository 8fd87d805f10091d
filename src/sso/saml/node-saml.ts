import { SAML, ValidateInResponseTo, type CacheProvider, type SamlConfig } from '@node-saml/node-saml';

import type { SsoPolicy } from '../../settings/maestrano-settings.js';
import type { LoginTransaction } from '../login/login-transaction.service.js';
import { forXmlDom } from './xml-reader.js';

/** The addresses and names of a login, all of them ours. */
export interface SamlParties {
  /** Assertion consumer service. */
  readonly consumeUrl: string;
  /** The identity provider's SSO endpoint. */
  readonly providerUrl: string;
  /** The application's id on the marketplace. */
  readonly applicationId: string;
  readonly nameIdFormat: string;
}

/** What node-saml made of a response. */
export interface NodeSamlResult {
  /** The signed bytes of the assertion; null when no signature held. */
  readonly assertionXml: string | null;
  /** NameID as node-saml reads it; null when it rejected the response. */
  readonly nameId: string | null;
}

/** What node-saml needs to know about the response at hand. */
export interface NodeSamlTask {
  /** The text that the strict reader read, in the form that xmldom reads alike. */
  readonly text: string;
  /** The one certificate whose key made the signatures. */
  readonly pem: string;
  /** Throws for XML that the strict reader rejects. */
  readonly readStrictly: (xml: string) => unknown;
  /** Whether the response itself is signed: then that signature must hold as well. */
  readonly responseSigned: boolean;
  readonly assertionSigned: boolean;
  /** The audience to insist on; false for none. */
  readonly audience: string | false;
  /** The only login that it may respond to. */
  readonly requestId: string;
  /** When that login began, in milliseconds since the epoch. */
  readonly startedAt: number;
}

/** Names that the binding itself uses; a caller's value would replace the real request (saml §2.3). */
const RESERVED = new Set([
  'samlrequest',
  'samlresponse',
  'relaystate',
  'sigalg',
  'signature',
  'samlencoding',
]);

/** Remembers the signed assertion even when node-saml rejects it later, so that the rejection can be explained. */
class ExplainableSaml extends SAML {
  assertionXml: string | null = null;

  constructor(
    config: SamlConfig,
    private readonly task: NodeSamlTask,
  ) {
    super(config);
  }

  /**
   * Where the verified bytes are the assertion itself, node-saml would parse them only to write them down again; our
   * reader checks what they are. A response is parsed once more, and must say the same as the first time.
   */
  protected override async getSignedAssertion(signedXml: string): Promise<string | null> {
    if (!this.task.responseSigned) return signedXml;
    this.task.readStrictly(signedXml);
    return super.getSignedAssertion(forXmlDom(signedXml));
  }

  protected override processValidlySignedAssertionAsync(
    ...parameters: Parameters<SAML['processValidlySignedAssertionAsync']>
  ): ReturnType<SAML['processValidlySignedAssertionAsync']> {
    [this.assertionXml] = parameters;
    return super.processValidlySignedAssertionAsync(...parameters);
  }
}

/**
 * The identity provider's URL with an unsigned AuthnRequest (protocol §4.3): `SAMLRequest` first, then the parameters.
 * There is no relay state, because the known provider does not return it.
 */
export function authnRequestUrl(parties: SamlParties, { id, params }: LoginTransaction): Promise<string> {
  const saml = new SAML({
    ...common(parties),
    // Nothing is verified here, and a marketplace may have a fingerprint only.
    idpCert: (callback) => callback(new Error('no certificate is needed to build a request')),
    generateUniqueId: () => id,
  });
  const passed = Object.entries(params).filter(([name]) => !RESERVED.has(name.toLowerCase()));
  return saml.getAuthorizeUrlAsync('', undefined, { additionalParams: Object.fromEntries(passed) });
}

/** Lets node-saml verify a response with the options of saml §1. Never throws. */
export async function verifyWithNodeSaml(
  parties: SamlParties,
  policy: SsoPolicy,
  task: NodeSamlTask,
): Promise<NodeSamlResult> {
  const config: SamlConfig = {
    ...common(parties),
    idpCert: task.pem,
    audience: task.audience,
    wantAssertionsSigned: task.assertionSigned,
    wantAuthnResponseSigned: task.responseSigned,
    validateInResponseTo: ValidateInResponseTo.always,
    cacheProvider: onlyLogin(task),
    requestIdExpirationPeriodMs: policy.requestTtlMs,
    acceptedClockSkewMs: policy.acceptedClockSkewMs,
    maxAssertionAgeMs: policy.maxAssertionAgeMs,
  };
  const saml = new ExplainableSaml(config, task);
  const samlResponse = Buffer.from(task.text).toString('base64');
  try {
    const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: samlResponse });
    // A null profile responds to a logout or a passive request: no login.
    const assertionXml = profile?.getAssertionXml?.() ?? null;
    return { assertionXml, nameId: profile?.nameID ?? null };
  } catch {
    // The message may hold text of the attacker's choice; our own checks say what was wrong.
    return { assertionXml: saml.assertionXml, nameId: null };
  }
}

function common(parties: SamlParties): Omit<SamlConfig, 'idpCert'> {
  return {
    callbackUrl: parties.consumeUrl,
    entryPoint: parties.providerUrl,
    issuer: parties.applicationId,
    identifierFormat: parties.nameIdFormat,
    allowCreate: true,
    disableRequestedAuthnContext: true,
    disableRequestAcsUrl: false,
    passive: false,
    forceAuthn: false,
    skipRequestCompression: false,
    cacheProvider: NOTHING_KEPT,
  };
}

const NOTHING_KEPT: CacheProvider = {
  saveAsync: () => Promise.resolve(null),
  getAsync: () => Promise.resolve(null),
  removeAsync: () => Promise.resolve(null),
};

/** Knows the one login, and forgets nothing: taking it is done by us, after every check. */
function onlyLogin(task: NodeSamlTask): CacheProvider {
  const startedAt = new Date(task.startedAt).toISOString();
  return { ...NOTHING_KEPT, getAsync: (key) => Promise.resolve(key === task.requestId ? startedAt : null) };
}
