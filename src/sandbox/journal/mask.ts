import { REDACTED } from '../../utils/secret.js';

/** The end of the text may cut a secret off. */
const JSON_SECRETS =
  /("(?:key|api_key|apiKey|apiSecret|api_secret|sso_session|password|mno_session)"\s*:\s*)"[^"]*"?/g;
const FORM_SECRETS =
  /((?:^|[?&])(?:password|session|api_key|key|SAMLResponse|openid\.ax\.value\.u_session_key)=)[^&\s]*/g;
const HTML_SECRETS = /(name="(?:SAMLResponse|openid\.ax\.value\.u_session_key)"[^>]*value=")[^"]*/g;

/** A text of an exchange without the secrets in it: API keys, session tokens, passwords, signed responses. */
export function maskText(text: string): string {
  return text
    .replaceAll(JSON_SECRETS, `$1"${REDACTED}"`)
    .replaceAll(FORM_SECRETS, `$1${REDACTED}`)
    .replaceAll(HTML_SECRETS, `$1${REDACTED}`);
}

/** Headers of an exchange for the journal: one text a name, credentials reduced to the user. */
export function maskHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const masked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const text = Array.isArray(value) ? value.join(', ') : String(value);
    masked[name.toLowerCase()] = /^(authorization|cookie|set-cookie)$/i.test(name)
      ? maskCredentials(text)
      : text;
  }
  return masked;
}

function maskCredentials(text: string): string {
  const encoded = /^basic\s+(\S+)/i.exec(text)?.[1];
  if (!encoded) return REDACTED;
  const user = Buffer.from(encoded, 'base64').toString('utf8').split(':')[0];
  return `Basic ${user}:${REDACTED}`;
}
