import { hash } from 'node:crypto';

/** Longest key that every {@link MaestranoStore} takes, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 512;

/** A longer part is replaced by its digest: ids and names of resources come from outside. */
const MAX_PART = 80;

/**
 * A key of {@link MaestranoStore}: the namespace, then each part percent-encoded, joined by colons. Encoding keeps two
 * different lists of parts from ever meeting in one key, whatever the platform puts into an identifier; a part that
 * is longer than 80 characters then is replaced by `#` and its SHA-256, and so are all parts together where the key
 * would still exceed {@link MAX_KEY_BYTES}.
 *
 * @param namespace a short word of ours, such as `sso-request`; a store in memory is bounded by namespace.
 */
export function storeKey(namespace: string, ...parts: readonly string[]): string {
  return bounded(namespace, parts);
}

/**
 * A key of what belongs to one company: `namespace:{marketplace/group}:part…`. The braces are a hash tag: Redis Cluster
 * keeps all keys of a company on one node, so that several of them are one call. Other stores take them as they are.
 */
export function companyKey(
  namespace: string,
  marketplace: string,
  groupUid: string,
  ...parts: readonly string[]
): string {
  return bounded(companyTag(namespace, marketplace, groupUid), parts);
}

/** Makes many keys that differ in their last part only: those of {@link companyKey}, what they share encoded once. */
export function companyKeysBelow(
  namespace: string,
  marketplace: string,
  groupUid: string,
  ...parts: readonly string[]
): (last: string) => string {
  const beginning = companyTag(namespace, marketplace, groupUid);
  const shared = join(beginning, parts);
  return (last) => bounded(beginning, [last], shared);
}

function companyTag(namespace: string, marketplace: string, groupUid: string): string {
  return `${namespace}:{${encodePart(marketplace)}/${encodePart(groupUid)}}`;
}

/** @param shared `beginning` with the parts before these. */
function bounded(beginning: string, parts: readonly string[], shared = beginning): string {
  const key = join(shared, parts);
  return key.length <= MAX_KEY_BYTES ? key : `${beginning}:${digest(key)}`;
}

/** One text and no tree of parts, which costs a store in memory several times as much. */
function join(beginning: string, parts: readonly string[]): string {
  return [beginning, ...parts.map(encodePart)].join(':');
}

const PLAIN = /^[\w.~-]*$/;

function encodePart(part: string): string {
  // A lone surrogate has no encoding and would throw; it is replaced as a UTF-8 encoder would.
  const encoded = PLAIN.test(part) ? part : encodeURIComponent(Buffer.from(part).toString());
  return encoded.length <= MAX_PART ? encoded : digest(part);
}

/** `#` occurs in no encoded part, so that no digest is ever taken for one. */
function digest(text: string): string {
  return `#${hash('sha256', text, 'base64url')}`;
}
