import { createHash } from 'node:crypto';

import { Html, html } from '../views/html.js';

const STYLE = `body{font:1rem/1.5 system-ui,sans-serif;color:#1d2733;background:#f3f5f8;margin:0;padding:2rem 1rem}
main{max-width:34rem;margin:8vh auto 0;padding:2rem;background:#fff;border:1px solid #d5dbe3;border-radius:.5rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}
a{color:#0b57a4}
.actions{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem 1rem}
.button{padding:.6rem 1.1rem;border-radius:.3rem;background:#0b57a4;color:#fff;text-decoration:none}
a:focus-visible{outline:3px solid #f0a500;outline-offset:2px}
code{font:inherit;font-weight:600;letter-spacing:.05em;white-space:nowrap}
.note{color:#4a5868;margin-bottom:0}`;

/** Exactly what the policy has the digest of. */
const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`);

/** Content-Security-Policy of {@link messagePage}: its own style, and nothing else at all. */
export const MESSAGE_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What a person is told who cannot be let in. */
export interface Message {
  readonly title: string;
  readonly text: string;
  /** Links, the first of them as a button. An empty address is the page itself. */
  readonly actions: readonly (readonly [text: string, address: string])[];
  /** For whoever helps. */
  readonly note: Html;
}

/** A whole page that works without scripts. */
export function messagePage({ title, text, actions, note }: Message): string {
  const links = actions.map(
    ([name, address], n) =>
      html`${n > 0 ? ' ' : ''}<a${n === 0 ? html` class="button"` : ''} href="${address}">${name}</a>`,
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p>${text}</p>
          <p class="actions">${links}</p>
          <p class="note">${note}</p>
        </main>
      </body>
    </html> `.text;
}
