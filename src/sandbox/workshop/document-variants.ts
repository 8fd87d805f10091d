import type { SsoErrorCode } from '../../errors/sso-error-codes.js';
import { formField } from '../idp/response-document.js';
import type { AssertionVariant, WorkshopBench } from './assertion-variant.js';
import { signedResponse, type ResponseChanges } from './signed-response.js';

function broken(
  name: string,
  title: string,
  expected: SsoErrorCode,
  make: (bench: WorkshopBench) => string,
): AssertionVariant {
  return { name, title, expected: [expected], make: (bench) => formField(make(bench)) };
}

function signed(
  name: string,
  title: string,
  expected: SsoErrorCode,
  changes: ResponseChanges,
): AssertionVariant {
  return broken(name, title, expected, (bench) => signedResponse(bench, changes));
}

const ATTACKER = 'eve@attacker.example';

/** Defects in signature, XML and encoding. */
export const DOCUMENT_VARIANTS: readonly AssertionVariant[] = [
  signed('unsigned', 'Not signed at all', 'sso.signatureMissing', { sign: null }),
  signed('response-signed', 'Only the response is signed, not the assertion', 'sso.signatureMissing', {
    sign: 'Response',
  }),
  broken('unknown-key', 'Signed with a key the application does not know', 'sso.signature', (bench) =>
    signedResponse(bench, { key: bench.strangerKey }),
  ),
  broken('tampered', 'Changed after it was signed', 'sso.signature', (bench) =>
    signedResponse(bench).replace(/(<Attribute Name="email"><AttributeValue>)[^<]*/, `$1${ATTACKER}`),
  ),
  broken('odd-algorithm', 'Signed with an algorithm URI that no standard knows', 'sso.algorithm', (bench) =>
    signedResponse(bench).replace(
      /(SignatureMethod Algorithm=")[^"]+/,
      '$1http://www.w3.org/2000/09/xmldsig#rsa-sha256',
    ),
  ),
  signed('comment', 'A comment splits a signed value', 'sso.xmlForbidden', {
    assertion: (xml) => xml.replace(/(<Attribute Name="email"><AttributeValue>)/, `$1${ATTACKER}<!---->`),
  }),
  broken(
    'doctype',
    'A document type with an entity',
    'sso.xmlForbidden',
    (bench) => `<!DOCTYPE r [<!ENTITY who "usr-admin">]>${signedResponse(bench)}`,
  ),
  broken(
    'unescaped',
    'A bare ampersand in a name, as the old sandbox writes it',
    'sso.xmlMalformed',
    (bench) =>
      signedResponse(bench).replace(/(<Attribute Name="group_name"><AttributeValue>)[^<]*/, '$1A & B'),
  ),
  {
    name: 'wrong-encoding',
    title: 'Latin-1 bytes where UTF-8 is to be',
    expected: ['sso.inputEncoding'],
    make: (bench) => {
      const xml = signedResponse(bench, {
        assertion: (text) => text.replace('Name="surname"><AttributeValue>', '$&é'),
      });
      return Buffer.from(xml, 'latin1').toString('base64');
    },
  },
  {
    name: 'not-base64',
    title: 'No base64',
    expected: ['sso.inputEncoding'],
    make: () => '<Response>%%%</Response>',
  },
];
