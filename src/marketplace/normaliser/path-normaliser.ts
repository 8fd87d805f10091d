/** A path that was understood, or why not. */
export type PathResult = { readonly path: string } | { readonly reason: string; readonly remedy: string };

const MAX_LENGTH = 1_000;

/**
 * Reads a path or template, which may hold a query (protocol §1.6): one slash in front, `%{marketplace}` replaced.
 * Full URLs, fragments, dot segments and characters no path has are refused.
 */
export function normalisePath(text: string, marketplace: string): PathResult {
  const remedy = 'Write a path such as /maestrano/auth/saml/init.';
  const filled = text.replaceAll('%{marketplace}', encodeURIComponent(marketplace));
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(filled)) {
    return { reason: 'The path is a full URL.', remedy: 'Move scheme and host to app.host or sso.idm.' };
  }
  if (filled.length > MAX_LENGTH)
    return { reason: `The path is longer than ${MAX_LENGTH} characters.`, remedy };
  // oxlint-disable-next-line no-control-regex -- none of these may reach a router
  if (/[\s\\#<>"\u0000-\u001f\u007f]/.test(filled)) {
    return { reason: 'The path holds blanks, backslashes, quotes or a fragment.', remedy };
  }
  const [pathname = ''] = filled.split('?', 1);
  if (/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(pathname)) {
    return { reason: 'The path holds dot segments.', remedy };
  }
  return { path: /^\/(?!\/)/.test(filled) ? filled : `/${filled.replace(/^\/+/, '')}` };
}

/** The placeholders, such as `id` for `:id`, that a template lacks in path and query. */
export function missingPlaceholders(template: string, required: readonly string[]): string[] {
  return required.filter((name) => !new RegExp(`[/=]:${name}(?=[/?&]|$)`).test(template));
}
