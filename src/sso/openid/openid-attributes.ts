import type { CheckList } from '../saml/check-list.js';
import type { OpenIdMessage } from './openid-message.js';
import { AX_ATTRIBUTES, AX_NS } from './openid-names.js';

const MAX_VALUE = 4_096;
/** Control characters, and those that reorder text to look like another. */
const DECEPTIVE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['', '__proto__', 'constructor', 'prototype']);

/** Parameters that ask the provider for the attributes; Maestrano sends them even unasked. */
export function attributeRequest(): Record<string, string> {
  const request: Record<string, string> = { 'openid.ns.ax': AX_NS, 'openid.ax.mode': 'fetch_request' };
  const aliases = [...AX_ATTRIBUTES].map(([type, name]) => {
    request[`openid.ax.type.${name}`] = type;
    return name;
  });
  const required = new Set(['uid', 'group_uid', 'mno_session', 'mno_session_recheck']);
  request['openid.ax.required'] = aliases.filter((name) => required.has(name)).join();
  request['openid.ax.if_available'] = aliases.filter((name) => !required.has(name)).join();
  return request;
}

/**
 * The attributes of an answer in SAML's names; unknown types keep their URI. They are found by type, whatever alias
 * the provider chose, and only where namespace, type and value are all signed (protocol §5).
 */
export function readOpenIdAttributes(
  message: OpenIdMessage,
  signed: ReadonlySet<string>,
  checks: CheckList,
): ReadonlyMap<string, string> {
  const namespace =
    [...message].find(([field, value]) => field.startsWith('ns.') && value === AX_NS)?.[0] ?? 'ns.ax';
  const alias = namespace.slice('ns.'.length);
  const attributes = new Map<string, string>();
  let odd: string | null = null;
  let unsigned: string | null = null;
  for (const [field, type] of message) {
    if (!field.startsWith(`${alias}.type.`)) continue;
    const values = valuesOf(message, alias, field.slice(`${alias}.type.`.length));
    const name = AX_ATTRIBUTES.get(type) ?? type;
    const [first, ...further] = values;
    if (!first || first.value === '') continue;
    const { value } = first;
    if (FORBIDDEN_NAMES.has(name) || further.length > 0 || value.length > MAX_VALUE || DECEPTIVE.test(value))
      odd ??= name;
    if ((attributes.get(name) ?? value) !== value) odd ??= name;
    if (![namespace, field, first.field].every((part) => signed.has(part))) unsigned ??= name;
    attributes.set(name, value);
  }
  checks.require(
    'openid.signedFields',
    unsigned === null,
    'signed attributes',
    unsigned ?? 'signed attributes',
  );
  checks.require('openid.attributes', odd === null, 'one line of text each', odd ?? 'one line of text each');
  return attributes;
}

/** `value.x`, or `value.x.1` to `value.x.N` where `count.x` says so. */
function valuesOf(message: OpenIdMessage, alias: string, name: string): { field: string; value: string }[] {
  const count = message.get(`${alias}.count.${name}`);
  const single = `${alias}.value.${name}`;
  const fields =
    count === undefined
      ? [single]
      : // More than one is refused, so two tell enough.
        [1, 2].filter((index) => index <= Number(count)).map((index) => `${single}.${index}`);
  return fields.flatMap((field) => {
    const value = message.get(field);
    return value === undefined ? [] : [{ field, value }];
  });
}
