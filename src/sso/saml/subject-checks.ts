import type { AssertionContext } from './assertion-context.interface.js';
import type { CheckList } from './check-list.js';
import { mask } from './masked-text.js';
import { describeInstant, parseSamlInstant } from './saml-instant.js';
import { ASSERTION_NS, METHOD_BEARER } from './saml-names.js';
import { childrenNamed, type XmlElement } from './xml-element.js';

/** What the subject of an assertion says. */
export interface SubjectFacts {
  readonly nameId: string;
  /** Milliseconds since the epoch; 0 when unreadable. */
  readonly notOnOrAfter: number;
}

const MAX_NAME_ID = 256;

/**
 * Checks who is meant, and that the assertion was made to be delivered here, now, for this login (protocol §4.8,
 * saml §3.3 rows 4, 8, 12 and 19).
 */
export function checkSubject(
  assertion: XmlElement,
  context: AssertionContext,
  checks: CheckList,
): SubjectFacts {
  const subjects = childrenNamed(assertion, ASSERTION_NS, 'Subject');
  const children = subjects.flatMap((subject) => subject.children);
  const nameIds = children.filter((child) => child.name === 'NameID');
  const nameId = nameIds[0]?.text ?? '';
  checks.expect(
    'sso.nameId',
    subjects.length === 1 &&
      nameIds.length === 1 &&
      nameIds[0]?.namespace === ASSERTION_NS &&
      nameIds[0].children.length === 0 &&
      nameId !== '' &&
      nameId.trim() === nameId &&
      nameId.length <= MAX_NAME_ID &&
      !children.some((child) => child.name === 'BaseID'),
    'one NameID of plain text',
    nameIds.length === 1 ? mask(nameId) : `${nameIds.length} NameID`,
  );
  return { nameId, notOnOrAfter: checkConfirmation(children, context, checks) };
}

function checkConfirmation(
  children: readonly XmlElement[],
  context: AssertionContext,
  checks: CheckList,
): number {
  const confirmations = children.filter(
    (child) => child.name === 'SubjectConfirmation' && child.namespace === ASSERTION_NS,
  );
  const candidates = confirmations
    .filter((confirmation) => confirmation.attributes.get('Method') === METHOD_BEARER)
    .map((confirmation) => childrenNamed(confirmation, ASSERTION_NS, 'SubjectConfirmationData'))
    .flatMap((data) => (data.length === 1 ? data : []));
  checks.expect(
    'sso.subjectConfirmation',
    candidates.length > 0,
    'a bearer confirmation with its data',
    confirmations.map((confirmation) => confirmation.attributes.get('Method') ?? 'no method').join(', ') ||
      'none',
  );
  // One confirmation must satisfy everything; without such a one the first is what gets explained.
  const data = candidates.find((candidate) => satisfies(candidate, context)) ?? candidates[0];
  if (!data) return 0;
  const { policy, now, requestId, parties } = context;
  const recipient = data.attributes.get('Recipient');
  const inResponseTo = data.attributes.get('InResponseTo');
  const end = parseSamlInstant(data.attributes.get('NotOnOrAfter'));
  checks.expect('sso.recipient', recipient === parties.consumeUrl, parties.consumeUrl, recipient ?? 'none');
  checks.expect('sso.inResponseTo', inResponseTo === requestId, requestId, inResponseTo ?? 'none');
  checks.expect(
    'sso.confirmationExpired',
    isCurrent(data, context),
    () => `a time after ${new Date(now - policy.acceptedClockSkewMs).toISOString()}`,
    () => describeInstant(end, now),
  );
  return end ?? 0;
}

function satisfies(data: XmlElement, context: AssertionContext): boolean {
  return (
    data.attributes.get('Recipient') === context.parties.consumeUrl &&
    data.attributes.get('InResponseTo') === context.requestId &&
    isCurrent(data, context)
  );
}

function isCurrent(data: XmlElement, { policy, now }: AssertionContext): boolean {
  const end = parseSamlInstant(data.attributes.get('NotOnOrAfter'));
  const beginning = data.attributes.get('NotBefore');
  const begun =
    beginning === undefined || (parseSamlInstant(beginning) ?? Infinity) <= now + policy.acceptedClockSkewMs;
  return begun && end !== null && now - policy.acceptedClockSkewMs < end;
}
