const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;

/** A host that was understood, or why not. */
export type HostResult = { readonly url: string } | { readonly reason: string; readonly remedy: string };

/**
 * Reads an http(s) base URL and gives it without trailing slash. Credentials, queries and fragments are rejected, a
 * path where `allowPath` is false.
 */
export function normaliseHost(text: string, allowPath: boolean): HostResult {
  const remedy = 'Write scheme and host only, such as https://timesheets.example.com.';
  // oxlint-disable-next-line no-control-regex -- URL drops some of these silently
  if (/[\s\\\u0000-\u001f\u007f]/.test(text))
    return { reason: 'The host holds blanks or backslashes.', remedy };
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { reason: 'The host has no scheme.', remedy };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { reason: 'The host is not a URL.', remedy };
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { reason: 'The host is neither http nor https.', remedy };
  }
  if (url.username || url.password) {
    return {
      reason: 'The host holds credentials.',
      remedy: 'Take them out of the URL: api.id and api.key belong in their own parameters.',
    };
  }
  if (text.includes('?') || text.includes('#')) {
    return { reason: 'The host holds a query or a fragment.', remedy };
  }
  const path = url.pathname.replace(/\/+$/, '');
  if (path && !allowPath) {
    return { reason: 'The host holds a path.', remedy: 'Move the path to api.base or connec.base_path.' };
  }
  const base = url.origin + path;
  // The text itself where it is the same: what URL builds up keeps several texts alive.
  return { url: base === text ? text : base };
}

/** Whether credentials sent there cross a network unprotected. */
export function isInsecure(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !LOOPBACK.test(hostname);
}

/** A path that was understood, or why not. */
export type PathResult = { readonly path: string } | { readonly reason: string; readonly remedy: string };

const MAX_PATH_LENGTH = 1_000;

/**
 * Reads a path or template, which may hold a query (protocol §1.6): one slash in front, `%{marketplace}` replaced.
 * Full URLs, fragments, dot segments and characters no path has are rejected.
 */
export function normalisePath(text: string, marketplace: string): PathResult {
  const remedy = 'Write a path such as /maestrano/auth/saml/init.';
  const filled = text.replaceAll('%{marketplace}', encodeURIComponent(marketplace));
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(filled)) {
    return { reason: 'The path is a full URL.', remedy: 'Move scheme and host to app.host or sso.idm.' };
  }
  if (filled.length > MAX_PATH_LENGTH)
    return { reason: `The path is longer than ${MAX_PATH_LENGTH} characters.`, remedy };
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
