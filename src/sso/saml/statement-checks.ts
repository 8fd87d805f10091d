import type { AssertionContext } from './assertion-context.interface.js';
import type { CheckList } from './check-list.js';
import { describeInstant, parseSamlInstant } from './saml-instant.js';
import { ASSERTION_NS } from './saml-names.js';
import { childrenNamed, type XmlElement } from './xml-element.js';

/** Checks who issued the assertion (protocol §4.5, saml §3.3 row 11). */
export function checkIssuer(assertion: XmlElement, context: AssertionContext, checks: CheckList): void {
  const { policy, parties, responseIssuer } = context;
  if (policy.issuer === 'off') return checks.skip('sso.issuer', 'switched off');
  const issuers = childrenNamed(assertion, ASSERTION_NS, 'Issuer');
  const name = issuers[0]?.text ?? '';
  const known =
    policy.issuer === 'default' ? withoutQuery(name) === parties.providerUrl : policy.issuer.includes(name);
  const agreed = responseIssuer === null || responseIssuer === name;
  checks.expect(
    'sso.issuer',
    issuers.length === 1 && issuers[0]?.children.length === 0 && known && agreed,
    policy.issuer === 'default' ? parties.providerUrl : policy.issuer.join(' or '),
    agreed ? issuers.map(({ text }) => withoutQuery(text)).join(', ') || 'none' : 'two different issuers',
  );
}

/** Checks when the assertion was issued (saml §3.3 row 20). */
export function checkIssueInstant(assertion: XmlElement, context: AssertionContext, checks: CheckList): void {
  const { policy, now } = context;
  const issued = parseSamlInstant(assertion.attributes.get('IssueInstant'));
  checks.expect(
    'sso.issueInstant',
    issued !== null &&
      issued <= now + policy.acceptedClockSkewMs &&
      now - policy.acceptedClockSkewMs < issued + policy.maxAssertionAgeMs,
    `at most ${policy.acceptedClockSkewMs / 1000} s ahead, ${policy.maxAssertionAgeMs / 1000} s ago`,
    () => describeInstant(issued, now),
  );
}

/** Checks how and when the person signed in at the provider (saml §3.3 row 20). */
export function checkAuthnStatement(
  assertion: XmlElement,
  context: AssertionContext,
  checks: CheckList,
): void {
  const { policy, now } = context;
  const statements = childrenNamed(assertion, ASSERTION_NS, 'AuthnStatement');
  const signedIn = statements.map((statement) => parseSamlInstant(statement.attributes.get('AuthnInstant')));
  const isRecent = (instant: number | null): boolean =>
    instant !== null &&
    instant <= now + policy.acceptedClockSkewMs &&
    now - policy.acceptedClockSkewMs < instant + policy.maxAuthenticationAgeMs;
  const isOver = (statement: XmlElement): boolean => {
    const end = statement.attributes.get('SessionNotOnOrAfter');
    return end !== undefined && now - policy.acceptedClockSkewMs >= (parseSamlInstant(end) ?? 0);
  };
  const over = statements.some(isOver);
  checks.expect(
    'sso.authnStatement',
    statements.length > 0 && signedIn.every(isRecent) && !over,
    `signed in at most ${policy.maxAuthenticationAgeMs / 1000} s ago, session not over`,
    over ? 'the session at the provider is over' : describeInstant(signedIn[0] ?? null, now),
  );
}

/** The known provider puts the request that it answers into the query of its name (protocol §4.5). */
function withoutQuery(name: string): string {
  const query = name.indexOf('?');
  return query < 0 ? name : name.slice(0, query);
}
