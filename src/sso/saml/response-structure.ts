import type { SsoPolicy } from '../../settings/maestrano-settings.js';
import type { CheckList } from '../login/check-list.js';
import {
  ASSERTION_NS,
  DIGEST_METHODS,
  ENVELOPED_SIGNATURE,
  EXCLUSIVE_C14N,
  PROTOCOL_NS,
  SIGNATURE_METHODS,
  SIGNATURE_NS,
  STATUS_SUCCESS,
  XML_ID,
} from './saml-names.js';
import { childrenNamed, descendants, isNamed, type XmlElement } from './xml-reader.js';

/** The signatures of a response, each a child of the element it signs. */
export interface ResponseSignatures {
  readonly response: XmlElement | null;
  readonly assertion: XmlElement | null;
}

/** What a response says of itself; none of it is trusted before its signature is verified. */
export interface ResponseHead {
  /** Null when absent. */
  readonly inResponseTo: string | null;
  /** Null when absent. */
  readonly destination: string | null;
  /** When the assertion was made, as written there; null when absent. */
  readonly issueInstant: string | null;
}

/** What is read from a response before its signature is verified. */
export interface ResponseFacts extends ResponseHead {
  readonly root: XmlElement;
  readonly assertion: XmlElement;
  readonly signatures: ResponseSignatures;
  /** Null when absent. */
  readonly issuer: string | null;
}

const ENCRYPTED = new Set(['EncryptedAssertion', 'EncryptedID', 'EncryptedAttribute', 'EncryptedData']);
const ID_NAMES = ['ID', 'Id', 'id', '{http://www.w3.org/XML/1998/namespace}id'];
const BASE64_TEXT = /^[A-Za-z0-9+/=\s]+$/;

/**
 * Checks the shape of a response (protocol §4.5, saml §3.3): where the assertion is, what is signed, and
 * that there is no second candidate for either.
 *
 * @throws CheckFailed with the code of the check.
 */
export function inspectResponse(root: XmlElement, policy: SsoPolicy, checks: CheckList): ResponseFacts {
  const all = descendants(root);
  checks.require(
    'sso.response',
    isResponse(root, all),
    'samlp:Response, version 2.0',
    describeResponse(root),
  );

  const status = statusOf(root);
  checks.require('sso.status', status === STATUS_SUCCESS, STATUS_SUCCESS, status);

  const encrypted = all.find((element) => ENCRYPTED.has(element.name));
  checks.require('sso.encrypted', encrypted === undefined, 'no encrypted part', encrypted?.name ?? 'none');

  const named = all.filter((element) => element.name === 'Assertion');
  const found = childrenNamed(root, ASSERTION_NS, 'Assertion')[0];
  // Never the root: without an assertion the check below stops.
  const assertion = found ?? named[0] ?? root;
  const usable =
    XML_ID.test(assertion.attributes.get('ID') ?? '') && assertion.attributes.get('Version') === '2.0';
  checks.require(
    'sso.assertion',
    named.length === 1 && found !== undefined && usable,
    'one saml:Assertion, version 2.0, with an ID, below the response',
    `${named.length}${found ? '' : ', none below the response'}${usable ? '' : ', without a usable version and ID'}`,
  );

  const ids = idsOf([root, ...all]);
  checks.require(
    'sso.duplicateId',
    new Set(ids).size === ids.length,
    'every id once',
    `${ids.length} ids, ${new Set(ids).size} different`,
  );

  return {
    root,
    assertion,
    signatures: inspectSignatures({ root, assertion, all }, policy, checks),
    inResponseTo: root.attributes.get('InResponseTo') ?? null,
    destination: root.attributes.get('Destination') ?? null,
    issueInstant: assertion.attributes.get('IssueInstant') ?? null,
    issuer: childrenNamed(root, ASSERTION_NS, 'Issuer')[0]?.text ?? null,
  };
}

function idsOf(elements: readonly XmlElement[]): string[] {
  const ids: string[] = [];
  for (const { attributes } of elements) {
    if (attributes.size === 0) continue;
    for (const name of ID_NAMES) {
      const id = attributes.get(name);
      if (id !== undefined) ids.push(id);
    }
  }
  return ids;
}

function isResponse(root: XmlElement, all: readonly XmlElement[]): boolean {
  const allowed = (child: XmlElement): boolean =>
    isNamed(child, ASSERTION_NS, 'Issuer') ||
    isNamed(child, SIGNATURE_NS, 'Signature') ||
    isNamed(child, PROTOCOL_NS, 'Extensions') ||
    isNamed(child, PROTOCOL_NS, 'Status') ||
    child.name === 'Assertion' ||
    ENCRYPTED.has(child.name);
  return (
    isNamed(root, PROTOCOL_NS, 'Response') &&
    root.attributes.get('Version') === '2.0' &&
    XML_ID.test(root.attributes.get('ID') ?? '') &&
    root.children.every(allowed) &&
    childrenNamed(root, ASSERTION_NS, 'Issuer').length <= 1 &&
    childrenNamed(root, PROTOCOL_NS, 'Extensions').length <= 1 &&
    !all.some((element) => element.name === 'Response')
  );
}

function describeResponse(root: XmlElement): string {
  return `${root.name}, version ${root.attributes.get('Version') ?? 'none'}, with ${root.children
    .map((child) => child.name)
    .join(', ')}`;
}

/** The status code; says so when there is not exactly one. */
function statusOf(root: XmlElement): string {
  const statuses = childrenNamed(root, PROTOCOL_NS, 'Status');
  const codes = statuses.flatMap((status) => childrenNamed(status, PROTOCOL_NS, 'StatusCode'));
  const [code] = codes;
  if (statuses.length !== 1 || codes.length !== 1 || !code)
    return `${statuses.length} Status, ${codes.length} StatusCode`;
  return code.attributes.get('Value') ?? 'no value';
}

/**
 * Finds the signatures and checks that each covers exactly the element it stands in, by an allow-list of
 * everything a signature may hold (saml §3.3 row 25). The cryptography is left to node-saml.
 *
 * @throws CheckFailed with `sso.signatureMissing`, `sso.signatureStructure` or `sso.algorithm`.
 */
function inspectSignatures(
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
