import type { CheckList } from '../login/check-list.js';
import { ASSERTION_NS, PROTOCOL_NS, SIGNATURE_NS, STATUS_SUCCESS, XML_ID } from './saml-names.js';
import { inspectSignatures, type ResponseSignatures } from './signature-structure.js';
import type { SsoPolicy } from '../../settings/maestrano-settings.js';
import { childrenNamed, descendants, isNamed, type XmlElement } from './xml-reader.js';

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
