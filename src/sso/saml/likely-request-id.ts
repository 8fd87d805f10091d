/** Characters of base64 that hold the first tag, the provider's own address included. */
const HEAD = 4_096;
const IN_RESPONSE_TO = /\sInResponseTo\s*=\s*["']([^"'<>&]{1,256})["']/;

/**
 * The request that a posted response most likely answers, at a glance; null when there is none to be seen. Only for
 * getting ready: what the response says is what the strict reader reads.
 */
export function likelyRequestId(samlResponse: unknown): string | null {
  if (typeof samlResponse !== 'string') return null;
  const head = Buffer.from(samlResponse.slice(0, HEAD), 'base64').toString('latin1');
  return IN_RESPONSE_TO.exec(head)?.[1] ?? null;
}
