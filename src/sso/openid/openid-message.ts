import type { CheckList } from '../saml/check-list.js';
import type { SignOnAnswer } from '../sso-protocol.js';

const PREFIX = 'openid.';
const MAX_FIELDS = 200;
const MAX_CHARACTERS = 65_536;

/** The fields of an answer by name, without the `openid.` before them. */
export type OpenIdMessage = ReadonlyMap<string, string>;

/** Whether a request is an answer at all: the provider returns to where logins begin as well. */
export function isOpenIdAnswer({
  method,
  query,
  body,
}: Pick<SignOnAnswer, 'method' | 'query' | 'body'>): boolean {
  return fieldsOf(method, query, body).some(([name]) => name === 'openid.mode');
}

/**
 * Takes the fields out of a request: from the URL of a GET, from the form of a POST, never from both (protocol §5).
 *
 * @throws CheckFailed `openid.input` for fields that came twice, are no text, or are too many or too long.
 */
export function readOpenIdMessage({ method, query, body }: SignOnAnswer, checks: CheckList): OpenIdMessage {
  const message = new Map<string, string>();
  let characters = 0;
  let odd: string | null = null;
  for (const [name, value] of fieldsOf(method, query, body)) {
    const field = name.slice(PREFIX.length);
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

function fieldsOf(method: string, query: URLSearchParams, body: unknown): [string, unknown][] {
  const fields: [string, unknown][] =
    method === 'POST'
      ? Object.entries(typeof body === 'object' && body !== null ? body : {})
      : [...query.entries()];
  return fields.filter(([name]) => name.startsWith(PREFIX));
}
