import { isUtf8 } from 'node:buffer';

import type { SsoLimits } from '../../interfaces/sso-options.interface.js';
import type { CheckList } from './check-list.js';

/**
 * The XML text inside the form field (protocol §4.4): strict base64 with line breaks allowed, strict UTF-8.
 * Strict, because lenient decoding maps different bytes to one identity (saml §3.3 row 23).
 *
 * @throws {@link CheckFailed} with `sso.input…`.
 */
export function responseText(field: unknown, limits: Required<SsoLimits>, checks: CheckList): string {
  const isText = typeof field === 'string' && field !== '';
  checks.require('sso.inputType', isText, 'one text', describeType(field));
  const encoded = String(field);
  checks.require(
    'sso.inputTooLarge',
    encoded.length <= limits.responseLength,
    `at most ${limits.responseLength} characters`,
    `${encoded.length} characters`,
  );
  const base64 = encoded.replace(/[ \t\r\n]+/g, '');
  const bytes = Buffer.from(base64, 'base64');
  // Decoding passes over what does not belong there, and over bits behind the end; only what has neither comes back.
  const strictBase64 = base64 !== '' && bytes.toString('base64') === base64;
  const text = strictBase64 ? decodeUtf8(bytes) : null;
  checks.require(
    'sso.inputEncoding',
    text !== null,
    'base64 of UTF-8 text',
    text !== null ? 'so it is' : strictBase64 ? 'bytes that are not UTF-8' : 'characters that are not base64',
  );
  // As an XML processor does first of all: every reader after this one sees the same lines.
  const decoded = text ?? bytes.toString('utf8');
  return decoded.includes('\r') ? decoded.replace(/\r\n?/g, '\n') : decoded;
}

/** Null when the bytes are not UTF-8, or hold the mark of an earlier lossy decoding. */
function decodeUtf8(bytes: Buffer): string | null {
  if (!isUtf8(bytes)) return null;
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  return text.includes('\ufffd') ? null : text;
}

function describeType(field: unknown): string {
  if (field === undefined || field === null || field === '') return 'nothing';
  if (Array.isArray(field)) return 'a list';
  return typeof field === 'string' ? 'a text' : `a value of type ${typeof field}`;
}
