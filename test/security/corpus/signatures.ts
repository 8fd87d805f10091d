import { createHmac } from 'node:crypto';

import { C14N, formField } from '../../support/saml/response-builder.js';
import { testKey } from '../../support/saml/test-keys.js';
import { cut, type HostileCase, type HostileClass, signatureOf, signed, tampered } from './hostile-case.js';

const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const provider = () => testKey('provider').certificate;
const attacker = () => testKey('attacker');
const certificateElement = (embedded: string) => `<ds:X509Certificate>${embedded}</ds:X509Certificate>`;

const keys: HostileCase[] = [
  signed('signed by a stranger', 'sso.signature', () => ({ key: attacker() })),
  signed('signed by a stranger, provider certificate embedded', 'sso.signature', () => ({
    key: attacker(),
    embedded: testKey('provider').embedded,
  })),
  signed('signed by a stranger, no certificate embedded', 'sso.signature', () => ({
    key: attacker(),
    embedded: null,
  })),
  signed('not signed', 'sso.signatureMissing', { sign: 'none' }),
  signed('only the response signed', 'sso.signatureMissing', { sign: 'response' }),
  signed(
    'only the assertion signed where the response must be',
    'sso.signatureMissing',
    {},
    { options: { signature: 'response' } },
  ),
  signed(
    'nothing signed where either will do',
    'sso.signatureMissing',
    { sign: 'none' },
    { options: { signature: 'either' } },
  ),
  tampered('signature removed', 'sso.signatureMissing', (xml) => xml.replace(signatureOf(xml), '')),
  tampered('signature emptied', 'sso.signatureStructure', (xml) =>
    xml.replace(signatureOf(xml), `<ds:Signature xmlns:ds="${DSIG}"/>`),
  ),
  tampered('signature of a foreign namespace', 'sso.signatureStructure', (xml) =>
    xml.replace(signatureOf(xml), signatureOf(xml).replaceAll(DSIG, 'urn:x')),
  ),
  tampered(
    'valid signature of the response spoiled beside that of the assertion',
    'sso.signature',
    (xml) => xml.replace('Consent="urn:oasis', 'Consent="urn:other'),
    { spec: { sign: 'both' } },
  ),
  tampered(
    'response changed under its own signature',
    'sso.signature',
    (xml) => xml.replace('Consent="urn:oasis', 'Consent="urn:x'),
    {
      spec: { sign: 'response' },
      options: { signature: 'either' },
    },
  ),
  tampered('one letter of the identifier changed', 'sso.signature', (xml) =>
    xml.replaceAll('usr-1', 'usr-2'),
  ),
  tampered('one attribute added', 'sso.signature', (xml) =>
    xml.replace(
      '<AttributeStatement>',
      '<AttributeStatement><Attribute Name="extra"><AttributeValue>1</AttributeValue></Attribute>',
    ),
  ),
  tampered('role raised', 'sso.signature', (xml) => xml.replace('>Admin<', '>Super Admin<')),
  tampered('time limit moved', 'sso.signature', (xml) =>
    xml.replace(/NotOnOrAfter="20(\d\d)/, 'NotOnOrAfter="21$1'),
  ),
  tampered('digest value changed', 'sso.signature', (xml) =>
    xml.replace(/<ds:DigestValue>(.)/, (_, first) => `<ds:DigestValue>${first === 'Z' ? 'Y' : 'Z'}`),
  ),
  tampered('signature value changed', 'sso.signature', (xml) =>
    xml.replace(/<ds:SignatureValue>..../, '<ds:SignatureValue>ZZZZ'),
  ),
  tampered('signature value empty', 'sso.signatureStructure', (xml) =>
    xml.replace(/<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>'),
  ),
  tampered('signature value with letters outside base64', 'sso.signatureStructure', (xml) =>
    xml.replace(/<ds:SignatureValue>..../, '<ds:SignatureValue>$$%!'),
  ),
  signed('no certificate configured', 'sso.certificate', {}, { sso: { certificates: [], fingerprints: [] } }),
  signed(
    'only a 512 bit certificate configured',
    'sso.certificate',
    () => ({ key: testKey('tiny'), algorithm: 'sha1' }),
    {
      get sso() {
        return { certificates: [testKey('tiny').certificate] };
      },
    },
  ),
  signed(
    'assertion and response signed by two configured keys',
    'sso.signature',
    () => ({
      sign: 'both',
      responseKey: testKey('next'),
    }),
    {
      get sso() {
        return { certificates: [provider(), testKey('next').certificate] };
      },
    },
  ),
  signed('response signed by a stranger around a genuine assertion', 'sso.signature', () => ({
    sign: 'both',
    responseKey: attacker(),
  })),
];

const pin = (algorithm: 'sha1' | 'sha256' = 'sha256') => ({
  get sso() {
    return { certificates: [], fingerprints: [{ algorithm, digest: provider()[algorithm] }] };
  },
});

/** saml §2.5: the designs that were bypassed, tried on ours. */
const fingerprints: HostileCase[] = [
  signed('stranger with his own certificate', 'sso.fingerprint', () => ({ key: attacker() }), pin()),
  signed(
    'stranger with the genuine certificate',
    'sso.signature',
    () => ({ key: attacker(), embedded: testKey('provider').embedded }),
    pin(),
  ),
  signed('no embedded certificate', 'sso.certificate', { embedded: null }, pin()),
  signed('embedded garbage', 'sso.certificate', { embedded: 'AAAA' }, pin('sha1')),
  signed(
    'embedded certificate of 512 bits',
    'sso.certificate',
    () => ({ key: testKey('tiny'), algorithm: 'sha1' }),
    {
      get sso() {
        return {
          certificates: [],
          fingerprints: [{ algorithm: 'sha1' as const, digest: testKey('tiny').certificate.sha1 }],
        };
      },
    },
  ),
  tampered(
    'genuine certificate first, stranger’s second in one X509Data',
    'sso.certificate',
    (xml) =>
      xml.replace(
        '<ds:X509Certificate>',
        `${certificateElement(testKey('provider').embedded)}<ds:X509Certificate>`,
      ),
    { spec: { key: attacker() }, ...pin() },
  ),
  tampered(
    'genuine certificate in a second X509Data',
    'sso.certificate',
    (xml) =>
      xml.replace(
        '</ds:KeyInfo>',
        `<ds:X509Data>${certificateElement(testKey('provider').embedded)}</ds:X509Data></ds:KeyInfo>`,
      ),
    { spec: { key: attacker() }, ...pin() },
  ),
  tampered(
    'genuine certificate parked in extensions',
    'sso.certificate',
    (xml) =>
      xml.replace(
        '<samlp:Status>',
        `<samlp:Extensions><ds:X509Certificate xmlns:ds="${DSIG}">${testKey('provider').embedded}</ds:X509Certificate></samlp:Extensions><samlp:Status>`,
      ),
    { spec: { key: attacker() }, ...pin() },
  ),
  tampered(
    'genuine certificate outside of the signature only',
    'sso.certificate',
    (xml) =>
      xml.replace(
        '<samlp:Status>',
        `<samlp:Extensions><ds:X509Certificate xmlns:ds="${DSIG}">${testKey('provider').embedded}</ds:X509Certificate></samlp:Extensions><samlp:Status>`,
      ),
    { spec: { key: attacker(), embedded: null }, ...pin() },
  ),
  signed(
    'certificate text beyond 16 KB',
    'sso.certificate',
    () => ({ embedded: testKey('provider').embedded + 'A'.repeat(17_000) }),
    pin(),
  ),
  signed(
    'two certificates in one text',
    'sso.fingerprint',
    () => ({
      key: attacker(),
      embedded: Buffer.from(attacker().certificate.pem + provider().pem).toString('base64'),
    }),
    pin(),
  ),
  signed(
    'fingerprint of the text instead of the certificate',
    'sso.fingerprint',
    {},
    {
      sso: {
        certificates: [],
        fingerprints: [{ algorithm: 'sha1', digest: 'da39a3ee5e6b4b0d3255bfef95601890afd80709' }],
      },
    },
  ),
  signed(
    'fingerprint of the wrong length',
    'sso.fingerprint',
    {},
    {
      sso: { certificates: [], fingerprints: [{ algorithm: 'sha256', digest: 'abcd' }] },
    },
  ),
];

const method = (name: string, expected: HostileCase['expected'], uri: string): HostileCase =>
  tampered(name, expected, (xml) => xml.replace(/(<ds:SignatureMethod Algorithm=")[^"]*/, `$1${uri}`));
const digest = (name: string, uri: string): HostileCase =>
  tampered(name, 'sso.algorithm', (xml) => xml.replace(/(<ds:DigestMethod Algorithm=")[^"]*/, `$1${uri}`));

const algorithms: HostileCase[] = [
  method('HMAC-SHA1', 'sso.algorithm', `${DSIG}hmac-sha1`),
  method('HMAC-SHA256', 'sso.algorithm', 'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256'),
  {
    name: 'HMAC with the public certificate as its key',
    expected: 'sso.algorithm',
    respond: (scene) => {
      const xml = scene.xml().replace(/(<ds:SignatureMethod Algorithm=")[^"]*/, `$1${DSIG}hmac-sha1`);
      const mac = createHmac('sha1', provider().pem)
        .update(cut(xml, '<ds:SignedInfo>', '</ds:SignedInfo>'))
        .digest('base64');
      return formField(xml.replace(/<ds:SignatureValue>[^<]*/, `<ds:SignatureValue>${mac}`));
    },
  },
  method('RSA-MD5', 'sso.algorithm', 'http://www.w3.org/2001/04/xmldsig-more#rsa-md5'),
  method('RSA-PSS', 'sso.algorithm', 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1'),
  method('RSA-SHA384', 'sso.algorithm', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384'),
  method('DSA', 'sso.algorithm', `${DSIG}dsa-sha1`),
  method('ECDSA', 'sso.algorithm', 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256'),
  method('none', 'sso.algorithm', 'none'),
  method('empty', 'sso.algorithm', ''),
  method('non-standard URI of the ruby provider', 'sso.algorithm', `${DSIG}rsa-sha256`),
  method('upper case', 'sso.algorithm', `${DSIG}RSA-SHA1`),
  method('SHA-1 declared over SHA-256', 'sso.signature', `${DSIG}rsa-sha1`),
  digest('MD5 digest', 'http://www.w3.org/2001/04/xmldsig-more#md5'),
  digest('SHA-384 digest', 'http://www.w3.org/2001/04/xmldsig-more#sha384'),
  digest('non-standard digest URI of the ruby provider', `${DSIG}sha256`),
  signed(
    'SHA-1 where it is forbidden',
    'sso.algorithm',
    { algorithm: 'sha1' },
    { options: { algorithms: ['sha256', 'sha512'] } },
  ),
  signed(
    'SHA-512 where only SHA-256 is allowed',
    'sso.algorithm',
    { algorithm: 'sha512' },
    { options: { algorithms: ['sha256'] } },
  ),
  tampered('parameters of the signature method', 'sso.signatureStructure', (xml) =>
    xml.replace(
      /<ds:SignatureMethod ([^>]*)\/>/,
      '<ds:SignatureMethod $1><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>',
    ),
  ),
];

const structure = (name: string, change: (xml: string) => string): HostileCase =>
  tampered(name, 'sso.signatureStructure', change);
const signedInfo: HostileCase[] = [
  structure('two SignedInfo (CVE-2025-29774), forged one first', (xml) =>
    xml.replace(
      '<ds:SignedInfo>',
      `${cut(xml, '<ds:SignedInfo>', '</ds:SignedInfo>').replace(/<ds:DigestValue>[^<]*/, '<ds:DigestValue>AAAA')}<ds:SignedInfo>`,
    ),
  ),
  structure('two SignedInfo, forged one last', (xml) =>
    xml.replace('</ds:SignedInfo>', `</ds:SignedInfo>${cut(xml, '<ds:SignedInfo>', '</ds:SignedInfo>')}`),
  ),
  structure('SignedInfo behind the key info', (xml) => {
    const info = cut(xml, '<ds:SignedInfo>', '</ds:SignedInfo>');
    return xml.replace(info, '').replace('</ds:KeyInfo>', `</ds:KeyInfo>${info}`);
  }),
  tampered(
    'SignedInfo inside the key info',
    'sso.signatureStructure',
    (xml) => xml.replace('</ds:KeyInfo>', `</ds:KeyInfo>${cut(xml, '<ds:SignedInfo>', '</ds:SignedInfo>')}`),
    { needsEmbedded: true },
  ),
  structure('no reference', (xml) => xml.replace(cut(xml, '<ds:Reference ', '</ds:Reference>'), '')),
  structure('two references', (xml) =>
    xml.replace('</ds:Reference>', `</ds:Reference>${cut(xml, '<ds:Reference ', '</ds:Reference>')}`),
  ),
  structure('reference to nothing', (xml) =>
    xml.replace(/<ds:Reference URI="[^"]*"/, '<ds:Reference URI=""'),
  ),
  structure('reference without URI', (xml) => xml.replace(/<ds:Reference URI="[^"]*"/, '<ds:Reference')),
  structure('reference without #', (xml) => xml.replace('<ds:Reference URI="#', '<ds:Reference URI="')),
  structure('reference to the response', (xml) =>
    xml.replace(
      /<ds:Reference URI="#[^"]*"/,
      `<ds:Reference URI="#${/ ID="(_response[^"]*)"/.exec(xml)?.[1]}"`,
    ),
  ),
  structure('reference by XPointer', (xml) =>
    xml.replace(/<ds:Reference URI="#([^"]*)"/, `<ds:Reference URI="#xpointer(id('$1'))"`),
  ),
  structure('reference to a file', (xml) =>
    xml.replace(/<ds:Reference URI="#[^"]*"/, '<ds:Reference URI="file:///etc/hostname"'),
  ),
  structure('reference that breaks out of XPath', (xml) =>
    xml.replace(/<ds:Reference URI="#[^"]*"/, `<ds:Reference URI="#x' or '1'='1"`),
  ),
  structure('reference of a type', (xml) =>
    xml.replace('<ds:Reference URI=', '<ds:Reference Type="urn:x" URI='),
  ),
  structure('decoy signature beside the real one', (xml) =>
    xml.replace('<ds:Signature ', `${signatureOf(xml)}<ds:Signature `),
  ),
  structure('decoy signature in the response status', (xml) =>
    xml.replace('</samlp:Status>', `${signatureOf(xml)}</samlp:Status>`),
  ),
  structure('decoy signature in the subject', (xml) =>
    xml.replace('</Subject>', `${signatureOf(xml)}</Subject>`),
  ),
  structure('signature moved to the response', (xml) => {
    const signature = signatureOf(xml);
    return xml
      .replace(signature, '')
      .replace('<samlp:Status>', `${signature}<samlp:Status>`)
      .replace('<Subject>', `${signature}<Subject>`);
  }),
  structure('inclusive canonicalization', (xml) =>
    xml.replace(
      /(<ds:CanonicalizationMethod Algorithm=")[^"]*/,
      '$1http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
    ),
  ),
  structure('canonicalization with comments', (xml) =>
    xml.replace(/(<ds:CanonicalizationMethod Algorithm=")[^"]*/, `$1${C14N}WithComments`),
  ),
  structure('canonicalization by style sheet', (xml) =>
    xml.replace(
      /(<ds:CanonicalizationMethod Algorithm=")[^"]*/,
      '$1http://www.w3.org/TR/1999/REC-xslt-19991116',
    ),
  ),
  structure('object beside the key info', (xml) =>
    xml.replace('</ds:Signature>', '<ds:Object/></ds:Signature>'),
  ),
  structure('element inside the digest value', (xml) =>
    xml.replace('<ds:DigestValue>', '<ds:DigestValue><ds:x/>'),
  ),
  structure('two digest values', (xml) =>
    xml.replace('</ds:DigestValue>', '</ds:DigestValue><ds:DigestValue>AAAA</ds:DigestValue>'),
  ),
  structure('manifest instead of a reference', (xml) => xml.replaceAll('ds:Reference', 'ds:Manifest')),
];

const prefixes = (name: string, attributes: string, content = ''): HostileCase =>
  structure(`PrefixList ${name}`, (xml) =>
    xml.replace(
      new RegExp(`<ds:Transform Algorithm="${C14N}"\\s*/>`),
      `<ds:Transform Algorithm="${C14N}"><ec:InclusiveNamespaces xmlns:ec="${C14N}"${attributes}>${content}</ec:InclusiveNamespaces></ds:Transform>`,
    ),
  );
const TRANSFORM = /<ds:Transform Algorithm="[^"]*"\s*\/>/;
const transforms: HostileCase[] = [
  structure('no transforms', (xml) =>
    xml.replace(cut(xml, '<ds:Transforms>', '</ds:Transforms>'), '<ds:Transforms/>'),
  ),
  structure('no list of transforms', (xml) =>
    xml.replace(cut(xml, '<ds:Transforms>', '</ds:Transforms>'), ''),
  ),
  structure('third transform', (xml) =>
    xml.replace('</ds:Transforms>', `<ds:Transform Algorithm="${C14N}"/></ds:Transforms>`),
  ),
  structure('XPath transform', (xml) =>
    xml.replace(
      TRANSFORM,
      '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>1=0</ds:XPath></ds:Transform>',
    ),
  ),
  structure('XSLT transform', (xml) =>
    xml.replace(TRANSFORM, '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>'),
  ),
  structure('base64 transform', (xml) => xml.replace(TRANSFORM, `<ds:Transform Algorithm="${DSIG}base64"/>`)),
  signed('transforms in the other order', 'sso.signatureStructure', {
    transforms: [C14N, `${DSIG}enveloped-signature`],
  }),
  signed('enveloped signature only', 'sso.signatureStructure', {
    transforms: [`${DSIG}enveloped-signature`],
  }),
  signed('canonicalization with comments as a transform', 'sso.signatureStructure', {
    transforms: [`${DSIG}enveloped-signature`, `${C14N}WithComments`],
  }),
  prefixes('of 17 names', ` PrefixList="${Array.from({ length: 17 }, (_, i) => `p${i}`).join(' ')}"`),
  prefixes('of 257 characters', ` PrefixList="${'p'.repeat(257)}"`),
  prefixes('of 80 KB', ` PrefixList="${'a '.repeat(40_000)}"`),
  prefixes('left out', ''),
  prefixes('with another attribute', ' PrefixList="xs" Id="x"'),
  prefixes('with a child', ' PrefixList="xs"', '<x/>'),
  structure('content inside the enveloped-signature transform', (xml) =>
    xml.replace(
      /<ds:Transform Algorithm="([^"]*enveloped-signature)"\s*\/>/,
      '<ds:Transform Algorithm="$1"><x/></ds:Transform>',
    ),
  ),
];

export const signatureClasses: readonly HostileClass[] = [
  { name: 'signature and keys', cases: keys },
  { name: 'fingerprint', cases: fingerprints },
  { name: 'algorithm confusion', cases: algorithms },
  { name: 'SignedInfo and references', cases: signedInfo },
  { name: 'transforms', cases: transforms },
];
