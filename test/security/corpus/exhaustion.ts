import { ATTRIBUTES, formField } from '../../support/saml/response-builder.js';
import { type HostileCase, type HostileClass, type Scene, signatureOf, tampered } from './hostile-case.js';

const KB = 1024;
/** What fits the default limit on the form field. */
const ROOM = 80 * KB;
/** What fits into the body that the consume endpoint takes, 400,000 bytes, once that limit is raised as far. */
const WHOLE_BODY = 280_000;
export const WHOLE_LIMITS = { limits: { responseLength: 390_000 } };

const inExtensions = (content: string) => (xml: string) =>
  xml.replace('<samlp:Status>', `<samlp:Extensions>${content}</samlp:Extensions><samlp:Status>`);
const inAssertion = (content: string) => (xml: string) =>
  xml.replace('<AttributeStatement>', `${content}<AttributeStatement>`);
const inStatement = (content: string) => (xml: string) =>
  xml.replace('<AttributeStatement>', `<AttributeStatement>${content}`);
const nest = (open: string, close: string, levels: number): string =>
  open.repeat(levels) + close.repeat(levels);
const many = (make: (index: number) => string, count: number): string =>
  Array.from({ length: count }, (_, index) => make(index)).join('');

/** Values as Keycloak writes them: each says again what `xs` and `xsi` are. */
function typedRoles(count: number): string {
  const typed =
    'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string"';
  const value = (index: number): string => `<AttributeValue ${typed}>role-${index}</AttributeValue>`;
  return `<Attribute Name="Role">${many(value, count)}</Attribute>`;
}

/** The shapes of saml §3.4 that cost plain node-saml the more the larger they are. */
function filling(room: number): HostileCase[] {
  const fill = (unit: string): string => unit.repeat(Math.floor(room / unit.length));
  return [
    tampered('many empty elements outside', 'sso.xmlTooManyElements', inExtensions(fill('<a/>'))),
    tampered('many empty elements inside', 'sso.xmlTooManyElements', inAssertion(fill('<a/>'))),
    tampered('deep nesting that never ends', 'sso.xmlTooDeep', () => fill('<a>')),
    tampered('many comments outside', 'sso.xmlForbidden', inExtensions(fill('<!---->'))),
    tampered('many comments inside, signature intact', 'sso.xmlForbidden', inAssertion(fill('<!---->'))),
    tampered('many comments in NameID, signature intact', 'sso.xmlForbidden', (xml) =>
      xml.replace('usr-1</NameID>', `usr-1${fill('<!---->')}</NameID>`),
    ),
    tampered('many processing instructions', 'sso.xmlForbidden', inAssertion(fill('<?a?>'))),
    tampered('many CDATA sections', 'sso.xmlForbidden', inAssertion(fill('<![CDATA[]]>'))),
    tampered('run of less-than (GHSA-93r5-fhx6-vmg9)', 'sso.xmlMalformed', () => fill('<')),
    tampered('run of less-than inside', 'sso.xmlMalformed', inAssertion(fill('<'))),
    tampered('run of blanks in an end tag (GHSA-x4fp-j954-r2f4)', 'sso.signature', (xml) =>
      xml.replace('</AttributeStatement>', `<x/></AttributeStatement${fill(' ')}>`),
    ),
    tampered('run of blanks in a start tag', 'sso.signature', inAssertion(`<a${fill(' ')}/>`)),
    tampered('run of quotes', 'sso.xmlMalformed', inExtensions(`<a ${fill('"')}/>`)),
    tampered('run of equals signs', 'sso.xmlMalformed', inExtensions(`<a b${fill('=')}/>`)),
    tampered('run of colons in a name', 'sso.xmlMalformed', inExtensions(`<a${fill(':')}/>`)),
    tampered('long name', 'sso.signature', inAssertion(`<${fill('a')}/>`)),
    tampered('many unknown entities', 'sso.xmlTooManyReferences', inAssertion(fill('&x;'))),
    tampered('many ampersands', 'sso.xmlTooManyReferences', inAssertion(fill('&'))),
    tampered('many character references', 'sso.xmlTooManyReferences', (xml) =>
      xml.replace('>Acme<', `>${fill('&#65;')}<`),
    ),
    tampered('large text', 'sso.signature', (xml) => xml.replace('>Acme<', `>${fill('A')}<`)),
    tampered('large signature value', 'sso.signature', (xml) =>
      xml.replace('<ds:SignatureValue>', `<ds:SignatureValue>${fill('A')}`),
    ),
    tampered(
      'large certificate where it is looked at',
      'sso.certificate',
      (xml) => xml.replace('<ds:X509Certificate>', `<ds:X509Certificate>${fill('A')}`),
      { sso: { certificates: [], fingerprints: [{ algorithm: 'sha1', digest: '00'.repeat(20) }] } },
    ),
  ];
}

