import { SignedXml } from 'xml-crypto';

import type { SandboxKeyPair } from '../state/records.js';

const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';

const ALGORITHMS = {
  sha1: { signature: `${DSIG}rsa-sha1`, digest: `${DSIG}sha1` },
  sha256: {
    signature: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    digest: 'http://www.w3.org/2001/04/xmlenc#sha256',
  },
} as const;

/** Which element is signed: the assertion, as the real provider does, or the response around it. */
export type SignedElement = 'Assertion' | 'Response';

/**
 * Signs one element of a response in place: enveloped, exclusive canonicalisation, the signature after its Issuer
 * (protocol §4.5).
 */
export function signElement(
  xml: string,
  element: SignedElement,
  key: SandboxKeyPair,
  algorithm: keyof typeof ALGORITHMS,
): string {
  const { signature, digest } = ALGORITHMS[algorithm];
  const signed = new SignedXml({
    privateKey: key.privateKey,
    publicCert: key.certificate,
    signatureAlgorithm: signature,
    canonicalizationAlgorithm: EXCLUSIVE_C14N,
  });
  const path = `//*[local-name(.)='${element}']`;
  signed.addReference({
    xpath: path,
    transforms: [`${DSIG}enveloped-signature`, EXCLUSIVE_C14N],
    digestAlgorithm: digest,
  });
  signed.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: `${path}/*[local-name(.)='Issuer']`, action: 'after' },
  });
  // The real provider writes KeyInfo without a prefix, and declares the prefix once more: neither changes what is signed.
  return signed
    .getSignedXml()
    .replace('<ds:SignedInfo>', `<ds:SignedInfo xmlns:ds="${DSIG}">`)
    .replace('<ds:KeyInfo>', `<KeyInfo xmlns="${DSIG}">`)
    .replace('</ds:KeyInfo>', '</KeyInfo>');
}
