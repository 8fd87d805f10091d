import type { MarketplaceSso } from '../../interfaces/marketplace.interface.js';
import { checkAssertion, type AssertionFacts } from './assertion-checks.js';
import type { AssertionContext } from './assertion-context.interface.js';
import { acceptedAudiences, audienceToInsistOn } from './audience.js';
import { CheckFailed, CheckList } from './check-list.js';
import { inspectResponse, type ResponseFacts } from './response-structure.js';
import { responseText } from './response-text.js';
import { SIGNATURE_METHODS } from './saml-names.js';
import type { LoginTransaction } from './login-transaction.interface.js';
import { verifyResponse, type SamlParties } from './saml-engine.js';
import { verifiesSha1 } from './sha1-support.js';
import type { SsoPolicy } from './sso-policy.js';
import { chooseTrustAnchor, embeddedFingerprint } from './trust-anchor.js';
import { descendants } from './xml-element.js';
import { readXml } from './xml-reader.js';

/** A posted response and what it is judged by. */
export interface JudgeTask {
  /** The form field as it came. */
  readonly samlResponse: unknown;
  readonly parties: SamlParties;
  readonly policy: SsoPolicy;
  readonly sso: Pick<MarketplaceSso, 'certificates' | 'fingerprints' | 'sloEnabled'>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The login that a response must answer. */
export type OpenLogin = Pick<LoginTransaction, 'id' | 'startedAt'>;

/** A response that passed the checks which need no login. */
export interface ReadResponse extends ResponseFacts {
  /** The XML as it was read. */
  readonly text: string;
}

/**
 * Reads what was posted.
 *
 * @throws {@link CheckFailed} with the code of the first failing check.
 */
export function readResponse(task: JudgeTask, checks: CheckList): ReadResponse {
  const { limits } = task.policy;
  const text = responseText(task.samlResponse, limits, checks);
  return { ...inspectResponse(readXml(text, limits, checks), task.policy, checks), text };
}

/**
 * Verifies the signature and judges what is signed. Everything believed is read from the bytes that the signature
 * covers, by our own reader; node-saml's own reading only has to agree.
 *
 * @throws {@link CheckFailed} with the code of the first failing check.
 */
export async function judgeResponse(
  task: JudgeTask,
  response: ReadResponse,
  login: OpenLogin,
  checks: CheckList,
): Promise<AssertionFacts> {
  const { parties, policy } = task;
  const audiences = acceptedAudiences(parties, policy);
  const pems = chooseTrustAnchor(response, task.sso, checks);
  const verdict = await verifyResponse(parties, policy, {
    samlResponse: Buffer.from(response.text).toString('base64'),
    pems,
    responseSigned: response.signatures.response !== null,
    assertionSigned: response.signatures.assertion !== null,
    audience: audienceToInsistOn(response.assertion, audiences),
    requestId: login.id,
    startedAt: login.startedAt,
  });
  const { assertionXml } = verdict;
  const holds = assertionXml !== null;
  checks.require(
    'sso.signature',
    holds,
    () => expectedKeys(task),
    () => (holds ? 'so it is' : seenKey(response, pems)),
  );
  if (assertionXml === null) throw new CheckFailed('sso.signature');

  const assertion = readXml(assertionXml, policy.limits, new CheckList());
  const context: AssertionContext = {
    ...task,
    requestId: login.id,
    audiences,
    responseIssuer: response.issuer,
  };
  const facts = checkAssertion(assertion, context, checks);
  checks.throwIfFailed();
  const agreed = verdict.nameId === facts.nameId && facts.id === response.assertion.attributes.get('ID');
  checks.require('sso.engine', agreed, 'the same reading', agreed ? 'the same reading' : 'another reading');
  return facts;
}

function expectedKeys({ sso }: JudgeTask): string {
  const digests = sso.certificates.map(({ sha256 }) => `certificate with sha256 ${sha256}`);
  return digests.join(' or ') || 'the embedded certificate with the configured fingerprint';
}

function seenKey(response: ResponseFacts, pems: readonly string[]): string {
  const methods = descendants(response.root).map(({ attributes }) => attributes.get('Algorithm') ?? '');
  if (methods.some((uri) => SIGNATURE_METHODS.get(uri) === 'sha1') && !pems.every(verifiesSha1)) {
    return 'a SHA-1 signature, which the crypto policy of this system forbids';
  }
  const embedded = embeddedFingerprint(response.root);
  return embedded ? `embedded certificate with sha256 ${embedded}` : 'no readable embedded certificate';
}