/** Shapes whose size is given, and shapes just beyond or just within a limit. */
const cases: HostileCase[] = [
  tampered('an unknown entity', 'sso.xmlMalformed', inAssertion('&x;')),
  tampered('one reference too many', 'sso.xmlTooManyReferences', inAssertion('&#65;'.repeat(2_001))),
  tampered('as many references as are allowed', 'sso.signature', inAssertion('&#65;'.repeat(2_000))),
  tampered('a few elements too many', 'sso.xmlTooManyElements', inExtensions('<a/>'.repeat(230))),
  tampered(
    'many elements with ids',
    'sso.xmlTooManyAttributes',
    inExtensions(many((i) => `<a ID="i${i}"/>`, 4000)),
  ),
  tampered('many signatures', 'sso.xmlTooManyElements', (xml) =>
    inExtensions(
      signatureOf(xml)
        .replace(/<ds:KeyInfo>.*<\/ds:KeyInfo>/s, '')
        .repeat(30),
    )(xml),
  ),
  tampered('many references', 'sso.xmlTooManyAttributes', (xml) =>
    xml.replace(
      '<ds:Reference ',
      `${'<ds:Reference URI="#x"><ds:DigestMethod Algorithm="x"/></ds:Reference>'.repeat(800)}<ds:Reference `,
    ),
  ),
  tampered('many audiences', 'sso.xmlTooManyElements', (xml) =>
    xml.replace('<Audience>', `${'<Audience>x</Audience>'.repeat(3000)}<Audience>`),
  ),
  tampered('many confirmations', 'sso.xmlTooManyAttributes', (xml) =>
    xml.replace(
      '<SubjectConfirmation ',
      `${'<SubjectConfirmation Method="x"/>'.repeat(2000)}<SubjectConfirmation `,
    ),
  ),
  tampered('many attributes of the person', 'sso.xmlTooManyAttributes', (xml) =>
    xml.replace(
      '<Attribute ',
      `${many((i) => `<Attribute Name="a${i}"><AttributeValue>x</AttributeValue></Attribute>`, 1200)}<Attribute `,
    ),
  ),
  tampered('deep nesting outside', 'sso.xmlTooDeep', inExtensions(nest('<a>', '</a>', 9000))),
  tampered('deep nesting inside', 'sso.xmlTooDeep', inAssertion(nest('<a>', '</a>', 9000))),
  tampered('one level too deep', 'sso.xmlTooDeep', inExtensions(nest('<a>', '</a>', 19))),
  tampered(
    'deep nesting of prefixes',
    'sso.xmlTooManyAttributes',
    inExtensions(many((i) => `<p${i}:a xmlns:p${i}="u">`, 2000)),
  ),
  tampered(
    'many attributes of an element',
    'sso.xmlTooManyAttributes',
    inExtensions(`<a ${many((i) => `b${i}="" `, 8000)}/>`),
  ),
  tampered(
    'one attribute too many',
    'sso.xmlTooManyAttributes',
    inExtensions(`<a ${many((i) => `b${i}="" `, 25)}/>`),
  ),
  tampered('many namespace declarations on the response', 'sso.xmlTooManyAttributes', (xml) =>
    xml.replace('<samlp:Response ', `<samlp:Response ${many((i) => `xmlns:n${i}="u${i}" `, 3000)}`),
  ),
  tampered(
    'full attributes on many elements',
    'sso.xmlTooManyAttributes',
    inExtensions(`<a ${many((i) => `b${i}="" `, 20)}/>`.repeat(40)),
  ),
  tampered(
    '200 prefixes of their own',
    'sso.xmlTooManyAttributes',
    inAssertion(many((i) => `<p${i}:a xmlns:p${i}="u${i}"/>`, 200)),
  ),
  tampered(
    'a few prefixes too many',
    'sso.xmlTooManyAttributes',
    inAssertion(many((i) => `<p${i}:a xmlns:p${i}="u${i}"/>`, 17)),
  ),
  tampered(
    'as many prefixes as are allowed, declared again and again',
    'sso.signature',
    inAssertion(many((i) => `<p${i % 12}:a xmlns:p${i % 12}="u${i}"/>`, 200)),
  ),
  tampered(
    '200 declarations of one prefix',
    'sso.signature',
    inAssertion(many((i) => `<p:a xmlns:p="u${i}"/>`, 200)),
  ),
  tampered(
    'as many elements and attributes as are allowed together',
    'sso.signature',
    inAssertion('<a b="" c=""/>'.repeat(145)),
  ),
  tampered(
    'as many prefixed elements and attributes as are allowed together',
    'sso.signature',
    inAssertion(many((i) => `<p${i % 12}:a xmlns:p${i % 12}="u" p${i % 12}:b=""/>`, 140)),
  ),
  tampered(
    'more elements and attributes than are allowed together',
    'sso.xmlTooManyAttributes',
    inAssertion('<a b="" c=""/>'.repeat(210)),
  ),
  tampered('as many roles with types as are allowed', 'sso.signature', inStatement(typedRoles(95))),
  tampered(
    'more roles with types than are allowed',
    'sso.xmlTooManyAttributes',
    inStatement(typedRoles(170)),
  ),
  tampered('as many of everything as is allowed', 'sso.signature', (xml) =>
    inAssertion('<p:a xmlns:p="u" p:b=""/>'.repeat(110))(xml).replace(
      '>Acme<',
      `>${'&amp;x'.repeat(1_900)}${'x'.repeat(50_000)}<`,
    ),
  ),
  tampered(
    'prefixes on every level',
    'sso.signature',
    inAssertion(
      many((i) => `<p${i}:a xmlns:p${i}="u${i}" p${i}:b="">`, 12) +
        '<a/>'.repeat(150) +
        many((i) => `</p${11 - i}:a>`, 12),
    ),
  ),
  tampered(
    '90 long attributes',
    'sso.signature',
    inAssertion(`<a ${many((i) => `b${i}="${'&#10;&amp;'.repeat(10)}${'x'.repeat(300)}" `, 18)}/>`.repeat(5)),
  ),
  tampered('as many long attributes of the person as are allowed', 'sso.signature', (xml) =>
    xml.replace(
      '<AttributeStatement>',
      `<AttributeStatement>${many((i) => `<Attribute Name="a${i}"><AttributeValue>${'x'.repeat(700)}</AttributeValue></Attribute>`, 90)}`,
    ),
  ),
  tampered(
    'as many line separators as are allowed',
    'sso.signature',
    inAssertion('\u2028\u0085'.repeat(1_000)),
  ),
  tampered(
    'one line separator too many',
    'sso.xmlTooManyReferences',
    inAssertion(`${'\u2028\u0085'.repeat(1_000)}&amp;`),
  ),
  tampered('a long SignedInfo', 'sso.signature', (xml) =>
    xml.replace('<ds:SignedInfo>', `<ds:SignedInfo Id="${'x'.repeat(70_000)}">`),
  ),
  tampered('a long digest value', 'sso.signatureStructure', (xml) =>
    xml.replace('<ds:DigestValue>', `<ds:DigestValue>${'A'.repeat(70_000)}`),
  ),
  tampered('as many elements as are allowed', 'sso.signature', (xml) => inAssertion('<a/>'.repeat(200))(xml)),
  tampered('as many attributes as are allowed', 'sso.signature', (xml) =>
    inAssertion(`<a ${many((i) => `b${i}="" `, 20)}/>`.repeat(20))(xml),
  ),
  { name: 'form field of 200 KB', expected: 'sso.inputTooLarge', respond: () => 'A'.repeat(200 * KB) },
  {
    name: 'form field of 1 MB',
    expected: 'sso.inputTooLarge',
    respond: ({ xml }) => formField(xml().replace('>Acme<', `>${'A'.repeat(700 * KB)}<`)),
  },
  { name: 'form field of 10 MB', expected: 'sso.inputTooLarge', respond: () => 'A'.repeat(10_000 * KB) },
  {
    name: 'large run of blanks in the base64',
    expected: 'sso.inputTooLarge',
    respond: ({ field }) => field() + ' '.repeat(200 * KB),
  },
  {
    name: 'form field of the whole body',
    expected: 'sso.inputTooLarge',
    respond: ({ xml }) => formField(xml().replace('>Acme<', `>${'A'.repeat(WHOLE_BODY)}<`)),
  },
];

/** What is rejected at any size, and costs whoever does not the more the larger it is. */
const AT_ANY_SIZE: readonly string[] = ['sso.xmlMalformed', 'sso.xmlForbidden'];
const small = filling(2 * KB);
const filled = filling(ROOM).map((one, n) =>
  AT_ANY_SIZE.includes(one.expected) ? { ...one, smaller: small[n]! } : one,
);

export const exhaustion: HostileClass = { name: 'resource exhaustion', cases: [...filled, ...cases] };

/**
 * The same with the limit on the form field raised as far as the body limit goes. Only measured: a build that lacks
 * the checks would take minutes for each.
 */
export const wholeBody: HostileClass = {
  name: 'resource exhaustion with the whole body',
  cases: filling(WHOLE_BODY).map((one) => ({ ...one, options: WHOLE_LIMITS })),
};

/** A valid response of that size: what the limit would be raised for. */
export function validWholeBody(scene: Scene): string {
  return scene.field({ attributes: { ...ATTRIBUTES, organizations: 'x'.repeat(WHOLE_BODY) } });
}
