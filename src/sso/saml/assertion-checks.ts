import type { AssertionContext } from './assertion-context.interface.js';
import { readAttributes } from './attribute-reader.js';
import type { CheckList } from './check-list.js';
import { checkConditions } from './condition-checks.js';
import { mask } from './masked-text.js';
import { checkAuthnStatement, checkIssueInstant, checkIssuer } from './statement-checks.js';
import { checkSubject } from './subject-checks.js';
import { ASSERTION_NS } from './saml-names.js';
import { isNamed, type XmlElement } from './xml-element.js';

/** What a signed assertion says, read by our own reader from the signed bytes only. */
export interface AssertionFacts {
  readonly id: string;
  readonly nameId: string;
  /** When the last of its time limits ends, in milliseconds since the epoch. */
  readonly validUntil: number;
  readonly attributes: ReadonlyMap<string, string>;
}

const UID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
const MAX_TOKEN = 1_024;

/**
 * Makes every check on the content of an assertion (protocol §4.8, saml §3.3). They do not stop at the
 * first failure: somebody who sets up a marketplace wants to see all of them.
 */
export function checkAssertion(
  assertion: XmlElement,
  context: AssertionContext,
  checks: CheckList,
): AssertionFacts {
  const signed = isNamed(assertion, ASSERTION_NS, 'Assertion');
  checks.expect('sso.assertion', signed, 'a signed saml:Assertion', signed ? 'so it is' : assertion.name);
  checkIssuer(assertion, context, checks);
  checkIssueInstant(assertion, context, checks);
  const subject = checkSubject(assertion, context, checks);
  const conditionsEnd = checkConditions(assertion, context, checks);
  checkAuthnStatement(assertion, context, checks);
  const attributes = readAttributes(assertion, context.policy.limits, checks);
  checkIdentity(attributes, subject.nameId, context, checks);
  return {
    id: assertion.attributes.get('ID') ?? '',
    nameId: subject.nameId,
    validUntil: Math.max(subject.notOnOrAfter, conditionsEnd) + context.policy.acceptedClockSkewMs,
    attributes,
  };
}

function checkIdentity(
  attributes: ReadonlyMap<string, string>,
  nameId: string,
  { policy, sso }: AssertionContext,
  checks: CheckList,
): void {
  const uid = attributes.get('uid') ?? '';
  const groupUid = attributes.get('group_uid') ?? '';
  const virtualUid = attributes.get('virtual_uid') ?? '';
  const mnoUid = attributes.get('mno_uid') || uid;
  const token = attributes.get('mno_session') ?? '';
  checks.expect('sso.uid', UID.test(uid), 'letters, digits, _ and -', mask(uid));
  checks.expect('sso.groupUid', UID.test(groupUid), 'letters, digits, _ and -', mask(groupUid));
  checks.expect(
    'sso.virtualUid',
    virtualUid === '' || virtualUid === `${uid}.${groupUid}`,
    'nothing, or uid and group_uid joined by a dot',
    virtualUid === `${uid}.${groupUid}` ? 'uid and group_uid' : mask(virtualUid),
  );
  if (policy.nameIdMustMatchUid) {
    const agree = nameId === uid && mnoUid === uid;
    checks.expect(
      'sso.nameIdMismatch',
      agree,
      'one identifier',
      agree ? 'one' : `${mask(nameId)} and ${mask(uid)}`,
    );
  } else {
    checks.skip('sso.nameIdMismatch', 'switched off');
  }
  checks.expect(
    'sso.sessionToken',
    token.length <= MAX_TOKEN && (token !== '' || !sso.sloEnabled),
    sso.sloEnabled ? `at most ${MAX_TOKEN} characters` : 'switched off',
    `${token.length} characters`,
  );
}
