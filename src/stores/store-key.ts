/**
 * A key of {@link MaestranoStore}: the namespace, then each part percent-encoded, joined by colons. Encoding keeps
 * two different lists of parts from ever meeting in one key, whatever the platform puts into an identifier.
 */
export function storeKey(namespace: string, ...parts: readonly string[]): string {
  let key = namespace;
  for (const part of parts) key += `:${encodePart(part)}`;
  return key;
}

const PLAIN = /^[\w.~-]*$/;

function encodePart(part: string): string {
  // Nearly every identifier is plain: testing costs a fraction of encoding.
  if (PLAIN.test(part)) return part;
  // A lone surrogate has no encoding and would throw; it is replaced as a UTF-8 encoder would.
  return encodeURIComponent(Buffer.from(part).toString());
}
