import { assertionOf, type HostileCase, type HostileClass, signatureOf, tampered } from './hostile-case.js';

/** The assertion an attacker writes himself: somebody else's uid, another ID, no signature of its own. */
function evilAssertion(xml: string, id = '_evil'): string {
  return assertionOf(xml)
    .replace(signatureOf(xml), '')
    .replace(/ ID="[^"]+"/, ` ID="${id}"`)
    .replaceAll('usr-1', 'usr-admin');
}

const idOf = (xml: string): string => / ID="([^"]+)"/.exec(assertionOf(xml))?.[1] ?? '';

/** Where a second assertion can be put; the first argument is the signed response, the second the addition. */
const PLACES: Readonly<Record<string, (xml: string, addition: string) => string>> = {
  'before the assertion': (xml, addition) => xml.replace('<Assertion ', `${addition}<Assertion `),
  'after the assertion': (xml, addition) => xml.replace('</samlp:Response>', `${addition}</samlp:Response>`),
  'at the front of the response': (xml, addition) => xml.replace('<Issuer ', `${addition}<Issuer `),
  'in extensions': (xml, addition) =>
    xml.replace('<samlp:Status>', `<samlp:Extensions>${addition}</samlp:Extensions><samlp:Status>`),
  'in a status detail': (xml, addition) =>
    xml.replace('</samlp:Status>', `<samlp:StatusDetail>${addition}</samlp:StatusDetail></samlp:Status>`),
  'in an object of the signature': (xml, addition) =>
    xml.replace('</ds:Signature>', `<ds:Object>${addition}</ds:Object></ds:Signature>`),
  'in the key info': (xml, addition) => xml.replace('</ds:KeyInfo>', `${addition}</ds:KeyInfo>`),
  'in the subject': (xml, addition) => xml.replace('</Subject>', `${addition}</Subject>`),
  'in an advice': (xml, addition) =>
    xml.replace('<AttributeStatement>', `<Advice>${addition}</Advice><AttributeStatement>`),
  'in an attribute value': (xml, addition) =>
    xml.replace('</AttributeValue>', `${addition}</AttributeValue>`),
};

const placed: HostileCase[] = Object.entries(PLACES).flatMap(([place, put]) => {
  const needsEmbedded = place === 'in the key info';
  return [
    tampered(`forged assertion ${place}`, 'sso.assertion', (xml) => put(xml, evilAssertion(xml)), {
      needsEmbedded,
    }),
    tampered(
      `forged assertion with the ID of the signed one ${place}`,
      'sso.assertion',
      (xml) => put(xml, evilAssertion(xml, idOf(xml))),
      { needsEmbedded },
    ),
    tampered(
      `signed assertion moved ${place}, forged one instead`,
      'sso.assertion',
      (xml) => {
        const original = assertionOf(xml);
        const forged = evilAssertion(xml).replace('<Subject>', `${signatureOf(xml)}<Subject>`);
        return put(xml.replace(original, forged), original.replace(signatureOf(xml), ''));
      },
      { needsEmbedded },
    ),
  ];
});

