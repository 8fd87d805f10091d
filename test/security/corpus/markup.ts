import { type HostileCase, type HostileClass, signed, tampered } from './hostile-case.js';

const inNameId = (insert: string) => (xml: string) =>
  xml.replace('>usr-1</NameID>', `>usr-1${insert}</NameID>`);
const front = (text: string) => (xml: string) => text + xml;

/** CVE-2018-0489 and its relatives, CVE-2025-29775, CVE-2025-54369: text that two readers read differently. */
const truncation: HostileCase[] = [
  tampered('comment at the end of NameID', 'sso.xmlForbidden', inNameId('<!---->.evil.com')),
  tampered('comment that cuts the identifier', 'sso.xmlForbidden', (xml) =>
    xml.replace('>usr-1<', '>usr-1<!-- x -->2<'),
  ),
  signed('comment that the provider signed', 'sso.xmlForbidden', {
    beforeSigning: (xml) => xml.replace('>usr-1</NameID>', '>usr-1<!---->.attacker</NameID>'),
  }),
  tampered('comment in the digest value (CVE-2025-29775)', 'sso.xmlForbidden', (xml) =>
    xml.replace('<ds:DigestValue>', '<ds:DigestValue><!--AAAA-->'),
  ),
  tampered('comment in the signature value', 'sso.xmlForbidden', (xml) =>
    xml.replace('<ds:SignatureValue>', '<ds:SignatureValue><!---->'),
  ),
  tampered('comment before the root', 'sso.xmlForbidden', front('<!-- hello -->')),
  tampered('comment behind the root', 'sso.xmlForbidden', (xml) => `${xml}<!-- -->`),
  tampered('comment in an attribute value', 'sso.xmlForbidden', (xml) =>
    xml.replace('jo@example.com', 'jo@example.com<!---->.evil.com'),
  ),
  tampered('processing instruction in NameID (CVE-2025-54369)', 'sso.xmlForbidden', inNameId('<?x y?>')),
  tampered('processing instruction that hides a prefix', 'sso.xmlForbidden', (xml) =>
    xml.replace('>usr-1</NameID>', '><?usr-admin?>usr-1</NameID>'),
  ),
  tampered(
    'processing instruction before the root',
    'sso.xmlForbidden',
    front('<?xml-stylesheet href="x"?>'),
  ),
  tampered('processing instruction behind the root', 'sso.xmlForbidden', (xml) => `${xml}<?php echo 1?>`),
  tampered('CDATA in NameID', 'sso.xmlForbidden', inNameId('<![CDATA[.evil]]>')),
  tampered('CDATA around the identifier', 'sso.xmlForbidden', (xml) =>
    xml.replace('>usr-1</NameID>', '><![CDATA[usr-1]]></NameID>'),
  ),
  signed('CDATA that the provider signed', 'sso.xmlForbidden', {
    beforeSigning: (xml) => xml.replace('>usr-1</NameID>', '><![CDATA[usr-1]]></NameID>'),
  }),
  tampered('character reference in place of a letter', 'sso.signature', (xml) =>
    xml.replaceAll('>usr-1<', '>usr-&#50;<'),
  ),
  tampered('character reference to NUL', 'sso.xmlMalformed', inNameId('&#0;')),
  tampered('character reference beyond Unicode', 'sso.xmlMalformed', inNameId('&#x110000;')),
  tampered('character reference to a surrogate', 'sso.xmlMalformed', inNameId('&#xD800;')),
];

const dtd = (declarations: string) => front(`<!DOCTYPE samlp:Response [${declarations}]>`);
const entities: HostileCase[] = [
  tampered('empty document type', 'sso.xmlForbidden', front('<!DOCTYPE samlp:Response>')),
  tampered(
    'external document type',
    'sso.xmlForbidden',
    front('<!DOCTYPE r SYSTEM "http://127.0.0.1:9/evil.dtd">'),
  ),
  tampered('external entity', 'sso.xmlForbidden', (xml) =>
    dtd('<!ENTITY x SYSTEM "file:///etc/hostname">')(inNameId('&x;')(xml)),
  ),
  tampered('parameter entity', 'sso.xmlForbidden', dtd('<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;')),
  tampered('internal entity', 'sso.xmlForbidden', (xml) => dtd('<!ENTITY x "admin">')(inNameId('&x;')(xml))),
  tampered('billion laughs', 'sso.xmlForbidden', (xml) =>
    dtd(
      Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('') +
        '<!ENTITY l0 "ha">',
    )(inNameId('&l9;')(xml)),
  ),
  tampered(
    'attribute defaults that make another ID',
    'sso.xmlForbidden',
    dtd('<!ATTLIST samlp:Status ID ID "x">'),
  ),
  tampered(
    'document type behind the declaration',
    'sso.xmlForbidden',
    front('<?xml version="1.0"?><!DOCTYPE r>'),
  ),
  tampered('document type in lower case', 'sso.xmlForbidden', front('<!doctype r>')),
  tampered('undeclared entity', 'sso.xmlMalformed', inNameId('&nbsp;')),
];

