import type { ErrorTable } from './maestrano.error.js';
import { OPENID_ERROR_CODES } from './openid.error.js';

/**
 * Every reason to reject a login (protocol §4.8, saml §3.3): what is looked at, and what to do when it
 * fails. The order is the order of checking.
 */
export const SSO_ERROR_CODES = {
  'sso.inputType': {
    meaning: 'One form field SAMLResponse',
    remedy: 'Keep the url-encoded body parser on for the consume path; the provider posts one text field.',
  },
  'sso.inputTooLarge': {
    meaning: 'Size of the response',
    remedy:
      'A usual response has 8 KB. Raise sso.limits.responseLength only for a provider known to send more.',
  },
  'sso.inputEncoding': {
    meaning: 'Base64 of UTF-8 text',
    remedy: 'Look for a proxy that changes form bodies; blanks in place of plus signs are its usual trace.',
  },
  'sso.xmlForbidden': {
    meaning: 'XML without DOCTYPE, comment, CDATA or processing instruction',
    remedy:
      'The platform sends none of these, and a comment is how forged responses split a value: have another provider leave them out, and treat one from the platform as an attempted forgery.',
  },
  'sso.xmlTooManyReferences': {
    meaning: 'Number of character references',
    remedy: 'Raise sso.limits.references only for a provider known to send more.',
  },
  'sso.xmlTooManyElements': {
    meaning: 'Number of XML elements',
    remedy: 'Raise sso.limits.elements only for a provider known to send more.',
  },
  'sso.xmlTooDeep': {
    meaning: 'Nesting of XML elements',
    remedy: 'Raise sso.limits.depth only for a provider known to nest deeper.',
  },
  'sso.xmlTooManyAttributes': {
    meaning: 'XML attributes of one element, and in all',
    remedy: 'Raise sso.limits.xmlAttributes or sso.limits.elements only for a provider known to send more.',
  },
  'sso.xmlMalformed': {
    meaning: 'Well-formed XML',
    remedy:
      'An unescaped ampersand or less-than sign in a name is the usual cause: have the company or person renamed at the marketplace.',
  },
  'sso.response': {
    meaning: 'A SAML 2.0 Response with nothing unknown in it',
    remedy: 'Check that the consume path receives responses of the SSO endpoint and nothing else.',
  },
  'sso.status': {
    meaning: 'Status of the response',
    remedy: 'The provider itself rejected the login; its own log says why.',
  },
  'sso.encrypted': {
    meaning: 'Nothing encrypted',
    remedy: 'Switch assertion encryption off at the provider: Maestrano marketplaces do not use it.',
  },
  'sso.assertion': {
    meaning: 'Exactly one assertion, in its place',
    remedy: 'A second or displaced assertion is the mark of a forged response.',
  },
  'sso.duplicateId': {
    meaning: 'Every XML id once',
    remedy: 'A repeated id is the mark of a forged response.',
  },
  'sso.signatureMissing': {
    meaning: 'Signed as the policy demands',
    remedy: 'Have the provider sign assertions, or set sso.signature to what it does sign.',
  },
  'sso.signatureStructure': {
    meaning: 'Signature over exactly the element it stands in',
    remedy:
      'An unusual signature is the mark of a forged response; a new provider may need exclusive c14n switched on.',
  },
  'sso.algorithm': {
    meaning: 'Signature and digest algorithms',
    remedy:
      'Allow it in sso.algorithms. URIs such as "2000/09/xmldsig#rsa-sha256" are not standard: have the provider sign with SHA-1 or with the proper URIs.',
  },
  'sso.requestMissing': {
    meaning: 'Response to a login that we began',
    remedy: 'Start at the init path: logins that the provider begins by itself are not supported.',
  },
  'sso.requestNotBound': {
    meaning: 'Login begun in this browser',
    remedy:
      'Start again from the application. If it happens to everybody, see that the binding cookie (SameSite=None; Secure) survives, or set sso.binding.',
  },
  'sso.requestUsed': {
    meaning: 'Login not finished before',
    remedy: 'The page was reloaded or sent twice: start again from the application.',
  },
  'sso.requestUnknown': {
    meaning: 'Login known and still open',
    remedy:
      'Start again. If it happens to everybody, let all instances share one store, and see that logins end within sso.requestTtlMs.',
  },
  'sso.destination': {
    meaning: 'Destination of the response',
    remedy:
      'Make the idm (or app.host) and consume path equal to the address that the browser really posts to.',
  },
  'sso.certificate': {
    meaning: 'A certificate to verify with',
    remedy: "Configure the provider's certificate (sso.x509_certificate, RSA of at least 1024 bits).",
  },
  'sso.fingerprint': {
    meaning: 'Embedded certificate matches the configured fingerprint',
    remedy: 'Compare the fingerprint with the provider, or better configure its certificate.',
  },
  'sso.signature': {
    meaning: 'Signature verified with the configured certificate',
    remedy:
      'The content was changed on its way, holds unescaped text, or was signed with another key: compare the fingerprints shown.',
  },
  'sso.issuer': {
    meaning: 'Issuer of the assertion',
    remedy: "Compare sso.idp and api.base with the provider's address, or list its name in sso.issuer.",
  },
  'sso.issueInstant': {
    meaning: 'Time of issue',
    remedy:
      'Fix NTP on the machine whose clock is off, or raise sso.acceptedClockSkewMs or sso.maxAssertionAgeMs.',
  },
  'sso.nameId': {
    meaning: 'One plain NameID',
    remedy: 'Have the provider send one NameID holding the uid of the user.',
  },
  'sso.subjectConfirmation': {
    meaning: 'Bearer confirmation of the subject',
    remedy: 'Have the provider send a bearer SubjectConfirmation with SubjectConfirmationData.',
  },
  'sso.recipient': {
    meaning: 'Recipient of the assertion',
    remedy:
      'The assertion was made for another address: make the idm (or app.host) and consume path equal to the registered ones.',
  },
  'sso.inResponseTo': {
    meaning: 'Assertion made for this login',
    remedy:
      'The signed part belongs to another login than the response around it: start again, and look who sent it.',
  },
  'sso.confirmationOrder': {
    meaning: 'Confirmation for this login first',
    remedy:
      'An earlier confirmation of the subject was made for another login: have the provider send the one for this login first, or alone.',
  },
  'sso.confirmationExpired': {
    meaning: 'Time limit of the confirmation',
    remedy: 'Start again; if clocks differ fix NTP, or raise sso.acceptedClockSkewMs.',
  },
  'sso.conditions': {
    meaning: 'Conditions that are understood',
    remedy: 'Have the provider send one Conditions element with NotBefore and NotOnOrAfter.',
  },
  'sso.notYetValid': {
    meaning: 'Beginning of validity',
    remedy: "The provider's clock is ahead: fix NTP, or raise sso.acceptedClockSkewMs.",
  },
  'sso.expired': {
    meaning: 'End of validity',
    remedy: 'Start again; if clocks differ fix NTP, or raise sso.acceptedClockSkewMs.',
  },
  'sso.audience': {
    meaning: 'Audience of the assertion',
    remedy:
      'The assertion was made for another application; list the audience in sso.audience if it is ours.',
  },
  'sso.authnStatement': {
    meaning: 'How and when the person signed in',
    remedy: 'Have the person sign in at the provider again, or raise sso.maxAuthenticationAgeMs.',
  },
  'sso.attributes': {
    meaning: 'A readable list of attributes',
    remedy: 'Have the provider send an AttributeStatement of attributes with usable names, not too many.',
  },
  'sso.attributeConflict': {
    meaning: "No attribute of the platform's with two different values",
    remedy: 'Have the provider send each of these attributes once.',
  },
  'sso.attributeValue': {
    meaning: 'Attributes that decide something hold plain text',
    remedy:
      'Look at the named attribute at the provider: it holds more than one value, markup, a line end, or a character that cannot be seen.',
  },
  'sso.uid': {
    meaning: 'Identifier of the user',
    remedy: 'Have the provider send the attribute uid such as usr-1.',
  },
  'sso.groupUid': {
    meaning: 'Identifier of the group',
    remedy: 'Have the provider send the attribute group_uid such as cld-1.',
  },
  'sso.virtualUid': {
    meaning: 'Virtual identifier built from user and group',
    remedy: 'The attribute virtual_uid must be the uid, a dot and the group_uid.',
  },
  'sso.nameIdMismatch': {
    meaning: 'NameID and uid agree',
    remedy: 'Set sso.nameIdMustMatchUid to false for a provider whose NameID is something else.',
  },
  'sso.sessionToken': {
    meaning: 'Token of the marketplace session',
    remedy: 'Have the provider send mno_session, or switch single logout off for this marketplace.',
  },
  'sso.engine': {
    meaning: 'Validated by node-saml',
    remedy: 'Please report this: node-saml rejected what our own checks accepted.',
  },
  'sso.replay': {
    meaning: 'Assertion used for the first time',
    remedy: 'Somebody sent a copied assertion; start again from the application.',
  },
} as const satisfies ErrorTable;

/** Every reason to reject a login, whichever protocol the marketplace is configured for. */
export const LOGIN_ERROR_CODES = { ...SSO_ERROR_CODES, ...OPENID_ERROR_CODES } as const;

export type SsoErrorCode = keyof typeof LOGIN_ERROR_CODES;
