import type { AssertionContext } from './assertion-context.interface.js';
import type { CheckList } from './check-list.js';
import { describeInstant, parseSamlInstant } from './saml-instant.js';
import { ASSERTION_NS } from './saml-names.js';
import { childrenNamed, isNamed, type XmlElement } from './xml-element.js';

const UNDERSTOOD = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'];

/**
 * Checks when the assertion is valid and for whom (protocol §4.8, saml §3.3 row 20).
 *
 * @returns its end in milliseconds since the epoch; 0 when unreadable.
 */
export function checkConditions(assertion: XmlElement, context: AssertionContext, checks: CheckList): number {
  const { policy, now } = context;
  const all = childrenNamed(assertion, ASSERTION_NS, 'Conditions');
  const conditions = all[0];
  const beginning = parseSamlInstant(conditions?.attributes.get('NotBefore'));
  const end = parseSamlInstant(conditions?.attributes.get('NotOnOrAfter'));
  const understood = conditions?.children.every((child) =>
    UNDERSTOOD.some((name) => isNamed(child, ASSERTION_NS, name)),
  );
  checks.expect(
    'sso.conditions',
    all.length === 1 && understood === true && beginning !== null && end !== null && beginning < end,
    'one Conditions with NotBefore and NotOnOrAfter, nothing unknown in it',
    () =>
      conditions
        ? `${all.length} with NotBefore ${describeInstant(beginning, now)}, NotOnOrAfter ${describeInstant(end, now)}`
        : 'none',
  );
  checks.expect(
    'sso.notYetValid',
    beginning !== null && beginning <= now + policy.acceptedClockSkewMs,
    `at most ${policy.acceptedClockSkewMs / 1000} s ahead`,
    () => describeInstant(beginning, now),
  );
  checks.expect(
    'sso.expired',
    end !== null && now - policy.acceptedClockSkewMs < end,
    `at most ${policy.acceptedClockSkewMs / 1000} s ago`,
    () => describeInstant(end, now),
  );
  checkAudience(conditions, context, checks);
  return end ?? 0;
}

function checkAudience(
  conditions: XmlElement | undefined,
  context: AssertionContext,
  checks: CheckList,
): void {
  const { audiences } = context;
  if (audiences === null) return checks.skip('sso.audience', 'switched off');
  const restrictions = (conditions ? childrenNamed(conditions, ASSERTION_NS, 'AudienceRestriction') : []).map(
    (restriction) => childrenNamed(restriction, ASSERTION_NS, 'Audience').map(({ text }) => text),
  );
  checks.expect(
    'sso.audience',
    restrictions.length > 0 && restrictions.every((names) => names.some((name) => audiences.includes(name))),
    audiences.join(' or '),
    restrictions.flat().join(', ') || 'none',
  );
}
