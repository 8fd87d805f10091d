import { isRecord } from '../../utils/values.js';
import type { CheckList } from '../login/check-list.js';
import {
  isUsableName,
  type LoginAttributes,
  type ReceivedAttribute,
  sortAttributes,
} from '../login/login-attributes.js';
import type { SsoResponse } from '../login/sso-protocol.js';

/** Namespace of OpenID 2.0 messages. */
export const OPENID_NS = 'http://specs.openid.net/auth/2.0';

/** Attribute exchange: Maestrano sends the attributes unasked (protocol §5). */
const AX_NS = 'http://openid.net/srv/ax/1.0';

/**
 * Attribute types by their names in SAML (protocol §5, §4.6), so that both protocols lead to the
 * same profiles. The provider's aliases do not count.
 */
const AX_ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['http://openid.net/schema/person/guid', 'uid'],
  ['http://openid.maestrano.com/schema/person/vguid', 'virtual_uid'],
  ['http://openid.net/schema/namePerson/first', 'name'],
  ['http://openid.net/schema/namePerson/last', 'surname'],
  ['http://openid.net/schema/contact/internet/email', 'email'],
  ['http://openid.maestrano.com/schema/contact/internet/vemail', 'virtual_email'],
  ['http://openid.net/schema/contact/country/home', 'country'],
  ['http://openid.net/schema/contact/city/home', 'city'],
  ['http://openid.net/schema/timezone', 'timezone'],
  ['http://openid.maestrano.com/schema/session/key', 'mno_session'],
  ['http://openid.maestrano.com/schema/session/expiration', 'mno_session_recheck'],
  ['http://openid.maestrano.com/schema/company/guid', 'group_uid'],
  ['http://openid.maestrano.com/schema/company/role', 'group_role'],
  ['http://openid.net/schema/company/name', 'group_name'],
  ['http://openid.maestrano.com/schema/company/email', 'group_email'],
  ['http://openid.maestrano.com/schema/company/country', 'group_country'],
  ['http://openid.maestrano.com/schema/company/city', 'group_city'],
  ['http://openid.maestrano.com/schema/company/timezone', 'group_timezone'],
  ['http://openid.maestrano.com/schema/company/reseller_id', 'group_reseller_id'],
  ['http://openid.maestrano.com/schema/reseller/guid', 'reseller_id'],
  ['http://openid.maestrano.com/schema/reseller/name', 'reseller_name'],
  ['http://openid.maestrano.com/schema/reseller/country', 'reseller_country'],
]);

/** Begins the names of all of OpenID's parameters. */
export const FIELD_PREFIX = 'openid.';
const MAX_FIELDS = 200;
const MAX_CHARACTERS = 65_536;
const MAX_VALUE_CHARACTERS = 4_096;

/** The fields of a response by name, without the `openid.` before them. */
export type OpenIdMessage = ReadonlyMap<string, string>;

/** Whether a request is a response at all: the provider returns to where logins begin as well. */
export function isOpenIdResponse({ method, query, body }: Omit<SsoResponse, 'boundRequestIds'>): boolean {
  return fieldsOf(method, query, body).some(([name]) => name === 'openid.mode');
}

/**
 * Takes the fields out of a request: from the URL of a GET, from the form of a POST, never from both (protocol §5).
 *
 * @throws CheckFailed `openid.input` for fields that came twice, are no text, or are too many or too long.
 */
export function readOpenIdMessage({ method, query, body }: SsoResponse, checks: CheckList): OpenIdMessage {
  const message = new Map<string, string>();
  let characters = 0;
  let odd: string | null = null;
  for (const [name, value] of fieldsOf(method, query, body)) {
    const field = name.slice(FIELD_PREFIX.length);
    if (typeof value !== 'string' || message.has(field)) {
      odd ??= field;
      continue;
    }
    characters += name.length + value.length;
    message.set(field, value);
  }
  const fits = message.size <= MAX_FIELDS && characters <= MAX_CHARACTERS;
  checks.require(
    'openid.input',
    message.size > 0 && odd === null && fits,
    `text fields, each once, at most ${MAX_FIELDS} with ${MAX_CHARACTERS} characters`,
    odd === null ? `${message.size} fields with ${characters} characters` : `${odd} twice or no text`,
  );
  return message;
}

/** Fields without which nothing in a response is believed: all of them must be signed. */
const SIGNED = [
  'op_endpoint',
  'claimed_id',
  'identity',
  'return_to',
  'response_nonce',
  'assoc_handle',
] as const;

