import { ATTRIBUTES, attributeXml, escapeXml } from '../../support/saml/response-builder.js';
import { type HostileCase, type HostileClass, signed, tampered } from './hostile-case.js';

/** The usual attributes with some changed, left out (null) or written as XML of their own. */
function statement(changes: Readonly<Record<string, string | null>>, extra = ''): string {
  const entries = Object.entries({ ...ATTRIBUTES, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return `<AttributeStatement>${entries.map(([name, value]) => attributeXml(name, escapeXml(value))).join('')}${extra}</AttributeStatement>`;
}

const values = (
  name: string,
  expected: HostileCase['expected'],
  changes: Readonly<Record<string, string | null>>,
  extra?: string,
): HostileCase => signed(name, expected, { parts: { attributeStatement: statement(changes, extra) } });
/** Without a second identifier, so that it is not their disagreement that is noticed. */
const uid = (name: string, value: string): HostileCase =>
  signed(
    `uid ${name}`,
    'sso.uid',
    { parts: { attributeStatement: statement({ uid: value, mno_uid: '', virtual_uid: '' }) }, nameId: 'x' },
    { options: { nameIdMustMatchUid: false } },
  );
const group = (name: string, value: string | null): HostileCase =>
  values(`group ${name}`, 'sso.groupUid', { group_uid: value, virtual_uid: '' });

/** What must reach the profile byte for byte, but for the identifiers that have a check of their own. */
const EXACT = [
  'mno_session',
  'mno_session_recheck',
  'group_role',
  'email',
  'virtual_email',
  'group_email',
  'reseller_id',
  'group_reseller_id',
  'group_org_uid',
  'group_has_credit_card',
  'group_currency',
  'group_timezone',
  'group_country',
  'group_end_free_trial',
];
const ODD: readonly (readonly [string, string])[] = [
  ['line feed', '\n'],
  ['tab', '\t'],
  ['line separator', '\u2028'],
  ['next line', '\u0085'],
  ['control character', '\u007f'],
  ['change of direction', '\u202e'],
];
const COMPARED = [
  'email',
  'virtual_email',
  'group_email',
  'reseller_id',
  'group_reseller_id',
  'group_org_uid',
];
const LOOKALIKE: readonly (readonly [string, string])[] = [
  ['a blank behind it', ' '],
  ['a no-break space behind it', '\u00a0'],
  ['an ideographic space behind it', '\u3000'],
  ['a zero-width space behind it', '\u200b'],
  ['a soft hyphen behind it', '\u00ad'],
  ['a character for private use behind it', '\ue000'],
  ['an unassigned character behind it', '\u{e01f0}'],
];

/**
 * What the provider signed between two values that nobody reads, folded by an attacker into the URI of a namespace:
 * xml-crypto writes the URI unescaped, so the digest still holds, and who looks at the posted text sees nothing of it.
 */
function folded(name: string, expected: HostileCase['expected'], content: string): HostileCase {
  const hint = (text: string) => `<x:Hint xmlns:x="urn:x">${text}</x:Hint>`;
  const before = hint('a');
  const inside = `${before}</AttributeValue></Attribute>${content}<Attribute Name="after"><AttributeValue>${hint('b')}`;
  const uri = inside.slice('<x:Hint xmlns:x="'.length, inside.lastIndexOf('">b</x:Hint>'));
  return signed(`folded into a namespace: ${name}`, expected, {
    parts: {
      attributeStatement: statement(
        {},
        `<Attribute Name="before"><AttributeValue>${inside}</AttributeValue></Attribute>`,
      ),
    },
    afterSigning: (xml) => {
      const [start, end] = [xml.indexOf(before), xml.indexOf('b</x:Hint>')];
      return `${xml.slice(0, start)}<x:Hint xmlns:x="${escapeXml(uri)}">${xml.slice(end)}`;
    },
  });
}

const cases: HostileCase[] = [
  uid('empty', ''),
  uid('with a dot', 'usr-1.cld-2'),
  uid('with an at sign', 'usr@example.com'),
  uid('with a slash', 'usr/1'),
  uid('with dots and slashes', '../../admin'),
  uid('with a blank', 'usr 1'),
  uid('with a zero-width character', 'usr-1\u200b'),
  uid('with a Cyrillic letter', 'u\u0455r-1'),
  uid('with a combining accent', 'usr-1\u0301'),
  uid('beginning with a dash', '-usr-1'),
  uid('of 200 characters', 'u'.repeat(200)),
  uid('with quotes and SQL', "usr-1' OR '1'='1"),
  uid('with a colon', 'usr:1'),
  uid('with a percent sign', 'usr%2e1'),
  values('uid missing', 'sso.uid', { uid: null }),
  values('uid under a name in capitals only', 'sso.uid', { uid: null }, attributeXml('UID', 'usr-1')),
  group('missing', null),
  group('empty', ''),
  group('with a dot', 'cld-1.x'),
  group('with a slash', 'cld/1'),
  group('of another script', 'cld-\u0661'),
  values('virtual uid of another user', 'sso.virtualUid', { virtual_uid: 'usr-2.cld-1' }),
  values('virtual uid of another group', 'sso.virtualUid', { virtual_uid: 'usr-1.cld-2' }),
  signed('NameID of another user', 'sso.nameIdMismatch', { nameId: 'usr-admin' }),
  signed('NameID in another case', 'sso.nameIdMismatch', { nameId: 'USR-1' }),
  values('mno_uid of another user', 'sso.nameIdMismatch', { mno_uid: 'usr-admin' }),
  values('no session token', 'sso.sessionToken', { mno_session: null }),
  values('empty session token', 'sso.sessionToken', { mno_session: '' }),
  values('session token of 2,000 characters', 'sso.sessionToken', { mno_session: 't'.repeat(2000) }),
  values('uid twice with two values', 'sso.attributeConflict', {}, attributeXml('uid', 'usr-admin')),
  values(
    'role twice with two values',
    'sso.attributeConflict',
    {},
    attributeXml('group_role', 'Super Admin'),
  ),
  values(
    'name twice, alike only once it is cleaned',
    'sso.attributeConflict',
    { name: 'Jo Doe' },
    attributeXml('name', 'Jo\nDoe'),
  ),
  values(
    'uid with two values',
    'sso.attributeValue',
    { uid: null },
    attributeXml('uid', 'usr-1', 'usr-admin'),
  ),
  values(
    'e-mail with two values',
    'sso.attributeValue',
    { email: null },
    attributeXml('email', 'jo@example.com', 'admin@example.com'),
  ),
  values('uid with markup', 'sso.attributeValue', { uid: null }, attributeXml('uid', 'usr-1<b>admin</b>')),
  values(
    'uid with an element only',
    'sso.attributeValue',
    { email: null },
    attributeXml('email', '<NameID>usr-1</NameID>'),
  ),
  values(
    'company with markup',
    'sso.attributeValue',
    { company_name: null },
    attributeXml('company_name', '<b>Acme</b>'),
  ),
  values(
    'city with two values',
    'sso.attributeValue',
    { group_city: null },
    attributeXml('group_city', 'Sydney', 'Perth'),
  ),
  ...EXACT.flatMap((name) =>
    ODD.map(([what, character]) =>
      values(`${what} in ${name}`, 'sso.attributeValue', {
        [name]: `${ATTRIBUTES[name] ?? 'x'}${character}x`,
      }),
    ),
  ),
  ...COMPARED.flatMap((name) =>
    LOOKALIKE.map(([what, character]) =>
      values(`${name} with ${what}`, 'sso.attributeValue', {
        [name]: `${ATTRIBUTES[name] ?? 'x-1'}${character}`,
      }),
    ),
  ),
  values('blank before an address', 'sso.attributeValue', { email: ' jo@example.com' }),
  values('address of blanks', 'sso.attributeValue', { group_email: '  ' }),
  signed(
    'mno_uid that only looks like the uid, with the check off',
    'sso.attributeValue',
    { parts: { attributeStatement: statement({ mno_uid: 'usr-1\u200b' }) } },
    { options: { nameIdMustMatchUid: false } },
  ),
  ...['\u2028', '\u0085', '\n'].flatMap((end) => [
    values(`token of nothing but ${JSON.stringify(end)}`, 'sso.attributeValue', { mno_session: end }),
    values(`role of nothing but ${JSON.stringify(end)}`, 'sso.attributeValue', { group_role: end }),
    signed(
      `NameID with ${JSON.stringify(end)} inside, with the check off`,
      'sso.nameId',
      { nameId: `usr${end}1` },
      { options: { nameIdMustMatchUid: false } },
    ),
    signed(
      `NameID of nothing but ${JSON.stringify(end)}, with the check off`,
      'sso.nameId',
      { nameId: end },
      { options: { nameIdMustMatchUid: false } },
    ),
  ]),
  signed(
    'NameID with an invisible character, with the check off',
    'sso.nameId',
    { nameId: 'usr\u200b-1' },
    { options: { nameIdMustMatchUid: false } },
  ),
  values('encrypted part in a value nobody reads', 'sso.encrypted', {}, attributeXml('x', '<EncryptedID/>')),
  values('assertion in a value nobody reads', 'sso.assertion', {}, attributeXml('x', '<Assertion/>')),
  values(
    'response in a value nobody reads',
    'sso.response',
    {},
    attributeXml('x', '<samlp:Response ID="_x"/>'),
  ),
  ...['ID', 'Id', 'id', 'xml:id'].map((id) =>
    values(
      `${id} twice in values nobody reads`,
      'sso.duplicateId',
      {},
      attributeXml('x', `<y ${id}="i"/>`, `<y ${id}="i"/>`),
    ),
  ),
  values('encrypted attribute', 'sso.encrypted', {}, '<EncryptedAttribute/>'),
  values(
    'attribute __proto__ in a value nobody reads',
    'sso.attributes',
    {},
    attributeXml('x', attributeXml('__proto__', 'y')),
  ),
  signed('attribute __proto__ in a second statement', 'sso.attributes', {
    parts: {
      attributeStatement: `${statement({})}<AttributeStatement>${attributeXml('__proto__', 'x')}</AttributeStatement>`,
    },
  }),
  signed('120 attributes over two statements', 'sso.attributes', {
    parts: {
      attributeStatement: `${statement({})}<AttributeStatement>${'<Attribute Name="x"/>'.repeat(101)}</AttributeStatement>`,
    },
  }),
  folded('encrypted part', 'sso.encrypted', attributeXml('y', '<EncryptedID></EncryptedID>')),
  folded('response', 'sso.assertion', attributeXml('y', '<Response></Response>')),
  folded('repeated id', 'sso.duplicateId', attributeXml('y', '<y ID="i"></y><y ID="i"></y>')),
  folded('attribute __proto__', 'sso.attributes', attributeXml('__proto__', 'x')),
  folded(
    'attribute __proto__ in a value nobody reads',
    'sso.attributes',
    attributeXml('y', attributeXml('__proto__', 'x')),
  ),
  // Before any key is looked at.
  tampered('attribute __proto__ that nobody signed', 'sso.attributes', (xml) =>
    xml.replace('</AttributeStatement>', `${attributeXml('__proto__', 'x')}</AttributeStatement>`),
  ),
  folded('second uid', 'sso.attributeConflict', attributeXml('uid', 'usr-admin')),
  folded('address that runs on', 'sso.attributeConflict', attributeXml('email', 'jo@example.com\u2028')),
  values('line feed in an e-mail address', 'sso.attributeValue', {
    email: 'jo@example.com\nBcc: all@example.com',
  }),
  values('text that runs backwards', 'sso.attributeValue', { email: 'jo@\u202emoc.live' }),
  values('address of 40 KB', 'sso.attributeValue', { email: 'x'.repeat(40_000) }),
  values('attribute __proto__', 'sso.attributes', {}, attributeXml('__proto__', 'x')),
  values(
    'attribute __proto__ with children',
    'sso.attributes',
    {},
    attributeXml('__proto__', '<group_uid>cld-2</group_uid>'),
  ),
  values('attribute constructor', 'sso.attributes', {}, attributeXml('constructor', 'x')),
  values('attribute prototype', 'sso.attributes', {}, attributeXml('prototype', 'x')),
  values(
    'attribute without a name',
    'sso.attributes',
    {},
    '<Attribute><AttributeValue>x</AttributeValue></Attribute>',
  ),
  values('attribute with an empty name', 'sso.attributes', {}, attributeXml('', 'x')),
  values('attribute name of 300 characters', 'sso.attributes', {}, attributeXml('n'.repeat(300), 'x')),
  values('attribute name that runs backwards', 'sso.attributes', {}, attributeXml('\u202ediu', 'x')),
  values('element that is no attribute', 'sso.attributes', {}, '<Other/>'),
  values('attribute of a foreign namespace', 'sso.attributes', {}, '<x:Attribute xmlns:x="urn:x" Name="y"/>'),
  signed('no attribute statement', 'sso.attributes', { parts: { attributeStatement: '' } }),
  signed('two attribute statements that disagree', 'sso.attributeConflict', {
    parts: { attributeStatement: statement({}) + statement({ uid: 'usr-2' }) },
  }),
  values(
    '125 attributes',
    'sso.attributes',
    {},
    Array.from({ length: 101 }, (_, i) => attributeXml(`x${i}`, ''))
      .join('')
      .replaceAll('<AttributeValue></AttributeValue>', ''),
  ),
];

export const attributes: HostileClass = { name: 'attributes', cases };
