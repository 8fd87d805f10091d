import { createHash } from 'node:crypto';

import { directionOf } from './language.js';
import { html, Html, type HtmlValue } from './html.js';
import { icon } from './parts.js';
import { TOKENS } from './tokens.js';

/**
 * What the pages need of the kit. It goes with the page, under its digest in the policy, and not as a file: an application
 * may be mounted, proxied and guarded in ways that a second address of ours would not survive.
 */
const STYLE = `${TOKENS}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:var(--s4);font:var(--t2)/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
main{width:100%;max-width:36rem;background:var(--card);border:1px solid var(--line);border-radius:var(--r3);padding:clamp(var(--s4),6vw,var(--s6))}
h1{font-size:1.5rem;line-height:1.2;letter-spacing:-.015em;margin:0 0 var(--s3);text-wrap:balance}
h2{font-size:var(--t2);margin:var(--s4) 0 var(--s2)}
p,ol{margin:0 0 var(--s3)}
ol{padding-inline-start:1.4rem}
a{color:var(--accent);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:var(--r1)}
.glyph{width:3rem;height:3rem;border-radius:50%;display:grid;place-items:center;margin-bottom:var(--s4);background:var(--warn-wash);color:var(--warn)}
.glyph svg{width:1.6rem;height:1.6rem}
.actions{display:flex;flex-wrap:wrap;gap:var(--s2) var(--s3);margin:var(--s5) 0 0}
.button{display:inline-flex;align-items:center;min-height:2.75rem;padding:.35rem .9rem;border-radius:var(--r1);border:1px solid var(--edge);background:var(--card);color:var(--ink);font-size:var(--t1);font-weight:600;text-decoration:none}
.button:hover{background:var(--sunk)}
.primary,.primary:hover{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
.support{background:var(--sunk);border-radius:var(--r2);padding:var(--s3) var(--s4);margin:var(--s4) 0 0}
.support code{display:block;font:700 1.2rem/1.4 var(--mono);letter-spacing:.06em}
details{margin-top:var(--s4)}
summary{cursor:pointer;font-size:var(--t1);color:var(--accent);padding:.4rem 0;width:fit-content}
dl{display:grid;grid-template-columns:minmax(5rem,max-content) minmax(0,1fr);gap:.35rem var(--s4);margin:0;font-size:var(--t1)}
dt{color:var(--soft)}
dd{margin:0}
.small{font-size:var(--t0);color:var(--soft)}
@media (forced-colors:active){.glyph,.support{border:1px solid}}
@media print{.actions{display:none}}`;

/** Content-Security-Policy of {@link messagePage}: its own style, and nothing else at all. */
export const MESSAGE_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What is shown to a person who cannot be let in. */
export interface Message {
  /** Language tag of the page. */
  readonly language?: string;
  readonly glyph?: 'warn' | 'key' | 'info';
  readonly title: HtmlValue;
  readonly text: HtmlValue;
  /** More than one sentence. */
  readonly body?: Html | '';
  /** Links, the first of them as the main one. An empty address is the page itself. */
  readonly actions: readonly (readonly [text: HtmlValue, address: string])[];
  /** For whoever helps: a short code behind what it is. */
  readonly support?: readonly [label: HtmlValue, code: string];
  /** Folded away. */
  readonly details?: Html | '';
}

/** A whole page that stands alone and works without scripts. */
export function messagePage(message: Message): string {
  const { language = 'en', glyph = 'warn', title, text, body, actions, support, details } = message;
  const page = html`<body>
      <main>
        <span class="glyph">${icon(glyph)}</span>
        <h1>${title}</h1>
        <p>${text}</p>
        ${body}
        <p class="actions">
          ${actions.map(
            ([name, address], index) =>
              html`<a class="button ${index === 0 ? 'primary' : ''}" href="${address}">${name}</a> `,
          )}
        </p>
        ${support ? html`<p class="support">${support[0]} <code>${support[1]}</code></p>` : ''} ${details}
      </main>
    </body>
  </html> `;
  const name = html`${title}`.text.replaceAll(/<[^>]*>/g, '');
  // Not in the template above: the style's digest is that of these very characters.
  return `<!doctype html>
<html lang="${html`${language}`.text}" dir="${directionOf(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${name}</title>
<style>${STYLE}</style>
</head>
${page.text}
`;
}
