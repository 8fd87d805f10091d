/**
 * The value of a body that is JSON whatever its content type says; undefined when it is empty or no JSON. Proxies
 * answer with HTML, and the platform's own content types vary (protocol §8.4, §9.2).
 */
export function parseJsonBody(text: string): unknown {
  // trimStart() also removes a byte order mark, which JSON.parse refuses.
  const trimmed = text.trimStart();
  if (trimmed === '' || trimmed.startsWith('<')) return undefined;
  try {
    return JSON.parse(trimmed) as unknown;
  } catch {
    return undefined;
  }
}