/** The eight classic forms; one and two wrap a signed response. */
const classic: HostileCase[] = [
  tampered(
    'XSW1: signed response inside the signature of a forged one',
    'sso.response',
    (xml) => {
      const original = xml.replace(signatureOf(xml), '');
      const forged = xml.replace(/ ID="_response/, ' ID="_evil').replaceAll('usr-1', 'usr-admin');
      return forged.replace('</ds:Signature>', `<ds:Object>${original}</ds:Object></ds:Signature>`);
    },
    { spec: { sign: 'response' }, options: { signature: 'response' } },
  ),
  tampered(
    'XSW2: signed response beside the signature of a forged one',
    'sso.response',
    (xml) => {
      const original = xml.replace(signatureOf(xml), '');
      const forged = xml.replace(/ ID="_response/, ' ID="_evil').replaceAll('usr-1', 'usr-admin');
      return forged.replace('<ds:Signature ', `${original}<ds:Signature `);
    },
    { spec: { sign: 'response' }, options: { signature: 'response' } },
  ),
  tampered('XSW3: forged assertion first', 'sso.assertion', (xml) =>
    xml.replace('<Assertion ', `${evilAssertion(xml)}<Assertion `),
  ),
  tampered('XSW4: signed assertion inside the forged one', 'sso.assertion', (xml) => {
    const original = assertionOf(xml);
    return xml.replace(original, evilAssertion(xml).replace('</Assertion>', `${original}</Assertion>`));
  }),
  tampered('XSW5: signature in the forged assertion, original without it last', 'sso.assertion', (xml) => {
    const original = assertionOf(xml);
    const forged = evilAssertion(xml).replace('<Subject>', `${signatureOf(xml)}<Subject>`);
    return xml.replace(original, forged + original.replace(signatureOf(xml), ''));
  }),
  tampered('XSW6: original inside the signature of the forged assertion', 'sso.assertion', (xml) => {
    const original = assertionOf(xml).replace(signatureOf(xml), '');
    const signature = signatureOf(xml).replace('</ds:Signature>', `${original}</ds:Signature>`);
    return xml.replace(assertionOf(xml), evilAssertion(xml).replace('<Subject>', `${signature}<Subject>`));
  }),
  tampered('XSW7: forged assertion in extensions with the same ID', 'sso.assertion', (xml) =>
    xml.replace(
      '<samlp:Status>',
      `<samlp:Extensions>${evilAssertion(xml, idOf(xml))}</samlp:Extensions><samlp:Status>`,
    ),
  ),
  tampered('XSW8: original in an object of the signature', 'sso.assertion', (xml) => {
    const original = assertionOf(xml).replace(signatureOf(xml), '');
    const signature = signatureOf(xml).replace(
      '</ds:Signature>',
      `<ds:Object>${original}</ds:Object></ds:Signature>`,
    );
    return xml.replace(assertionOf(xml), evilAssertion(xml).replace('<Subject>', `${signature}<Subject>`));
  }),
];

const others: HostileCase[] = [
  tampered('two responses in an envelope', 'sso.response', (xml) => `<Envelope>${xml}${xml}</Envelope>`),
  tampered('signed response nested in a forged one', 'sso.response', (xml) =>
    xml
      .replace(assertionOf(xml), `<samlp:Extensions>${xml}</samlp:Extensions>${evilAssertion(xml)}`)
      .replace(/ ID="_response/, ' ID="_outer'),
  ),
  tampered('two roots', 'sso.xmlMalformed', (xml) => xml + xml.replaceAll('usr-1', 'usr-admin')),
  tampered('assertion of a foreign namespace beside the signed one', 'sso.assertion', (xml) =>
    xml.replace('<Assertion ', `<Assertion xmlns="urn:x" ID="_evil"></Assertion><Assertion `),
  ),
  tampered('assertion moved into a foreign namespace', 'sso.assertion', (xml) =>
    xml.replace('<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"', '<Assertion xmlns="urn:x"'),
  ),
  tampered('response of a foreign namespace', 'sso.response', (xml) =>
    xml.replace('xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"', 'xmlns:samlp="urn:x"'),
  ),
  tampered('assertion as the root', 'sso.response', (xml) => assertionOf(xml)),
  tampered('unknown child of the response', 'sso.response', (xml) =>
    xml.replace('<samlp:Status>', '<samlp:Extra/><samlp:Status>'),
  ),
  tampered('two extensions', 'sso.response', (xml) =>
    xml.replace('<samlp:Status>', '<samlp:Extensions/><samlp:Extensions/><samlp:Status>'),
  ),
  tampered('ID of the assertion on another element too', 'sso.duplicateId', (xml) =>
    xml.replace('<samlp:Status>', `<samlp:Status ID="${idOf(xml)}">`),
  ),
  tampered('Id in another spelling on another element', 'sso.duplicateId', (xml) =>
    xml.replace('<samlp:Status>', `<samlp:Status Id="${idOf(xml)}">`),
  ),
  tampered('xml:id with the ID of the assertion', 'sso.duplicateId', (xml) =>
    xml.replace('<samlp:Status>', `<samlp:Status xml:id="${idOf(xml)}">`),
  ),
  tampered('ID of the response repeated on the assertion', 'sso.duplicateId', (xml) =>
    xml.replace(/ ID="_response[^"]*"/, ` ID="${idOf(xml)}"`),
  ),
  tampered('assertion without an ID', 'sso.assertion', (xml) => xml.replace(/ ID="_assertion[^"]*"/, '')),
  tampered('assertion with an ID that breaks out of XPath', 'sso.assertion', (xml) =>
    xml.replace(/ ID="_assertion[^"]*"/, ` ID="x' or '1'='1"`),
  ),
  tampered('encrypted assertion instead', 'sso.encrypted', (xml) =>
    xml.replace(assertionOf(xml), '<EncryptedAssertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>'),
  ),
  tampered('encrypted assertion beside the signed one', 'sso.encrypted', (xml) =>
    xml.replace(
      '<Assertion ',
      '<EncryptedAssertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/><Assertion ',
    ),
  ),
  tampered('encrypted data in extensions', 'sso.encrypted', (xml) =>
    xml.replace(
      '<samlp:Status>',
      '<samlp:Extensions><EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#"/></samlp:Extensions><samlp:Status>',
    ),
  ),
];

export const wrapping: HostileClass = { name: 'wrapping', cases: [...classic, ...placed, ...others] };
