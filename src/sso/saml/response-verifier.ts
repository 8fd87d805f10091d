import type { SsoPolicy } from '../../settings/maestrano-settings.js';
import { parseSamlInstant } from '../../utils/dates.js';
import { isRecord } from '../../utils/values.js';
import { CheckFailed, CheckList } from '../login/check-list.js';
import type { LoginTransaction } from '../login/login-transaction.service.js';
import type { LoginAttempt, VerifiedResponse } from '../login/sso-protocol.js';
import { checkAssertion } from './assertion-checks.js';
import { type SamlParties, verifyWithNodeSaml } from './node-saml.js';
import { inspectResponse, inspectSignedAssertion, type ResponseFacts } from './response-structure.js';
import { ASSERTION_NS, SIGNATURE_METHODS } from './saml-names.js';
import { findSigningKey, verifiesSha1 } from './signing-key.js';
import { embeddedFingerprint, type TrustAnchor, trustAnchors } from './trust-anchor.js';
import {
  collapsed,
  descendants,
  forXmlDom,
  isNamed,
  readXml,
  responseText,
  type XmlElement,
} from './xml-reader.js';

/** A response that passed the checks which need no signature. */
interface ReadResponse {
  readonly text: string;
  readonly response: ResponseFacts;
  readonly transaction: LoginTransaction;
  /** The names under which we may be addressed; null when the policy does not look. */
  readonly audiences: readonly string[] | null;
}

/** The part of a response that its signature covers. */
interface SignedAssertion {
  /** Read by our own reader from the bytes that the signature covers. */
  readonly assertion: XmlElement;
  /** As node-saml reads it; null when it rejects the response. */
  readonly nameId: string | null;
}

/**
 * Verifies what was posted: first what needs no login, then the open login it belongs to, then the signature, then what
 * is signed. Everything believed is read from the bytes that the signature covers, by our own reader; node-saml's own
 * reading only has to agree (saml §0, §3.3).
 *
 * @throws CheckFailed with the code of the first failed check.
 */
export async function verifyResponse(attempt: LoginAttempt, parties: SamlParties): Promise<VerifiedResponse> {
  const { marketplace, policy, checks, now } = attempt;
  const text = responseText(formField(attempt.response.body), policy.limits, checks);
  const response = inspectResponse(readXml(text, policy.limits, checks), policy, checks);
  const transaction = await attempt.findTransaction(response.inResponseTo);
  checks.require(
    'sso.destination',
    response.destination === null || response.destination === parties.consumeUrl,
    parties.consumeUrl,
    response.destination ?? 'none',
  );

  const audiences = acceptedAudiences(parties, policy);
  const read: ReadResponse = { text, response, transaction, audiences };
  const { assertion, nameId } = await verifySignature(attempt, parties, read);
  inspectSignedAssertion(assertion, checks);
  attempt.issuedAt = parseSamlInstant(assertion.attributes.get('IssueInstant'));
  const context = {
    parties,
    policy,
    sso: marketplace.sso,
    audiences,
    requestId: transaction.id,
    responseIssuer: response.issuer,
    now,
  };
  const facts = checkAssertion(assertion, context, checks);
  attempt.attributes = facts.attributes;
  checks.throwIfFailed();
  const agreed = nameId === facts.nameId && facts.id === response.assertion.attributes.get('ID');
  checks.require('sso.engine', agreed, 'the same reading', agreed ? 'the same reading' : 'another reading');
  const { attributes, id: onceId, validUntil, sessionEndsAt } = facts;
  return { transaction, attributes, onceId, validUntil, sessionEndsAt };
}

/** The names under which we may be addressed (protocol §4.8); null when the policy does not look. */
export function acceptedAudiences(parties: SamlParties, policy: SsoPolicy): readonly string[] | null {
  if (policy.audience === 'off') return null;
  if (policy.audience !== 'default') return policy.audience.map(collapsed);
  return [`${new URL(parties.consumeUrl).origin}/`, parties.consumeUrl, parties.applicationId];
}

/** A form, whatever its other fields: Rails adds three of its own. Never read from the query. */
function formField(body: unknown): unknown {
  return isRecord(body) ? body['SAMLResponse'] : undefined;
}

async function verifySignature(
  { marketplace, policy, checks }: LoginAttempt,
  parties: SamlParties,
  { text, response, transaction, audiences }: ReadResponse,
): Promise<SignedAssertion> {
  const { sso } = marketplace;
  const anchors = trustAnchors(response, sso, checks);
  const domText = forXmlDom(text);
  const anchor = findSigningKey(domText, response.signatures, anchors);
  // The limits hold for the signed bytes as well; the checks of the whole text are on the list already.
  const readStrictly = (xml: string): XmlElement => readXml(xml, policy.limits, new CheckList());
  const { assertionXml, nameId } =
    anchor === null
      ? { assertionXml: null, nameId: null }
      : await verifyWithNodeSaml(parties, policy, {
          text: domText,
          pem: anchor.pem,
          readStrictly,
          responseSigned: response.signatures.response !== null,
          assertionSigned: response.signatures.assertion !== null,
          audience: audienceToInsistOn(response.assertion, audiences),
          requestId: transaction.id,
          startedAt: transaction.startedAt,
        });
  checks.require(
    'sso.signature',
    assertionXml !== null,
    () =>
      sso.certificates.map(({ sha256 }) => `certificate with sha256 ${sha256}`).join(' or ') ||
      'the embedded certificate with the configured fingerprint',
    () => (assertionXml !== null ? 'as expected' : describeKey(response, anchors, anchor)),
  );
  if (assertionXml === null) throw new CheckFailed('sso.signature');
  return { assertion: readStrictly(assertionXml), nameId };
}

/** The audience that node-saml insists on: it knows one only, so that of ours which the assertion names, as written there. */
function audienceToInsistOn(assertion: XmlElement, accepted: readonly string[] | null): string | false {
  if (accepted === null) return false;
  for (const element of descendants(assertion)) {
    const named = isNamed(element, ASSERTION_NS, 'Audience') && accepted.includes(collapsed(element.text));
    if (named) return element.text;
  }
  return accepted[0] ?? '';
}

/** Why a signature may not hold: with which key it says it was made, or that something else was changed. */
function describeKey(
  { root, signatures }: ResponseFacts,
  anchors: readonly TrustAnchor[],
  anchor: TrustAnchor | null,
): string {
  if (anchor !== null) {
    return `content that was changed after the key of sha256 ${anchor.sha256} signed it`;
  }
  const methods = descendants(root).map(({ attributes }) => attributes.get('Algorithm') ?? '');
  if (methods.some((uri) => SIGNATURE_METHODS.get(uri) === 'sha1') && !anchors.every(verifiesSha1)) {
    return 'a SHA-1 signature, which the crypto policy of this system forbids';
  }
  const embedded = embeddedFingerprint(root);
  if (embedded === null) return 'another key, no readable embedded certificate';
  if (!anchors.some(({ sha256 }) => sha256 === embedded))
    return `embedded certificate with sha256 ${embedded}`;
  return signatures.response !== null && signatures.assertion !== null
    ? 'that certificate embedded, but its key did not make both signatures'
    : 'that certificate embedded, but its key did not make this signature';
}
