import { createHash } from 'node:crypto';

import { html, type Html } from './html.js';
import { STYLESHEET } from './stylesheet.js';

/** Content-Security-Policy of {@link documentPage}: its own style, and nothing else at all. */
export const DOCUMENT_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLESHEET).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * A document to be read, kept and printed: a whole page that stands alone, without scripts and without a second address, so
 * that an application can serve, mail or store it as it is.
 */
export function documentPage(title: string, body: Html): string {
  // Not in a template: the style's digest is that of these very characters.
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${html`${title}`.text}</title>
<style>${STYLESHEET}</style>
</head>
<body class="document">
${html`<main id="content">${body}</main>`.text}
</body>
</html>
`;
}
