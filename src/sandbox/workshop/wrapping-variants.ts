import { assertionXml, formField, responseXml, type ResponseFields } from '../idp/response-document.js';
import type { AssertionVariant, WorkshopBench } from './assertion-variant.js';
import { signedResponse } from './signed-response.js';

const EVIL_RESPONSE_ID = '_evil-response';
const EVIL_ASSERTION_ID = '_evil-assertion';
const SIGNATURE = /<ds:Signature .*<\/ds:Signature>/s;

/** The pieces a wrapping is put together from. */
interface Pieces {
  /** What the attacker wants to be: unsigned, with an id of its own. */
  readonly evil: string;
  /** The genuine signed element, signature inside. */
  readonly genuine: string;
  /** The genuine element without its signature. */
  readonly bare: string;
  readonly signature: string;
  /** A response of the attacker's around some content. */
  readonly around: (content: string) => string;
}

function evilFields(fields: ResponseFields): ResponseFields {
  const forged: Readonly<Record<string, string>> = {
    uid: 'usr-admin',
    mno_uid: 'usr-admin',
    group_role: 'Super Admin',
    email: 'eve@attacker.example',
  };
  return {
    ...fields,
    responseId: EVIL_RESPONSE_ID,
    assertionId: EVIL_ASSERTION_ID,
    nameId: 'usr-admin',
    attributes: fields.attributes.map(([name, value]) => [name, forged[name] ?? value]),
  };
}

function pieces(bench: WorkshopBench, element: 'Assertion' | 'Response'): Pieces {
  const response = signedResponse(bench, { sign: element });
  const genuine =
    element === 'Response' ? response : (/<Assertion .*<\/Assertion>/s.exec(response) as RegExpExecArray)[0];
  const signature = (SIGNATURE.exec(genuine) as RegExpExecArray)[0];
  const fields = evilFields(bench.fields);
  return {
    evil: assertionXml(fields),
    genuine,
    bare: genuine.replace(SIGNATURE, ''),
    signature,
    around: (content) => responseXml(fields, content),
  };
}

/** Puts content before an element's end tag. */
function inside(element: string, endTag: string, content: string): string {
  const at = element.lastIndexOf(endTag);
  return element.slice(0, at) + content + element.slice(at);
}

function afterIssuer(element: string, content: string): string {
  return element.replace('</Issuer>', `</Issuer>${content}`);
}

const REFUSALS = [
  'sso.response',
  'sso.assertion',
  'sso.duplicateId',
  'sso.signatureStructure',
  'sso.signatureMissing',
] as const;

function wrapping(
  number: number,
  title: string,
  element: 'Assertion' | 'Response',
  make: (parts: Pieces) => string,
): AssertionVariant {
  return {
    name: `wrapping-${number}`,
    title: `Signature wrapping ${number}: ${title}`,
    expected: REFUSALS,
    make: (bench) => formField(make(pieces(bench, element))),
  };
}

/** The eight classic signature wrappings: a genuine signature over something that is then not used. */
export const WRAPPING_VARIANTS: readonly AssertionVariant[] = [
  wrapping(
    1,
    'the signed response hides in the signature of a forged one',
    'Response',
    ({ evil, bare, signature, around }) =>
      afterIssuer(around(evil), inside(signature, '</ds:Signature>', bare)),
  ),
  wrapping(
    2,
    'the signed response stands beside its signature in a forged one',
    'Response',
    ({ evil, bare, signature, around }) => afterIssuer(around(evil), bare + signature),
  ),
  wrapping(3, 'a forged assertion before the signed one', 'Assertion', ({ evil, genuine, around }) =>
    around(evil + genuine),
  ),
  wrapping(4, 'the signed assertion inside a forged one', 'Assertion', ({ evil, genuine, around }) =>
    around(inside(evil, '</Assertion>', genuine)),
  ),
  wrapping(
    5,
    'the signature in a forged assertion, the signed one at the end',
    'Assertion',
    ({ evil, bare, signature, around }) => around(afterIssuer(evil, signature) + bare),
  ),
  wrapping(
    6,
    'the signed assertion in the signature of a forged one',
    'Assertion',
    ({ evil, bare, signature, around }) =>
      around(afterIssuer(evil, inside(signature, '</ds:Signature>', bare))),
  ),
  wrapping(
    7,
    'a forged assertion in an extension before the signed one',
    'Assertion',
    ({ evil, genuine, around }) => around(`<samlp:Extensions>${evil}</samlp:Extensions>${genuine}`),
  ),
  wrapping(
    8,
    'the signed assertion in an object of the signature of a forged one',
    'Assertion',
    ({ evil, bare, signature, around }) =>
      around(afterIssuer(evil, inside(signature, '</ds:Signature>', `<ds:Object>${bare}</ds:Object>`))),
  ),
];
