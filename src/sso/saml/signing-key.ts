import { createVerify, type KeyObject } from 'node:crypto';

import { DOMParser } from '@xmldom/xmldom';
import { ExclusiveCanonicalization } from 'xml-crypto';

import type { SsoAlgorithm } from '../../interfaces/sso-options.interface.js';
import type { ResponseSignatures } from './response-structure.js';
import { ASSERTION_NS, SIGNATURE_METHODS, SIGNATURE_NS } from './saml-names.js';
import type { TrustAnchor } from './trust-anchor.js';
import { childrenNamed, type XmlElement } from './xml-reader.js';

/** What a key has to have signed, and the value that it made. */
interface SignedText {
  /** SignedInfo in its canonical form. */
  readonly text: string;
  readonly value: Buffer;
  readonly algorithm: SsoAlgorithm;
}

const ALGORITHMS: Readonly<Record<SsoAlgorithm, string>> = {
  sha1: 'RSA-SHA1',
  sha256: 'RSA-SHA256',
  sha512: 'RSA-SHA512',
};
/** Characters of a canonical SignedInfo; a usual one has a thousand. */
const MAX_SIGNED_INFO = 16_384;

/**
 * The one certificate whose key made every signature of a response, before any digest of its content is looked at: for
 * node-saml each further certificate would be a whole verification, which anybody could ask for without a login. It
 * only narrows what node-saml is given, and accepts nothing.
 *
 * @param text what node-saml is going to read.
 * @returns null when no key fits, or no single one fits both signatures: then the response is not verified at all.
 */
export function findSigningKey(
  text: string,
  signatures: ResponseSignatures,
  anchors: readonly TrustAnchor[],
): TrustAnchor | null {
  const signed = signedTexts(text, signatures);
  if (signed === null) return null;
  return anchors.find(({ key }) => signed.every((one) => hasSigned(key, one))) ?? null;
}

/** Whether this system verifies SHA-1 signatures at all: some Linux distributions forbid it (saml §2.4). */
export function verifiesSha1({ key }: TrustAnchor): boolean {
  try {
    createVerify(ALGORITHMS.sha1).update('').verify(key, Buffer.alloc(1));
    return true;
  } catch {
    return false;
  }
}

function hasSigned(key: KeyObject, { text, value, algorithm }: SignedText): boolean {
  try {
    return createVerify(ALGORITHMS[algorithm]).update(text).verify(key, value);
  } catch {
    // An algorithm that this system forbids.
    return false;
  }
}

/** One entry for each signature; null when one of them cannot be read as node-saml would. */
function signedTexts(text: string, { response, assertion }: ResponseSignatures): SignedText[] | null {
  const root = parse(text);
  if (root === null) return null;
  const signed: SignedText[] = [];
  for (const [signature, parent] of [
    [response, root],
    [assertion, onlyChild(root, ASSERTION_NS, 'Assertion')],
  ] as const) {
    if (signature === null) continue;
    const element = parent && onlyChild(parent, SIGNATURE_NS, 'Signature');
    const info = element && onlyChild(element, SIGNATURE_NS, 'SignedInfo');
    const one = info && signedText(signature, info);
    if (!one) return null;
    signed.push(one);
  }
  return signed.length > 0 ? signed : null;
}

function signedText(signature: XmlElement, info: Element): SignedText | null {
  const [signedInfo] = childrenNamed(signature, SIGNATURE_NS, 'SignedInfo');
  const [method] = signedInfo ? childrenNamed(signedInfo, SIGNATURE_NS, 'SignatureMethod') : [];
  const algorithm = SIGNATURE_METHODS.get(method?.attributes.get('Algorithm') ?? '');
  const [value] = childrenNamed(signature, SIGNATURE_NS, 'SignatureValue');
  const text = new ExclusiveCanonicalization().process(info, {});
  if (algorithm === undefined || value === undefined || text.length > MAX_SIGNED_INFO) return null;
  return { text, value: Buffer.from(value.text, 'base64'), algorithm };
}

/** The document as node-saml's own reader sees it; null when that complains. */
function parse(text: string): Element | null {
  const complain = (): never => {
    throw new Error('not read as the strict reader did');
  };
  try {
    const errorHandler = { warning: complain, error: complain, fatalError: complain };
    return new DOMParser({ errorHandler }).parseFromString(text, 'text/xml').documentElement;
  } catch {
    return null;
  }
}

function onlyChild(parent: Element, namespace: string, name: string): Element | null {
  let found: Element | null = null;
  for (let node = parent.firstChild; node !== null; node = node.nextSibling) {
    const element = node as Element;
    if (element.localName !== name || element.namespaceURI !== namespace) continue;
    if (found !== null) return null;
    found = element;
  }
  return found;
}
