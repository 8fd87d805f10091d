import type { SsoAlgorithm } from '../../interfaces/sso-options.interface.js';

export const PROTOCOL_NS = 'urn:oasis:names:tc:SAML:2.0:protocol';
export const ASSERTION_NS = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const SIGNATURE_NS = 'http://www.w3.org/2000/09/xmldsig#';
export const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const ENVELOPED_SIGNATURE = `${SIGNATURE_NS}enveloped-signature`;
export const STATUS_SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
export const METHOD_BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';

/** Signature methods that are verified at all, with the name they have in `sso.algorithms`. */
export const SIGNATURE_METHODS: ReadonlyMap<string, SsoAlgorithm> = new Map([
  [`${SIGNATURE_NS}rsa-sha1`, 'sha1'],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'sha256'],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'sha512'],
]);

/** Digest methods that are verified at all, with the name they have in `sso.algorithms`. */
export const DIGEST_METHODS: ReadonlyMap<string, SsoAlgorithm> = new Map([
  [`${SIGNATURE_NS}sha1`, 'sha1'],
  ['http://www.w3.org/2001/04/xmlenc#sha256', 'sha256'],
  ['http://www.w3.org/2001/04/xmlenc#sha512', 'sha512'],
]);

/** What an XML ID may look like here; also keeps it harmless in store keys and XPath. */
export const XML_ID = /^[A-Za-z_][\w.-]{0,127}$/;
