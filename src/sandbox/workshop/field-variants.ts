import type { SsoErrorCode } from '../../errors/sso-error-codes.js';
import { formField } from '../idp/response-document.js';
import type { AssertionVariant, FieldChange } from './assertion-variant.js';
import { signedResponse } from './signed-response.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A well-signed response of which one statement is wrong. */
function wrong(
  name: string,
  title: string,
  expected: SsoErrorCode | readonly SsoErrorCode[],
  change: FieldChange,
): AssertionVariant {
  return {
    name,
    title,
    expected: typeof expected === 'string' ? [expected] : expected,
    make: (bench) => formField(signedResponse(bench, { fields: change(bench) })),
  };
}

function attribute(name: string, value: string): FieldChange {
  return ({ fields }) => ({
    attributes: fields.attributes.map(([one, old]) => [one, one === name ? value : old]),
  });
}

const elsewhere = 'https://elsewhere.example/consume';
const unknownRequest: readonly SsoErrorCode[] = ['sso.requestNotBound', 'sso.requestUnknown'];

/** Defects in what a response says. */
export const FIELD_VARIANTS: readonly AssertionVariant[] = [
  {
    name: 'valid',
    title: 'Nothing is wrong',
    expected: [],
    make: (bench) => formField(signedResponse(bench)),
  },
  wrong('expired', 'The conditions ended ten minutes ago', 'sso.expired', ({ at }) => ({
    notBefore: at(-20 * MINUTE),
    notOnOrAfter: at(-10 * MINUTE),
  })),
  wrong(
    'confirmation-expired',
    'The confirmation ended ten minutes ago',
    'sso.confirmationExpired',
    ({ at }) => ({
      subjectNotOnOrAfter: at(-10 * MINUTE),
    }),
  ),
  wrong('not-yet-valid', 'The conditions begin in ten minutes', 'sso.notYetValid', ({ at }) => ({
    notBefore: at(10 * MINUTE),
  })),
  wrong('issued-in-future', 'Issued in an hour', 'sso.issueInstant', ({ at }) => ({
    issueInstant: at(HOUR),
  })),
  wrong('wrong-audience', 'Made for another application', 'sso.audience', () => ({
    audience: 'https://elsewhere.example/',
  })),
  wrong('wrong-recipient', 'Confirmed for another consume URL', 'sso.recipient', () => ({
    recipient: elsewhere,
  })),
  wrong('wrong-destination', 'Addressed to another consume URL', 'sso.destination', () => ({
    destination: elsewhere,
  })),
  wrong('wrong-issuer', 'Issued by another provider', 'sso.issuer', () => ({
    issuer: 'https://idp.elsewhere.example/saml',
  })),
  wrong('unknown-request', 'Responds to a request nobody made', unknownRequest, () => ({
    inResponseTo: '_nobody-asked',
  })),
  wrong('missing-request', 'Responds to no request', 'sso.requestMissing', () => ({ inResponseTo: null })),
  wrong('failed-status', 'The status is not Success, the assertion is there', 'sso.status', () => ({
    status: 'urn:oasis:names:tc:SAML:2.0:status:Responder',
  })),
  wrong('empty-group', 'No group in the attributes', 'sso.groupUid', attribute('group_uid', '')),
  wrong('foreign-name-id', 'The subject is not the user of the attributes', 'sso.nameIdMismatch', () => ({
    nameId: 'usr-999',
  })),
  wrong('duplicate-attribute', 'One attribute with two values', 'sso.attributeConflict', ({ fields }) => ({
    attributes: [...fields.attributes, ['group_role', 'Super Admin'], ['group_role', 'Guest']],
  })),
  wrong(
    'huge-value',
    'A value of 200,000 characters',
    ['sso.inputTooLarge', 'sso.attributeValue'],
    attribute('company_name', 'x'.repeat(200_000)),
  ),
  {
    name: 'replay',
    title: 'A valid response, sent a second time',
    expected: ['sso.requestUsed', 'sso.requestUnknown', 'sso.requestNotBound', 'sso.replay'],
    times: 2,
    make: (bench) => formField(signedResponse(bench)),
  },
];
