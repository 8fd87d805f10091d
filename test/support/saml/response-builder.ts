import { createSign } from 'node:crypto';

import { DOMParser } from '@xmldom/xmldom';
import { ExclusiveCanonicalization, SignedXml } from 'xml-crypto';

import { testKey, type TestKey } from './test-keys.js';

const XMLDSIG = 'http://www.w3.org/2000/09/xmldsig#';
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const ENC = 'http://www.w3.org/2001/04/xmlenc#';
export const C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';

export const SIGNATURE_URIS = {
  sha1: `${XMLDSIG}rsa-sha1`,
  sha256: `${MORE}rsa-sha256`,
  sha512: `${MORE}rsa-sha512`,
} as const;
export const DIGEST_URIS = {
  sha1: `${XMLDSIG}sha1`,
  sha256: `${ENC}sha256`,
  sha512: `${ENC}sha512`,
} as const;

/** A response in the shape of the known identity provider (protocol §4.5), every part replaceable. */
export interface ResponseSpec {
  readonly now: number;
  readonly acs: string;
  readonly requestId: string;
  readonly issuer: string;
  readonly audience: string;
  readonly nameId: string;
  readonly responseId: string;
  readonly assertionId: string;
  /** Name to text; escaped here. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Parts as XML, in place of what the values above give. */
  readonly parts: Partial<ResponseParts>;
  readonly sign: 'assertion' | 'response' | 'both' | 'none';
  readonly key: TestKey;
  readonly algorithm: keyof typeof SIGNATURE_URIS;
  /** Content of X509Certificate; null leaves KeyInfo out. */
  readonly embedded: string | null;
  /** Other transforms than the usual two. */
  readonly transforms: readonly string[];
  /** Signs the response; the key of the assertion when left out. */
  readonly responseKey: TestKey | null;
  /** Changes the document before it is signed: what a provider would really sign. */
  readonly beforeSigning: (xml: string) => string;
  /** Changes the signed document: what an attacker would do. */
  readonly afterSigning: (xml: string) => string;
}

export interface ResponseParts {
  readonly declaration: string;
  readonly responseTag: string;
  readonly responseIssuer: string;
  readonly extensions: string;
  readonly status: string;
  readonly assertionTag: string;
  readonly issuer: string;
  readonly subject: string;
  readonly confirmation: string;
  readonly conditions: string;
  readonly attributeStatement: string;
  readonly authnStatement: string;
}

export const escapeXml = (text: string): string =>
  text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/\r/g, '&#13;');

export const instant = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');

export const ATTRIBUTES: Readonly<Record<string, string>> = {
  mno_uid: 'usr-1',
  mno_session: 'tok36charactersabcdefghijklmnopqrst',
  mno_session_recheck: '2026-08-01T15:03:00Z',
  group_uid: 'cld-1',
  group_name: 'Acme',
  group_end_free_trial: '2026-09-01T00:00:00Z',
  group_role: 'Admin',
  group_has_credit_card: 'false',
  group_email: 'cld-1@example.com',
  group_currency: 'AUD',
  group_timezone: 'Australia/Sydney',
  group_country: 'AU',
  group_city: 'Sydney',
  group_reseller_id: 'rsl-1',
  uid: 'usr-1',
  virtual_uid: 'usr-1.cld-1',
  email: 'jo@example.com',
  virtual_email: 'usr-1.cld-1@mail.maestrano.com',
  name: 'Jo',
  surname: 'Doe',
  country: 'NZ',
  company_name: '',
  app_owner: 'true',
  organizations: '{}',
};

export function attributeXml(name: string, ...values: readonly string[]): string {
  const inner = values.map((value) => `<AttributeValue>${value}</AttributeValue>`).join('');
  return `<Attribute Name="${name}">${inner}</Attribute>`;
}

export function confirmationXml(
  data: Readonly<Record<string, string>>,
  method = 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
): string {
  const attributes = Object.entries(data).map(([name, value]) => ` ${name}="${escapeXml(value)}"`);
  return `<SubjectConfirmation Method="${method}"><SubjectConfirmationData${attributes.join('')}></SubjectConfirmationData></SubjectConfirmation>`;
}

export function bearerData(spec: ResponseSpec): Record<string, string> {
  return { InResponseTo: spec.requestId, NotOnOrAfter: instant(spec.now + 180_000), Recipient: spec.acs };
}

