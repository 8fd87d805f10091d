/**
 * An address as a link, a redirect or a form may use it: http or https. Null for everything else, `javascript:` and
 * `data:` among it, which would run in the page's own origin.
 */
export function webAddress(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? text : null;
}