/** What lenient parsers take (saml §3.3 row 22). */
const leniency: HostileCase[] = [
  tampered('XML 1.1', 'sso.xmlForbidden', front('<?xml version="1.1"?>')),
  tampered(
    'another encoding declared',
    'sso.xmlForbidden',
    front('<?xml version="1.0" encoding="ISO-8859-1"?>'),
  ),
  tampered('UTF-16 declared', 'sso.xmlForbidden', front('<?xml version="1.0" encoding="UTF-16"?>')),
  tampered('UTF-7 declared', 'sso.xmlForbidden', front('<?xml version="1.0" encoding="utf-7"?>')),
  tampered('blank before the declaration', 'sso.xmlForbidden', front(' <?xml version="1.0"?>')),
  tampered('two declarations', 'sso.xmlForbidden', front('<?xml version="1.0"?><?xml version="1.0"?>')),
  tampered('attribute without quotes', 'sso.xmlMalformed', (xml) =>
    xml.replace('Version="2.0"', 'Version=2.0'),
  ),
  tampered('attribute without a value', 'sso.xmlMalformed', (xml) =>
    xml.replace('Version="2.0"', 'Version="2.0" extra'),
  ),
  tampered('attribute twice', 'sso.xmlMalformed', (xml) =>
    xml.replace('<samlp:Response ', '<samlp:Response Version="2.0" '),
  ),
  tampered('attribute twice by two prefixes', 'sso.xmlMalformed', (xml) =>
    xml.replace('<samlp:Status>', '<samlp:Status xmlns:a="urn:x" xmlns:b="urn:x" a:ID="1" b:ID="2">'),
  ),
  tampered('end tag of another name', 'sso.xmlMalformed', (xml) =>
    xml.replace('</samlp:Status>', '</samlp:Statu>'),
  ),
  tampered('missing end tag', 'sso.xmlMalformed', (xml) => xml.replace('</samlp:Status>', '')),
  tampered('text before the root', 'sso.xmlMalformed', front('hello')),
  tampered('text behind the root', 'sso.xmlMalformed', (xml) => `${xml}hello`),
  tampered('unknown prefix', 'sso.xmlMalformed', (xml) =>
    xml.replace('<samlp:Status>', '<samlp:Status><nope:a/>'),
  ),
  tampered('prefix redefined as xml', 'sso.xmlMalformed', (xml) =>
    xml.replace('<samlp:Status>', '<samlp:Status xmlns:xml="urn:x">'),
  ),
  tampered('bare ampersand', 'sso.xmlMalformed', (xml) => xml.replace('>Acme<', '>A & B<')),
  tampered('bare less-than', 'sso.xmlMalformed', (xml) => xml.replace('>Acme<', '>A < B<')),
  tampered('control character', 'sso.xmlMalformed', inNameId('\u0001')),
  tampered('NUL', 'sso.xmlMalformed', inNameId('\0')),
  tampered('end of CDATA in text', 'sso.xmlMalformed', inNameId(']]>')),
  tampered('less-than in an attribute', 'sso.xmlMalformed', (xml) =>
    xml.replace('Version="2.0"', 'Version="2.0" x="<"'),
  ),
  tampered('cut in the middle', 'sso.xmlMalformed', (xml) => xml.slice(0, xml.length / 2)),
  tampered('empty document', 'sso.xmlMalformed', () => ' '),
  tampered('plain text', 'sso.xmlMalformed', () => 'usr-1'),
  tampered('JSON', 'sso.xmlMalformed', () => '{"uid":"usr-1"}'),
  tampered('HTML', 'sso.xmlMalformed', () => '<html><body><p>hello</body></html>'),
];

export const truncationClass: HostileClass = { name: 'truncation', cases: truncation };
export const entityClass: HostileClass = { name: 'DTD, XXE, entities', cases: entities };
export const leniencyClass: HostileClass = { name: 'parser leniency', cases: leniency };
