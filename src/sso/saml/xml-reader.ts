import { SaxesParser } from 'saxes';

import type { SsoErrorCode } from '../../errors/sso-error-codes.js';
import type { SsoLimits } from '../../interfaces/sso-options.interface.js';
import { CheckFailed, type CheckList } from './check-list.js';
import type { XmlElement } from './xml-element.js';

interface OpenElement extends XmlElement {
  readonly attributes: Map<string, string>;
  readonly children: OpenElement[];
  text: string;
}

/** Everything but an XML declaration at the very beginning. */
const MARKUP_DECLARATION = /<!|<\?(?!xml[ \t\r\n])|(?!^)<\?xml/;

/**
 * Reads XML strictly and stops at the first thing that is not allowed, so that nothing hostile reaches a parser
 * that builds a document (reference/saml §3.3 rows 7 and 22, §3.4).
 *
 * @throws {@link CheckFailed} with `sso.xml…`.
 */
export function readXml(text: string, limits: Required<SsoLimits>, checks: CheckList): XmlElement {
  checks.require(
    'sso.xmlForbidden',
    !MARKUP_DECLARATION.test(text),
    'elements and text only',
    'other markup',
  );

  const parser = new SaxesParser({ xmlns: true, position: true });
  const open: OpenElement[] = [];
  let root: OpenElement | undefined;
  let elements = 0;
  let xmlAttributes = 0;
  let deepest = 0;

  const limit = (code: SsoErrorCode, count: number, most: number): void => {
    if (count > most && !checks.ignores(code)) {
      checks.require(code, false, `at most ${most}`, `more than ${most}`);
    }
  };
  const malformed = (message: string): void => {
    const where = `line ${parser.line}, column ${parser.column}`;
    checks.require('sso.xmlMalformed', false, 'well-formed XML 1.0 in UTF-8', `${message} at ${where}`);
  };

  parser.on('error', () => malformed('not well-formed'));
  parser.on('xmldecl', ({ version, encoding }) => {
    const understood = version === '1.0' && (encoding === undefined || encoding.toLowerCase() === 'utf-8');
    if (!understood) malformed('another version or encoding');
  });
  parser.on('opentagstart', () => {
    elements += 1;
    xmlAttributes = 0;
    deepest = Math.max(deepest, open.length + 1);
    limit('sso.xmlTooManyElements', elements, limits.elements);
    limit('sso.xmlTooDeep', deepest, limits.depth);
  });
  parser.on('attribute', () => {
    xmlAttributes += 1;
    limit('sso.xmlTooManyAttributes', xmlAttributes, limits.xmlAttributes);
  });
  parser.on('opentag', (tag) => {
    const attributes = new Map<string, string>();
    for (const { prefix, local, uri, value, name } of Object.values(tag.attributes)) {
      if (prefix === 'xmlns' || name === 'xmlns') continue;
      attributes.set(uri === '' ? local : `{${uri}}${local}`, value);
    }
    const element: OpenElement = { namespace: tag.uri, name: tag.local, attributes, children: [], text: '' };
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
  if (!root) throw new CheckFailed('sso.xmlMalformed');
  checks.expect('sso.xmlTooManyElements', true, `at most ${limits.elements}`, String(elements));
  checks.expect('sso.xmlTooDeep', true, `at most ${limits.depth}`, String(deepest));
  checks.expect('sso.xmlTooManyAttributes', true, `at most ${limits.xmlAttributes}`, 'fewer on each element');
  checks.expect('sso.xmlMalformed', true, 'well-formed XML 1.0 in UTF-8', 'so it is');
  return root;
}
