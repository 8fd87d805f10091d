import { ATTRIBUTES, attributeXml, escapeXml } from '../../support/saml/response-builder.js';
import { type HostileCase, type HostileClass, signed } from './hostile-case.js';

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
/** The uid everywhere, so that it is not the disagreement that is noticed. */
const uid = (name: string, value: string): HostileCase =>
  signed(
    `uid ${name}`,
    'sso.uid',
    {
      parts: { attributeStatement: statement({ uid: value, mno_uid: value, virtual_uid: '' }) },
      nameId: value.trim() || 'x',
    },
    { options: { nameIdMustMatchUid: false } },
  );
const group = (name: string, value: string | null): HostileCase =>
  values(`group ${name}`, 'sso.groupUid', { group_uid: value, virtual_uid: '' });

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
    'unknown attribute twice with two values',
    'sso.attributeConflict',
    {},
    attributeXml('x', '1') + attributeXml('x', '2'),
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
    'unknown attribute with markup',
    'sso.attributeValue',
    {},
    attributeXml('x', '<script>alert(1)</script>'),
  ),
  values('line feed in an e-mail address', 'sso.attributeValue', {
    email: 'jo@example.com\nBcc: all@example.com',
  }),
  values('carriage return in a name', 'sso.attributeValue', { name: 'Jo\rSet-Cookie: x=1' }),
  values('line separator in a group name', 'sso.attributeValue', { group_name: 'Acme\u2028x' }),
  values('text that runs backwards', 'sso.attributeValue', { email: 'jo@\u202emoc.live' }),
  values(
    'isolated direction in an unknown attribute',
    'sso.attributeValue',
    {},
    attributeXml('x', '\u2066abc'),
  ),
  values('C1 control character', 'sso.attributeValue', { surname: 'Doe\u0085' }),
  values('delete character', 'sso.attributeValue', {}, attributeXml('x', '\u007f')),
  values('value of 40 KB', 'sso.attributeValue', { company_name: 'x'.repeat(40_000) }),
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
  signed('two attribute statements', 'sso.attributes', {
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
