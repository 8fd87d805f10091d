import type { SsoLimits } from '../../interfaces/sso-options.interface.js';
import type { CheckList } from '../login/check-list.js';
import { ASSERTION_NS } from './saml-names.js';
import { childrenNamed, type XmlElement } from './xml-reader.js';

/** The attributes whose meaning is known (protocol §4.6): each one value on one line. */
const SINGLE_LINE_ATTRIBUTES: ReadonlySet<string> = new Set([
  'mno_uid',
  'mno_session',
  'mno_session_recheck',
  'group_uid',
  'group_name',
  'group_end_free_trial',
  'group_role',
  'group_has_credit_card',
  'group_email',
  'group_currency',
  'group_timezone',
  'group_country',
  'group_city',
  'group_reseller_id',
  'group_org_uid',
  'reseller_id',
  'reseller_name',
  'reseller_country',
  'uid',
  'virtual_uid',
  'email',
  'virtual_email',
  'name',
  'surname',
  'country',
  'company_name',
]);

const FORBIDDEN_NAMES = new Set(['', '__proto__', 'constructor', 'prototype']);
const MAX_NAME = 256;
/** Control characters but tab and line ends, and those that reorder text to look like another. */
const DECEPTIVE = /(?![\t\r\n])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
/** Nearly every value: tested first, because classes of Unicode characters are slow. */
const PLAIN = /^[\x20-\x7e]*$/;
const LINE_END = /[\r\n\u0085\u2028\u2029]/;

/**
 * The attributes of an assertion by name (protocol §4.6): plain text; several values of an attribute that is not
 * ours become a JSON list. The same attribute twice is fine when both agree (saml §3.3 rows 14 to 17).
 */
export function readAttributes(
  assertion: XmlElement,
  limits: Required<SsoLimits>,
  checks: CheckList,
): ReadonlyMap<string, string> {
  const statements = childrenNamed(assertion, ASSERTION_NS, 'AttributeStatement');
  const elements = statements.flatMap((statement) => statement.children);
  const readable = elements.every(
    (element) => element.name === 'Attribute' && element.namespace === ASSERTION_NS && hasUsableName(element),
  );
  checks.expect(
    'sso.attributes',
    statements.length === 1 && elements.length <= limits.attributes && readable,
    `one statement of at most ${limits.attributes} attributes`,
    `${statements.length} with ${elements.length}${readable ? '' : ', odd names among them'}`,
  );

  const attributes = new Map<string, string>();
  let odd: string | null = null;
  let conflicting: string | null = null;
  for (const element of elements) {
    const name = element.attributes.get('Name') ?? '';
    const values = childrenNamed(element, ASSERTION_NS, 'AttributeValue');
    const single = values.length <= 1;
    const value = single ? (values[0]?.text ?? '') : JSON.stringify(values.map(({ text }) => text));
    const before = attributes.get(name);
    if (before !== undefined && before !== value) conflicting ??= name;
    if (!isPlain(name, values, limits)) odd ??= name;
    if (before === undefined) attributes.set(name, value);
  }
  checks.expect(
    'sso.attributeConflict',
    conflicting === null,
    'one value each',
    conflicting ?? 'one value each',
  );
  checks.expect('sso.attributeValue', odd === null, 'plain text', odd ?? 'plain text');
  return attributes;
}

function hasUsableName(element: XmlElement): boolean {
  const name = element.attributes.get('Name') ?? '';
  return name.length <= MAX_NAME && !FORBIDDEN_NAMES.has(name) && !isDeceptive(name);
}

function isPlain(name: string, values: readonly XmlElement[], limits: Required<SsoLimits>): boolean {
  const known = SINGLE_LINE_ATTRIBUTES.has(name);
  if (known && values.length > 1) return false;
  return values.every(
    ({ children, text }) =>
      children.length === 0 &&
      text.length <= limits.valueLength &&
      !isDeceptive(text) &&
      !(known && text.trim() !== '' && LINE_END.test(text)),
  );
}

function isDeceptive(text: string): boolean {
  return !PLAIN.test(text) && DECEPTIVE.test(text);
}
