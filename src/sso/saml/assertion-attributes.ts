import type { SsoLimits } from '../../interfaces/sso-options.interface.js';
import type { CheckList } from '../login/check-list.js';
import { isUsableName, type LoginAttributes, sortAttributes } from '../login/login-attributes.js';
import { ASSERTION_NS } from './saml-names.js';
import { childrenNamed, isNamed, type XmlElement } from './xml-reader.js';

/**
 * The attributes of an assertion by name (protocol §4.6), over all of its statements. Which values are taken, cleaned,
 * left out or rejected is the same for every protocol (saml §3.3 rows 14 to 17).
 */
export function readAttributes(
  assertion: XmlElement,
  limits: Required<SsoLimits>,
  checks: CheckList,
): LoginAttributes {
  const statements = childrenNamed(assertion, ASSERTION_NS, 'AttributeStatement');
  const elements = statements.flatMap((statement) => statement.children);
  const readable = elements.every(
    (element) => isNamed(element, ASSERTION_NS, 'Attribute') && isUsableName(nameOf(element)),
  );
  checks.expect(
    'sso.attributes',
    statements.length > 0 && elements.length <= limits.attributes && readable,
    `at most ${limits.attributes} attributes`,
    `${statements.length} statements with ${elements.length}${readable ? '' : ', odd names among them'}`,
  );

  const received = elements.map((element) => ({
    name: nameOf(element),
    values: childrenNamed(element, ASSERTION_NS, 'AttributeValue').map(({ text, children }) => ({
      text,
      nested: children.length > 0,
    })),
  }));
  const sorted = sortAttributes(received, limits.valueLength);
  const { conflicting, unusable } = sorted;
  checks.expect(
    'sso.attributeConflict',
    conflicting === null,
    'one value each',
    conflicting ?? 'one value each',
  );
  checks.expect(
    'sso.attributeValue',
    unusable === null,
    'plain text on one line',
    unusable ?? 'plain text on one line',
  );
  return sorted;
}

function nameOf(element: XmlElement): string {
  return element.attributes.get('Name') ?? '';
}
