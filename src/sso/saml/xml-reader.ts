import { isUtf8 } from 'node:buffer';

import { SaxesParser } from 'saxes';

import type { SsoErrorCode } from '../../errors/sso-error-codes.js';
import type { SsoLimits } from '../../interfaces/sso-options.interface.js';
import { CheckFailed, type CheckList } from '../login/check-list.js';

/** An element as the strict reader leaves it: names resolved, text joined, nothing else kept. */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  /** Attributes without a namespace by name, others as `{namespace}name`; no namespace declarations. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Text directly inside, joined. */
  readonly text: string;
}

interface OpenElement extends XmlElement {
  readonly attributes: Map<string, string>;
  readonly children: OpenElement[];
  text: string;
}

/** The one declaration that may come first. */
const DECLARATION =
  /^<\?xml[ \t\n]+version=(["'])1\.0\1([ \t\n]+encoding=(["'])utf-8\3)?([ \t\n]+standalone=(["'])(yes|no)\5)?[ \t\n]*\?>/i;
/** Different prefixes of namespaces; a usual response has three, one with typed values five. */
const MAX_PREFIXES = 16;
/** Elements and attributes that a text as long as the form field may be costs as much as. */
const TEXT_WEIGHT = 250;
/** What makes a text slow to read: references, and the characters that {@link forXmlDom} writes as such. */
const REFERENCES = ['&', '\u0085', '\u2028'];

/**
 * The XML text inside the form field (protocol §4.4): strict base64 with line breaks allowed, strict UTF-8.
 * Strict, because lenient decoding maps different bytes to one identity (saml §3.3 row 23).
 *
 * @throws CheckFailed with `sso.input…`.
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
    text !== null
      ? 'as expected'
      : strictBase64
        ? 'bytes that are not UTF-8'
        : 'characters that are not base64',
  );
  // As an XML processor does first of all: every reader after this one sees the same lines.
  const decoded = text ?? bytes.toString('utf8');
  return decoded.includes('\r') ? decoded.replace(/\r\n?/g, '\n') : decoded;
}

/**
 * Reads XML strictly and stops at the first thing that is not allowed, so that nothing hostile reaches a parser
 * that builds a document (saml §3.3 rows 7 and 22, §3.4).
 *
 * @throws CheckFailed with `sso.xml…`.
 */
export function readXml(text: string, limits: Required<SsoLimits>, checks: CheckList): XmlElement {
  checks.require('sso.xmlForbidden', !hasOtherMarkup(text), 'elements and text only', 'other markup');
  // Each is slow to read: counted before anybody does.
  const few = !hasMoreThan(limits.references, REFERENCES, text);
  checks.require(
    'sso.xmlTooManyReferences',
    few,
    `at most ${limits.references}`,
    few ? 'as expected' : 'more',
  );

  const parser = new SaxesParser({ xmlns: true, position: true });
  const open: OpenElement[] = [];
  let root: OpenElement | undefined;
  let elements = 0;
  let deepest = 0;
  let attributes = 0;
  let attributesHere = 0;
  // XPath looks at each element and attribute several times, and every reader at each character: what a response costs is
  // their sum, so a long one may have fewer of both.
  const mostNodes = limits.elements * 2 - Math.floor((TEXT_WEIGHT * text.length) / limits.responseLength);
  const prefixes = new Set<string>();

  const limit = (code: SsoErrorCode, count: number, most: number): void => {
    if (count > most) checks.require(code, false, `at most ${most}`, `more than ${most}`);
  };

  // Six handlers and no more: with a seventh, V8 keeps the parser in its slow form and reading takes five times as long.
  parser.on('error', () => {
    const where = `line ${parser.line}, column ${parser.column}`;
    checks.require('sso.xmlMalformed', false, 'well-formed XML', `not well-formed at ${where}`);
  });
  parser.on('opentagstart', () => {
    elements += 1;
    attributesHere = 0;
    deepest = Math.max(deepest, open.length + 1);
    limit('sso.xmlTooManyElements', elements, limits.elements);
    limit('sso.xmlTooManyAttributes', elements + attributes, mostNodes);
    limit('sso.xmlTooDeep', deepest, limits.depth);
  });
  parser.on('attribute', ({ name }) => {
    attributes += 1;
    attributesHere += 1;
    limit('sso.xmlTooManyAttributes', attributesHere, limits.xmlAttributes);
    limit('sso.xmlTooManyAttributes', elements + attributes, mostNodes);
    if (name.startsWith('xmlns:')) limit('sso.xmlTooManyAttributes', prefixes.add(name).size, MAX_PREFIXES);
  });
  parser.on('opentag', (tag) => {
    const element: OpenElement = {
      namespace: tag.uri,
      name: tag.local,
      attributes: new Map(),
      children: [],
      text: '',
    };
    for (const { prefix, local, uri, value, name } of Object.values(tag.attributes)) {
      if (prefix === 'xmlns' || name === 'xmlns') continue;
      element.attributes.set(uri === '' ? local : `{${uri}}${local}`, value);
    }
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => void open.pop());
  parser.on('text', (value) => {
    const element = open.at(-1);
    if (element) element.text += value;
  });

  parser.write(text).close();
  if (!root) throw new CheckFailed('sso.response');
  checks.expect('sso.xmlTooManyElements', true, `at most ${limits.elements}`, String(elements));
  checks.expect('sso.xmlTooDeep', true, `at most ${limits.depth}`, String(deepest));
  checks.expect('sso.xmlTooManyAttributes', true, `at most ${mostNodes}`, String(elements + attributes));
  checks.expect('sso.xmlMalformed', true, 'well-formed XML', 'as expected');
  return root;
}

/**
 * The same document for a reader that takes U+0085 and U+2028 for line ends, as XML 1.1 has it and XML 1.0 has not:
 * both are written as references. Only for a text that {@link readXml} accepted, where they stand in text and in the
 * values of attributes alone.
 */
export function forXmlDom(text: string): string {
  return text.replaceAll('\u0085', '&#x85;').replaceAll('\u2028', '&#x2028;');
}

/**
 * A text without the white space of XML at its ends, as its schema has `anyURI` compared. Not by an expression: one that
 * ends in `+$` takes seconds on a run of blanks.
 */
export function collapsed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isXmlSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isXmlSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isXmlSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

/** Whether the element has this name in this namespace. */
export function isNamed(element: XmlElement, namespace: string, name: string): boolean {
  return element.name === name && element.namespace === namespace;
}

/** The children of this name in this namespace, in document order. */
export function childrenNamed(element: XmlElement, namespace: string, name: string): XmlElement[] {
  return element.children.filter((child) => isNamed(child, namespace, name));
}

/** Everything below the element, in document order. Depth is bounded by the reader. */
export function descendants(element: XmlElement, found: XmlElement[] = []): XmlElement[] {
  for (const child of element.children) {
    found.push(child);
    descendants(child, found);
  }
  return found;
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

/** Whether there is anything but elements, text and an XML declaration of version 1.0 and UTF-8 at the beginning. */
function hasOtherMarkup(text: string): boolean {
  return (
    text.includes('<!') || text.indexOf('<?', 1) > 0 || (text.startsWith('<?') && !DECLARATION.test(text))
  );
}

/** Whether there are more of these characters in a text; looks no further than it has to. */
function hasMoreThan(most: number, characters: readonly string[], text: string): boolean {
  let seen = 0;
  for (const character of characters) {
    for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) {
      seen += 1;
      if (seen > most) return true;
    }
  }
  return false;
}
