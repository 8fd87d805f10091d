import { REDACTED } from '../../utils/secret.js';

/** Characters of a response that are shown; some defects are megabytes. */
const MAX_LENGTH = 20_000;
const MAX_DEPTH = 30;
/** Signatures, digests and certificates longer than this are shortened. */
const MAX_BASE64 = 64;
const BASE64 = /^[A-Za-z0-9+/=\s]+$/;
/** An attribute over three lines. */
const ATTRIBUTE =
  /(<Attribute Name="[^"]*">)\n\s*(<AttributeValue>[^<]*<\/AttributeValue>)\n\s*(<\/Attribute>)/g;
const SESSION = /(<Attribute Name="mno_session">\s*<AttributeValue>)[^<]+/g;

/**
 * A posted response (protocol §4.4) as people read it: decoded, a line an element, the session token left out, signatures
 * and certificates shortened. Meant for eyes: whatever is no XML is shown as it is.
 */
export function readableResponse(samlResponse: string): string {
  const xml = Buffer.from(samlResponse, 'base64').toString('utf8');
  const text = indented(xml.slice(0, MAX_LENGTH))
    .replaceAll(ATTRIBUTE, '$1$2$3')
    .replaceAll(SESSION, `$1${REDACTED}`);
  return xml.length > MAX_LENGTH ? `${text}\n… ${xml.length - MAX_LENGTH} more characters` : text;
}

function indented(xml: string): string {
  const tokens = xml.match(/<[^>]*>|[^<]+/g) ?? [];
  const lines: string[] = [];
  let depth = 0;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (token.trim() === '') continue;
    if (token.startsWith('</')) depth = Math.max(0, depth - 1);
    const margin = '  '.repeat(Math.min(depth, MAX_DEPTH));
    const [text = '', end = ''] = tokens.slice(index + 1, index + 3);
    const isOpening = /^<[^/!?][^>]*[^/]>$|^<\w>$/.test(token);
    if (isOpening && !text.startsWith('<') && end.startsWith('</')) {
      lines.push(margin + token + shortened(text) + end);
      index += 2;
    } else if (isOpening && text.startsWith('</')) {
      lines.push(margin + token + text);
      index += 1;
    } else {
      lines.push(margin + (token.startsWith('<') ? token : shortened(token.trim())));
      if (isOpening) depth += 1;
    }
  }
  return lines.join('\n');
}

function shortened(text: string): string {
  if (text.length <= MAX_BASE64 || !BASE64.test(text)) return text;
  return `${text.trim().slice(0, MAX_BASE64 / 2)}… (${text.length} characters)`;
}
