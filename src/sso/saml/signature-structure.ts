import type { SsoPolicy } from '../../settings/maestrano-settings.js';
import type { CheckList } from '../login/check-list.js';
import {
  DIGEST_METHODS,
  ENVELOPED_SIGNATURE,
  EXCLUSIVE_C14N,
  SIGNATURE_METHODS,
  SIGNATURE_NS,
} from './saml-names.js';
import { descendants, isNamed, type XmlElement } from './xml-reader.js';

/** The signatures of a response, each a child of the element it signs. */
export interface ResponseSignatures {
  readonly response: XmlElement | null;
  readonly assertion: XmlElement | null;
}

const BASE64_TEXT = /^[A-Za-z0-9+/=\s]+$/;

/**
 * Finds the signatures and checks that each covers exactly the element it stands in, by an allow-list of
 * everything a signature may hold (saml §3.3 row 25). The cryptography is left to node-saml.
 *
 * @throws CheckFailed with `sso.signatureMissing`, `sso.signatureStructure` or `sso.algorithm`.
 */
export function inspectSignatures(
  { root, assertion, all }: { root: XmlElement; assertion: XmlElement; all: readonly XmlElement[] },
  policy: SsoPolicy,
  checks: CheckList,
): ResponseSignatures {
  const own = (element: XmlElement) => element.children.filter((child) => child.name === 'Signature');
  const ofResponse = own(root);
  const ofAssertion = own(assertion);
  checks.require(
    'sso.signatureMissing',
    isSignedAsDemanded(policy, ofResponse.length > 0, ofAssertion.length > 0),
    `a signature of the ${policy.signature === 'either' ? 'assertion or the response' : policy.signature}`,
    describeSigned(ofResponse.length > 0, ofAssertion.length > 0),
  );

  const everywhere = all.filter((element) => element.name === 'Signature').length;
  const problem =
    everywhere !== ofResponse.length + ofAssertion.length || ofResponse.length > 1 || ofAssertion.length > 1
      ? 'a signature that is displaced or repeated'
      : (ofResponse.map((signature) => findProblem(signature, root))[0] ??
        ofAssertion.map((signature) => findProblem(signature, assertion))[0] ??
        null);
  checks.require(
    'sso.signatureStructure',
    problem === null,
    'enveloped, exclusive c14n, one reference to its parent',
    problem ?? 'as expected',
  );

  const methods = [...ofResponse, ...ofAssertion].flatMap(algorithmsOf);
  const allowed = new Set<string | null>(policy.algorithms);
  checks.require(
    'sso.algorithm',
    methods.every(({ known }) => allowed.has(known)),
    policy.algorithms.join(', '),
    methods.map(({ known, uri }) => known ?? uri).join(', '),
  );
  return { response: ofResponse[0] ?? null, assertion: ofAssertion[0] ?? null };
}

function isSignedAsDemanded(policy: SsoPolicy, response: boolean, assertion: boolean): boolean {
  if (policy.signature === 'assertion') return assertion;
  return policy.signature === 'response' ? response : response || assertion;
}

function describeSigned(response: boolean, assertion: boolean): string {
  if (response && assertion) return 'both signed';
  if (response) return 'only the response signed';
  return assertion ? 'only the assertion signed' : 'nothing signed';
}

/** What is unusual about a signature; null when nothing is. */
function findProblem(signature: XmlElement, parent: XmlElement): string | null {
  if (signature.namespace !== SIGNATURE_NS) return 'a signature of another namespace';
  const [info, value, keyInfo, ...others] = signature.children;
  if (!info || !value || others.length > 0 || (keyInfo && !isNamed(keyInfo, SIGNATURE_NS, 'KeyInfo'))) {
    return 'other parts than SignedInfo, SignatureValue and KeyInfo';
  }
  if (!isNamed(value, SIGNATURE_NS, 'SignatureValue') || !isBase64(value)) return 'an unusual SignatureValue';
  if (!hasShape(info, 'SignedInfo', ['CanonicalizationMethod', 'SignatureMethod', 'Reference'])) {
    return 'other parts of SignedInfo than one method each and one reference';
  }
  const [c14n, method, reference] = info.children as [XmlElement, XmlElement, XmlElement];
  if (c14n.attributes.get('Algorithm') !== EXCLUSIVE_C14N || c14n.children.length > 0) {
    return 'another canonicalization than exclusive c14n';
  }
  if (method.children.length > 0) return 'parameters of the signature method';
  return findReferenceProblem(reference, parent);
}

function findReferenceProblem(reference: XmlElement, parent: XmlElement): string | null {
  if (
    reference.attributes.get('URI') !== `#${parent.attributes.get('ID')}` ||
    reference.attributes.size > 1
  ) {
    return 'a reference to something else than its parent';
  }
  if (!hasShape(reference, 'Reference', ['Transforms', 'DigestMethod', 'DigestValue'])) {
    return 'other parts of the reference than transforms and one digest';
  }
  const [transforms, method, digest] = reference.children as [XmlElement, XmlElement, XmlElement];
  if (method.children.length > 0 || !isBase64(digest)) return 'an unusual digest';
  if (!hasShape(transforms, 'Transforms', ['Transform', 'Transform'])) return 'another number of transforms';
  const [enveloped, c14n] = transforms.children as [XmlElement, XmlElement];
  const usual =
    enveloped.attributes.get('Algorithm') === ENVELOPED_SIGNATURE &&
    enveloped.children.length === 0 &&
    c14n.attributes.get('Algorithm') === EXCLUSIVE_C14N &&
    c14n.children.length <= 1 &&
    c14n.children.every((child) => isNamed(child, EXCLUSIVE_C14N, 'InclusiveNamespaces'));
  return usual ? null : 'other transforms than enveloped-signature, then exclusive c14n';
}

/** Whether an element of the signature has exactly these children in this order. */
function hasShape(element: XmlElement, name: string, children: readonly string[]): boolean {
  return (
    isNamed(element, SIGNATURE_NS, name) &&
    element.children.length === children.length &&
    element.children.every((child, index) => isNamed(child, SIGNATURE_NS, children[index] ?? ''))
  );
}

function isBase64(element: XmlElement): boolean {
  return element.children.length === 0 && BASE64_TEXT.test(element.text);
}

function algorithmsOf(signature: XmlElement): { known: string | null; uri: string }[] {
  const found = [];
  for (const element of descendants(signature)) {
    const uri = element.attributes.get('Algorithm') ?? '';
    if (element.name === 'SignatureMethod') found.push({ known: SIGNATURE_METHODS.get(uri) ?? null, uri });
    if (element.name === 'DigestMethod') found.push({ known: DIGEST_METHODS.get(uri) ?? null, uri });
  }
  return found;
}
