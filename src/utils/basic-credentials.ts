/** The two halves of a Basic `Authorization` header. */
export interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

/** Longest header that is looked at; a pair of 4 KB halves fits. */
const MAX_HEADER_LENGTH = 12_288;

const BASIC = /^basic +([a-z0-9+/_-]+={0,2}) *$/i;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a Basic `Authorization` header as protocol §6.5 asks: the scheme in any case, UTF-8, split at the first
 * colon, so that a key may hold colons.
 *
 * @returns null for every header that is absent or malformed; it never throws.
 */
export function parseBasicCredentials(header: string | undefined): BasicCredentials | null {
  if (!header || header.length > MAX_HEADER_LENGTH) return null;
  const encoded = BASIC.exec(header)?.[1];
  if (!encoded) return null;
  let text: string;
  try {
    text = utf8.decode(Buffer.from(encoded, 'base64'));
  } catch {
    return null;
  }
  const colon = text.indexOf(':');
  if (colon < 0) return null;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