/** A further line of a value that could be a field of its own, such as `claimed_id:` or `ax.value.uid:`. */
const FIELD_IN_VALUE = new RegExp(`\\n(${SIGNED.join('|')}|[\\w-]+\\.[\\w.-]+):`);

/**
 * The names of the fields that are signed, in their order. What is signed are lines of `name:value`, so a value of several
 * lines could be cut into fields in another way than the provider did: where that would make a difference, the response
 * is rejected, whoever confirms its signature.
 *
 * @throws CheckFailed `openid.signedFields`
 */
export function signedFields(message: OpenIdMessage, checks: CheckList): ReadonlySet<string> {
  const signed = new Set((message.get('signed') ?? '').split(','));
  const missing = SIGNED.filter((field) => !signed.has(field) || !message.get(field));
  const complete = missing.length === 0 && (message.get('sig') ?? '') !== '';
  const seen = complete ? 'as expected' : `without ${missing.join() || 'sig'}`;
  checks.require('openid.signedFields', complete, `a signature over ${SIGNED.join()}`, seen);
  const ambiguous = [...signed].find(
    (name) => /[:\n]/.test(name) || FIELD_IN_VALUE.test(message.get(name) ?? ''),
  );
  if (ambiguous !== undefined)
    checks.require('openid.signedFields', false, 'fields that can be distinguished', ambiguous);
  return signed;
}

/**
 * The attributes of a response by their names in SAML; unknown types keep their URI. They are found by type, whatever alias
 * the provider chose, and only where namespace, type and value are all signed (protocol §5). Their values are not yet
 * looked at.
 *
 * @throws CheckFailed `openid.signedFields` or `openid.attributes`.
 */
export function readOpenIdAttributes(
  message: OpenIdMessage,
  signed: ReadonlySet<string>,
  checks: CheckList,
): readonly ReceivedAttribute[] {
  const namespace =
    [...message].find(([field, value]) => field.startsWith('ns.') && value === AX_NS)?.[0] ?? 'ns.ax';
  const alias = namespace.slice('ns.'.length);
  const received: ReceivedAttribute[] = [];
  let odd: string | null = null;
  let unsigned: string | null = null;
  for (const [field, type] of message) {
    if (!field.startsWith(`${alias}.type.`)) continue;
    const values = valuesOf(message, alias, field.slice(`${alias}.type.`.length));
    const name = AX_ATTRIBUTES.get(type) ?? type;
    if (!values[0] || values[0].value === '') continue;
    if (!isUsableName(name)) odd ??= name;
    const fields = [namespace, field, ...values.map((value) => value.field)];
    if (!fields.every((part) => signed.has(part))) unsigned ??= name;
    received.push({ name, values: values.map(({ value }) => ({ text: value, nested: false })) });
  }
  checks.require(
    'openid.signedFields',
    unsigned === null,
    'signed attributes',
    unsigned ?? 'signed attributes',
  );
  if (odd !== null) checks.require('openid.attributes', false, 'usable names', odd);
  return received;
}

/**
 * Sorts the attributes of a response that the provider confirmed: the same values are taken, cleaned, left out and
 * rejected as by SAML.
 *
 * @throws CheckFailed `openid.attributes`.
 */
export function sortOpenIdAttributes(
  received: readonly ReceivedAttribute[],
  checks: CheckList,
): LoginAttributes {
  const sorted = sortAttributes(received, MAX_VALUE_CHARACTERS);
  const wrong = sorted.conflicting ?? sorted.unusable;
  checks.require(
    'openid.attributes',
    wrong === null,
    'one line of text each',
    wrong ?? 'one line of text each',
  );
  return sorted;
}

/** `value.x`, or `value.x.1` to `value.x.N` where `count.x` says so. */
function valuesOf(message: OpenIdMessage, alias: string, name: string): { field: string; value: string }[] {
  const count = message.get(`${alias}.count.${name}`);
  const single = `${alias}.value.${name}`;
  const fields =
    count === undefined
      ? [single]
      : // More than one is rejected, so two are enough.
        [1, 2].filter((index) => index <= Number(count)).map((index) => `${single}.${index}`);
  return fields.flatMap((field) => {
    const value = message.get(field);
    return value === undefined ? [] : [{ field, value }];
  });
}

function fieldsOf(method: string, query: URLSearchParams, body: unknown): [string, unknown][] {
  const fields: [string, unknown][] =
    method === 'POST' ? Object.entries(isRecord(body) ? body : {}) : [...query.entries()];
  return fields.filter(([name]) => name.startsWith(FIELD_PREFIX));
}
