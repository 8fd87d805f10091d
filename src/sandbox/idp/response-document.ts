import { escapeXml } from './xml.js';

/** Namespaces and identifiers of a response (protocol §4.5). */
export const SAML = {
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  success: 'urn:oasis:names:tc:SAML:2.0:status:Success',
  persistent: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  bearer: 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
} as const;

/** Everything a response says. A defect of the workshop is one field that is not what it should be. */
export interface ResponseFields {
  readonly responseId: string;
  readonly assertionId: string;
  /** ISO 8601; of response, assertion and authentication. */
  readonly issueInstant: string;
  readonly destination: string;
  /** Null leaves the attribute out. */
  readonly inResponseTo: string | null;
  readonly issuer: string;
  readonly status: string;
  readonly nameId: string;
  readonly recipient: string;
  readonly subjectNotOnOrAfter: string;
  readonly notBefore: string;
  readonly notOnOrAfter: string;
  readonly audience: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

/** How values become XML: escaped, or raw as the old sandbox writes them. */
export type XmlText = (text: string) => string;

function attributeStatement(attributes: ResponseFields['attributes'], text: XmlText): string {
  const list = attributes.map(
    ([name, value]) =>
      `<Attribute Name="${escapeXml(name)}"><AttributeValue>${text(value)}</AttributeValue></Attribute>`,
  );
  return `<AttributeStatement>${list.join('')}</AttributeStatement>`;
}

/** The assertion, unsigned, with the assertion namespace as its default one (protocol §4.5). */
export function assertionXml(fields: ResponseFields, text: XmlText = escapeXml): string {
  const inResponseTo =
    fields.inResponseTo === null ? '' : ` InResponseTo="${escapeXml(fields.inResponseTo)}"`;
  return (
    `<Assertion xmlns="${SAML.assertion}" ID="${fields.assertionId}" IssueInstant="${fields.issueInstant}" Version="2.0">` +
    `<Issuer>${escapeXml(fields.issuer)}</Issuer>` +
    `<Subject><NameID Format="${SAML.persistent}">${text(fields.nameId)}</NameID>` +
    `<SubjectConfirmation Method="${SAML.bearer}"><SubjectConfirmationData${inResponseTo}` +
    ` NotOnOrAfter="${fields.subjectNotOnOrAfter}" Recipient="${escapeXml(fields.recipient)}"></SubjectConfirmationData>` +
    `</SubjectConfirmation></Subject>` +
    `<Conditions NotBefore="${fields.notBefore}" NotOnOrAfter="${fields.notOnOrAfter}">` +
    `<AudienceRestriction><Audience>${escapeXml(fields.audience)}</Audience></AudienceRestriction></Conditions>` +
    attributeStatement(fields.attributes, text) +
    `<AuthnStatement AuthnInstant="${fields.issueInstant}" SessionIndex="${fields.assertionId}"><AuthnContext>` +
    `<AuthnContextClassRef>urn:federation:authentication:windows</AuthnContextClassRef></AuthnContext></AuthnStatement>` +
    `</Assertion>`
  );
}

/** The response around an assertion (protocol §4.5). */
export function responseXml(fields: ResponseFields, assertion: string): string {
  const inResponseTo =
    fields.inResponseTo === null ? '' : ` InResponseTo="${escapeXml(fields.inResponseTo)}"`;
  return (
    `<samlp:Response ID="${fields.responseId}" Version="2.0" IssueInstant="${fields.issueInstant}"` +
    ` Destination="${escapeXml(fields.destination)}" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified"` +
    `${inResponseTo} xmlns:samlp="${SAML.protocol}">` +
    `<Issuer xmlns="${SAML.assertion}">${escapeXml(fields.issuer)}</Issuer>` +
    `<samlp:Status><samlp:StatusCode Value="${fields.status}" /></samlp:Status>` +
    `${assertion}</samlp:Response>`
  );
}

/** The form field as it is posted: base64 with a line feed after every 60 characters (protocol §4.4). */
export function formField(xml: string): string {
  return (
    Buffer.from(xml, 'utf8')
      .toString('base64')
      .match(/.{1,60}/g) ?? []
  )
    .map((line) => `${line}\n`)
    .join('');
}