/** The XML before it is signed. */
export function unsignedResponse(spec: ResponseSpec): string {
  const { now, parts } = spec;
  const issuer = `<Issuer>${escapeXml(spec.issuer)}</Issuer>`;
  const attributes = Object.entries(spec.attributes).map(([name, value]) =>
    attributeXml(name, escapeXml(value)),
  );
  const subject =
    parts.subject ??
    `<Subject><NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${escapeXml(spec.nameId)}</NameID>${
      parts.confirmation ?? confirmationXml(bearerData(spec))
    }</Subject>`;
  const responseTag =
    parts.responseTag ??
    `<samlp:Response ID="${spec.responseId}" Version="2.0" IssueInstant="${instant(now)}" Destination="${escapeXml(spec.acs)}" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" InResponseTo="${spec.requestId}" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">`;
  const assertionTag =
    parts.assertionTag ??
    `<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="${spec.assertionId}" IssueInstant="${instant(now)}" Version="2.0">`;
  return [
    parts.declaration ?? '',
    responseTag,
    parts.responseIssuer ??
      `<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">${escapeXml(spec.issuer)}</Issuer>`,
    parts.extensions ?? '',
    parts.status ??
      '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success" /></samlp:Status>',
    assertionTag,
    parts.issuer ?? issuer,
    subject,
    parts.conditions ??
      `<Conditions NotBefore="${instant(now - 5_000)}" NotOnOrAfter="${instant(now + 3_600_000)}"><AudienceRestriction><Audience>${escapeXml(spec.audience)}</Audience></AudienceRestriction></Conditions>`,
    parts.attributeStatement ?? `<AttributeStatement>${attributes.join('')}</AttributeStatement>`,
    parts.authnStatement ??
      `<AuthnStatement AuthnInstant="${instant(now)}" SessionIndex="${spec.assertionId}"><AuthnContext><AuthnContextClassRef>urn:federation:authentication:windows</AuthnContextClassRef></AuthnContext></AuthnStatement>`,
    '</Assertion></samlp:Response>',
  ].join('');
}

function signElement(xml: string, name: 'Assertion' | 'Response', spec: ResponseSpec): string {
  const { embedded } = spec;
  const key = (name === 'Response' ? spec.responseKey : null) ?? spec.key;
  const signer = new SignedXml({
    privateKey: key.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    signatureAlgorithm: SIGNATURE_URIS[spec.algorithm],
    canonicalizationAlgorithm: C14N,
    getKeyInfoContent: () =>
      embedded === null
        ? null
        : `<ds:X509Data xmlns:ds="${XMLDSIG}"><ds:X509Certificate>${embedded}</ds:X509Certificate></ds:X509Data>`,
  });
  const xpath = `//*[local-name(.)='${name}']`;
  signer.addReference({
    xpath,
    transforms: [...spec.transforms],
    digestAlgorithm: DIGEST_URIS[spec.algorithm],
  });
  // The signer's reader would take these two for line feeds; an honest provider's does not.
  const readable = xml.replaceAll('\u0085', '&#x85;').replaceAll('\u2028', '&#x2028;');
  signer.computeSignature(readable, {
    prefix: 'ds',
    location:
      spec.parts.issuer === '' && name === 'Assertion'
        ? { reference: xpath, action: 'prepend' }
        : { reference: `${xpath}/*[local-name(.)='Issuer']`, action: 'after' },
  });
  return signer.getSignedXml();
}

/**
 * A signed response whose SignedInfo was changed, and signed anew by SHA-256: for what xml-crypto verifies and does not
 * write itself.
 */
export function signedAnew(xml: string, key: TestKey): string {
  const document = new DOMParser().parseFromString(xml, 'text/xml');
  const info = document.getElementsByTagNameNS(XMLDSIG, 'SignedInfo').item(0)!;
  const text = new ExclusiveCanonicalization().process(info, {});
  const value = createSign('RSA-SHA256').update(text).sign(key.privateKey, 'base64');
  return xml.replace(/<ds:SignatureValue>[^<]*/, `<ds:SignatureValue>${value}`);
}

/** The response as an identity provider would send it. */
export function signedResponse(spec: ResponseSpec): string {
  let xml = spec.beforeSigning(unsignedResponse(spec));
  if (spec.sign === 'assertion' || spec.sign === 'both') xml = signElement(xml, 'Assertion', spec);
  if (spec.sign === 'response' || spec.sign === 'both') xml = signElement(xml, 'Response', spec);
  return spec.afterSigning(xml);
}

let counter = 0;

/** A valid response to the request; the overrides make it odd or hostile. */
export function responseSpec(
  base: Pick<ResponseSpec, 'now' | 'acs' | 'requestId' | 'issuer'>,
  overrides: Partial<ResponseSpec> = {},
): ResponseSpec {
  counter += 1;
  const key = overrides.key ?? testKey('provider');
  return {
    audience: `${new URL(base.acs).origin}/`,
    nameId: 'usr-1',
    responseId: `_response${counter}`,
    assertionId: `_assertion${counter}`,
    attributes: ATTRIBUTES,
    parts: {},
    sign: 'assertion',
    key,
    algorithm: 'sha256',
    embedded: key.embedded.replace(/(.{64})/g, '$1\n'),
    transforms: [`${XMLDSIG}enveloped-signature`, C14N],
    responseKey: null,
    beforeSigning: (xml) => xml,
    afterSigning: (xml) => xml,
    ...base,
    ...overrides,
  };
}

/** The form field: base64 with a line feed every 60 characters, as the known provider writes it (protocol §4.4). */
export function formField(xml: string): string {
  return Buffer.from(xml)
    .toString('base64')
    .replace(/(.{60})/g, '$1\n');
}
