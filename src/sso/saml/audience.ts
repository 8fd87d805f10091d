import type { SamlParties } from './saml-engine.js';
import type { SsoPolicy } from './sso-policy.js';
import { ASSERTION_NS } from './saml-names.js';
import { descendants, isNamed, type XmlElement } from './xml-element.js';

/** The names under which we may be addressed (protocol §4.8); null when the policy does not look. */
export function acceptedAudiences(parties: SamlParties, policy: SsoPolicy): readonly string[] | null {
  if (policy.audience === 'off') return null;
  if (policy.audience !== 'default') return policy.audience;
  return [`${new URL(parties.consumeUrl).origin}/`, parties.consumeUrl, parties.applicationId];
}

/**
 * The audience that node-saml is told to insist on: it knows one only, so that of ours which the assertion names,
 * else the usual one.
 */
export function audienceToInsistOn(
  assertion: XmlElement,
  accepted: readonly string[] | null,
): string | false {
  if (accepted === null) return false;
  for (const element of descendants(assertion)) {
    if (isNamed(element, ASSERTION_NS, 'Audience') && accepted.includes(element.text)) return element.text;
  }
  return accepted[0] ?? '';
}
