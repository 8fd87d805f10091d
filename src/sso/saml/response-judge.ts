import type { MarketplaceSso } from '../../interfaces/marketplace.interface.js';
import { checkAssertion, type AssertionFacts } from './assertion-checks.js';
import type { AssertionContext } from './assertion-context.interface.js';
import { acceptedAudiences, audienceToInsistOn } from './audience.js';
import { CheckFailed, type CheckList } from './check-list.js';
import type { ResponseFacts } from './response-structure.js';
import { SIGNATURE_METHODS } from './saml-names.js';
import { verifyResponse, type SamlParties } from './saml-engine.js';
import { verifiesSha1 } from './sha1-support.js';
import type { SsoPolicy } from './sso-policy.js';
import { chooseTrustAnchor, embeddedFingerprint } from './trust-anchor.js';
import { descendants } from './xml-element.js';
import { readXml } from './xml-reader.js';

/** A response that passed the early checks, with all that is needed to judge it: plain data. */
export interface JudgeTask {
  /** The XML as the strict reader read it. */
  readonly text: string;
  readonly parties: SamlParties;
  readonly policy: SsoPolicy;
  readonly sso: Pick<MarketplaceSso, 'certificates' | 'fingerprints' | 'sloEnabled'>;
  readonly requestId: string;
  /** When that login began, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Verifies the signature and judges what is signed. Everything believed is read from the bytes that the signature
 * covers, by our own reader; node-saml's own reading only has to agree.
 *
 * @throws {@link CheckFailed} with the code of the first failing check.
 */
export async function judgeResponse(
  task: JudgeTask,
  response: ResponseFacts,
  checks: CheckList,
): Promise<AssertionFacts> {
  const { parties, policy, requestId } = task;
  const audiences = acceptedAudiences(parties, policy);
  const pems = chooseTrustAnchor(response, task.sso, checks);
  const verdict = await verifyResponse(parties, policy, {
    samlResponse: Buffer.from(task.text).toString('base64'),
    pems,
    responseSigned: response.signatures.response !== null,
    assertionSigned: response.signatures.assertion !== null,
    audience: audienceToInsistOn(response.assertion, audiences),
    requestId,
    startedAt: task.startedAt,
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

  const assertion = readXml(assertionXml, policy.limits, checks.another());
  const context: AssertionContext = { ...task, audiences, responseIssuer: response.issuer };
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
