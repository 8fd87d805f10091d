import type { SsoPolicy } from '../../settings/maestrano-settings.js';
import type { CheckList } from '../login/check-list.js';
import { isForbiddenName } from '../login/login-attributes.js';
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
import { childrenNamed, collapsed, descendants, isNamed, type XmlElement } from './xml-reader.js';

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
const BASE64_TEXT = /^[A-Za-z0-9+/= \t\r\n]+$/;
/** Characters of a digest in base64, with all line ends that one might have. */
const MAX_DIGEST = 256;
/** Names and characters of a PrefixList: canonicalization looks for each name on each element. */
const MAX_PREFIXES = 16;
const MAX_PREFIX_LIST = 256;

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

  const encrypted = encryptedPart(all);
  checks.require('sso.encrypted', encrypted === null, 'no encrypted part', encrypted ?? 'none');

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

  const repeated = repeatedIds([root, ...all]);
  checks.require('sso.duplicateId', repeated === null, 'every id once', repeated ?? 'every id once');
  const dangerous = dangerousAttribute(all);
  if (dangerous !== null) checks.require('sso.attributes', false, 'usable names', dangerous);

  const [issuer] = childrenNamed(root, ASSERTION_NS, 'Issuer');
  return {
    root,
    assertion,
    signatures: inspectSignatures({ root, assertion, all }, policy, checks),
    inResponseTo: root.attributes.get('InResponseTo') ?? null,
    destination: root.attributes.get('Destination') ?? null,
    issueInstant: assertion.attributes.get('IssueInstant') ?? null,
    issuer: issuer === undefined ? null : collapsed(issuer.text),
  };
}

/**
 * Makes the checks once more that keep a second reading out of a response, now on the bytes that the signature covers:
 * xml-crypto writes namespace URIs unescaped, so that signed elements can be folded into one, keep their digest, and be
 * hidden from the first look. Notes only what is wrong.
 *
 * @throws CheckFailed with the code of the check.
 */
export function inspectSignedAssertion(assertion: XmlElement, checks: CheckList): void {
  const all = descendants(assertion);
  const encrypted = encryptedPart(all);
  if (encrypted !== null) checks.require('sso.encrypted', false, 'no encrypted part', encrypted);
  const further = all.find(({ name }) => name === 'Assertion' || name === 'Response');
  if (further) checks.require('sso.assertion', false, 'one assertion', `another ${further.name} inside`);
  const repeated = repeatedIds([assertion, ...all]);
  if (repeated !== null) checks.require('sso.duplicateId', false, 'every id once', repeated);
  const dangerous = dangerousAttribute(all);
  if (dangerous !== null) checks.require('sso.attributes', false, 'usable names', dangerous);
}

function encryptedPart(elements: readonly XmlElement[]): string | null {
  return elements.find(({ name }) => ENCRYPTED.has(name))?.name ?? null;
}

/** An attribute whose name is nothing or would lead to a prototype, wherever it stands (saml §3.3 row 16). */
function dangerousAttribute(elements: readonly XmlElement[]): string | null {
  for (const element of elements) {
    if (!isNamed(element, ASSERTION_NS, 'Attribute')) continue;
    const name = element.attributes.get('Name') ?? '';
    if (isForbiddenName(name)) return name || 'no name';
  }
  return null;
}

/** What is wrong with the ids of the elements; null when each is there once. */
function repeatedIds(elements: readonly XmlElement[]): string | null {
  const ids = idsOf(elements);
  const different = new Set(ids).size;
  return different === ids.length ? null : `${ids.length} ids, ${different} different`;
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
  if (method.children.length > 0 || !isBase64(digest) || digest.text.length > MAX_DIGEST) {
    return 'an unusual digest';
  }
  if (!hasShape(transforms, 'Transforms', ['Transform', 'Transform'])) return 'another number of transforms';
  const [enveloped, c14n] = transforms.children as [XmlElement, XmlElement];
  const usual =
    enveloped.attributes.get('Algorithm') === ENVELOPED_SIGNATURE &&
    enveloped.children.length === 0 &&
    c14n.attributes.get('Algorithm') === EXCLUSIVE_C14N &&
    c14n.children.length <= 1 &&
    c14n.children.every((child) => isNamed(child, EXCLUSIVE_C14N, 'InclusiveNamespaces'));
  if (!usual) return 'other transforms than enveloped-signature, then exclusive c14n';
  return c14n.children.every(hasShortPrefixList) ? null : 'an unusual or long PrefixList';
}

function hasShortPrefixList({ attributes, children }: XmlElement): boolean {
  const list = attributes.get('PrefixList');
  return (
    list !== undefined &&
    attributes.size === 1 &&
    children.length === 0 &&
    list.length <= MAX_PREFIX_LIST &&
    list.split(/[ \t\r\n]/).filter((name) => name !== '').length <= MAX_PREFIXES
  );
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
