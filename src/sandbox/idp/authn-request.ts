import { inflateRawSync } from 'node:zlib';

/** What the identity provider reads of a login request (protocol §4.3). */
export interface AuthnRequest {
  readonly id: string | null;
  /** Where the response is to go. */
  readonly acsUrl: string | null;
  /** Application id. */
  readonly issuer: string | null;
  readonly xml: string;
}

/** Longest request text, in bytes; real ones have some 700. */
const MAX_XML_BYTES = 100_000;

/**
 * Reads a login request the way the real identity provider does: by patterns, not by a parser. So the issuer must
 * be written with the prefix `saml`, and entities in the consume URL are not decoded (protocol §4.3).
 *
 * @returns null when the text is not base64 of a raw-deflated document.
 */
export function readAuthnRequest(samlRequest: string | null): AuthnRequest | null {
  if (!samlRequest) return null;
  let xml: string;
  try {
    xml = inflateRawSync(Buffer.from(samlRequest, 'base64'), { maxOutputLength: MAX_XML_BYTES }).toString(
      'utf8',
    );
  } catch {
    return null;
  }
  return {
    id: /\bID=['"](.+?)['"]/.exec(xml)?.[1] ?? null,
    acsUrl: /AssertionConsumerServiceURL=['"](.+?)['"]/.exec(xml)?.[1] ?? null,
    issuer: /<saml:Issuer[^>]*>\s*(.*?)\s*<\/saml:Issuer>/.exec(xml)?.[1] ?? null,
    xml,
  };
}
