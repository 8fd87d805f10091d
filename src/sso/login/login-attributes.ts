/** One value of an attribute, as a response brings it. */
export interface ReceivedValue {
  readonly text: string;
  /** Whether it is more than text: it holds elements. */
  readonly nested: boolean;
}

/** One attribute of a response; a response may bring several of one name. */
export interface ReceivedAttribute {
  readonly name: string;
  readonly values: readonly ReceivedValue[];
}

/** The attributes of a login by the names of protocol §4.6, whichever protocol brought them. */
export interface LoginAttributes {
  readonly values: ReadonlyMap<string, string>;
  /** Names of those that are only shown, and whose text was changed so that it can be. */
  readonly cleaned: readonly string[];
  /** Names of those that are not ours, and were left out. */
  readonly omitted: readonly string[];
}

/** The attributes of a response, and what is wrong with them. */
export interface SortedAttributes extends LoginAttributes {
  /** Name of the first attribute of ours that came with different values; null when none did. */
  readonly conflicting: string | null;
  /** Name of the first attribute of ours whose value cannot be taken; null when each can. */
  readonly unusable: string | null;
}

/**
 * What decides something in an application: it reaches the profile byte for byte, and a login whose value holds an odd
 * character is rejected, because what looks like one person must not be another.
 */
const EXACT: ReadonlySet<string> = new Set([
  'uid',
  'mno_uid',
  'virtual_uid',
  'group_uid',
  'mno_session',
  'mno_session_recheck',
  'group_role',
  'email',
  'virtual_email',
  'group_email',
  'reseller_id',
  'group_reseller_id',
  'group_org_uid',
  'group_has_credit_card',
  'group_currency',
  'group_timezone',
  'group_country',
  'group_end_free_trial',
]);

/** What is only shown to people: nobody is kept out because of a line end that was pasted into a name. */
const SHOWN: ReadonlySet<string> = new Set([
  'name',
  'surname',
  'company_name',
  'group_name',
  'group_city',
  'country',
  'reseller_name',
  'reseller_country',
]);

/** Identifiers and addresses: they are compared. `uid`, `group_uid` and `virtual_uid` have a stricter check each. */
const COMPARED: ReadonlySet<string> = new Set([
  'mno_uid',
  'email',
  'virtual_email',
  'group_email',
  'reseller_id',
  'group_reseller_id',
  'group_org_uid',
]);

/** Names that would lead to a prototype, or to nothing. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['', '__proto__', 'constructor', 'prototype']);
const MAX_NAME = 256;

/** Nearly every value: tested first, because classes of Unicode characters are slow. */
const PLAIN = /^[\x20-\x7e]*$/;
/** Control characters, line ends, and what reorders text to look like another. */
const ODD = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
/** What cannot be seen, or not be told from a blank. */
const INVISIBLE = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]|[^\P{Zs} ]/u;
/** As `ODD`, but with tab and line ends allowed. */
const DECEPTIVE = /(?![\t\r\n\u0085])[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u;

/** UTF-16 units of a shown value that are looked at, and code points of it that are kept. */
const MAX_LOOKED_AT = 1_024;
const MAX_SHOWN = 255;

/** Whether an attribute may have this name at all. */
export function isUsableName(name: string): boolean {
  return name.length <= MAX_NAME && !isForbiddenName(name) && !isDeceptive(name);
}

/** Whether a name is nothing, or would lead to a prototype (saml §3.3 row 16). */
export function isForbiddenName(name: string): boolean {
  return FORBIDDEN_NAMES.has(name);
}

/**
 * Whether a text may be compared as an identifier or an address: nothing in it is invisible or only looks like
 * something else, and no blank is at either end. Nothing at all may be.
 */
export function isComparable(text: string): boolean {
  if (text.startsWith(' ') || text.endsWith(' ')) return false;
  return PLAIN.test(text) || !(ODD.test(text) || INVISIBLE.test(text));
}

/**
 * Brings the attributes of a response under their names. Those that decide something stay as they are or are unusable;
 * those that are only shown are cleaned; those that are not ours are left out when they are not plain text, and become a
 * JSON list when they came with several values (saml §3.3 rows 14, 15 and 17).
 *
 * @param maxLength characters of one attribute.
 */
export function sortAttributes(received: readonly ReceivedAttribute[], maxLength: number): SortedAttributes {
  const byName = new Map<string, ReceivedAttribute[]>();
  for (const attribute of received) {
    const same = byName.get(attribute.name);
    if (same) same.push(attribute);
    else byName.set(attribute.name, [attribute]);
  }
  const values = new Map<string, string>();
  const cleaned: string[] = [];
  const omitted: string[] = [];
  let conflicting: string | null = null;
  let unusable: string | null = null;
  for (const [name, attributes] of byName) {
    if (!EXACT.has(name) && !SHOWN.has(name)) {
      const value = foreignValue(attributes, maxLength);
      if (value === null) omitted.push(name);
      else values.set(name, value);
      continue;
    }
    const text = attributes[0]?.values[0]?.text ?? '';
    // Compared as they came: two values must not become one by being cleaned.
    if (attributes.some((other) => (other.values[0]?.text ?? '') !== text)) conflicting ??= name;
    const single = attributes.every(
      (attribute) => attribute.values.length <= 1 && attribute.values[0]?.nested !== true,
    );
    if (!single || (EXACT.has(name) && !isUsable(name, text, maxLength))) unusable ??= name;
    const value = SHOWN.has(name) ? cleanText(text) : text;
    if (value !== text) cleaned.push(name);
    values.set(name, value);
  }
  return { values, cleaned, omitted, conflicting, unusable };
}

/**
 * A text that is only shown, on one line: control characters, line ends and what changes the direction become one blank
 * with the blanks around them; cut at 255 characters.
 */
export function cleanText(text: string): string {
  if (text.length <= MAX_SHOWN && PLAIN.test(text)) return text;
  let clean = '';
  let kept = 0;
  /** Blanks that wait for the next character, and whether one of them stands for something else. */
  let blanks = 0;
  let replaced = false;
  for (const character of text.slice(0, MAX_LOOKED_AT)) {
    const odd = ODD.test(character);
    if (odd || character === ' ') {
      blanks += 1;
      replaced ||= odd;
      continue;
    }
    const before = replaced ? 1 : blanks;
    if (kept + before >= MAX_SHOWN) break;
    clean += ' '.repeat(before) + character;
    kept += before + 1;
    blanks = 0;
    replaced = false;
  }
  return clean + ' '.repeat(Math.min(replaced ? 1 : blanks, MAX_SHOWN - kept));
}

/** The value of an attribute that is not ours; null when it cannot be taken as it is. */
function foreignValue(attributes: readonly ReceivedAttribute[], maxLength: number): string | null {
  const values = attributes.flatMap((attribute) => attribute.values);
  let length = 0;
  for (const { text, nested } of values) {
    length += text.length;
    if (nested || length > maxLength || isDeceptive(text)) return null;
  }
  const texts = [...new Set(values.map(({ text }) => text))];
  return texts.length > 1 ? JSON.stringify(texts) : (texts[0] ?? '');
}

function isUsable(name: string, text: string, maxLength: number): boolean {
  if (text.length > maxLength) return false;
  return COMPARED.has(name) ? isComparable(text) : PLAIN.test(text) || !ODD.test(text);
}

function isDeceptive(text: string): boolean {
  return !PLAIN.test(text) && DECEPTIVE.test(text);
}
