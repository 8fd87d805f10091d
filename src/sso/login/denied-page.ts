import { createHash } from 'node:crypto';

import type { LoginDenial } from '../../interfaces/sso-options.interface.js';

const STYLE = `body{font:1rem/1.5 system-ui,sans-serif;color:#1d2733;background:#f3f5f8;margin:0;padding:2rem 1rem}
main{max-width:34rem;margin:8vh auto 0;padding:2rem;background:#fff;border:1px solid #d5dbe3;border-radius:.5rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}
a{color:#0b57a4}
.actions{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem 1rem}
.button{padding:.6rem 1.1rem;border-radius:.3rem;background:#0b57a4;color:#fff;text-decoration:none}
a:focus-visible{outline:3px solid #f0a500;outline-offset:2px}
code{font:inherit;font-weight:600;letter-spacing:.05em;white-space:nowrap}
.note{color:#4a5868;margin-bottom:0}`;

/** Content-Security-Policy of the page: its own style, and nothing else at all. */
export const DENIED_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The page for a person who could not sign in: what to do next, and the short code for whoever helps. Works without
 * scripts. Says nothing of the checks, which would help an attacker more than the person.
 */
export function deniedPage(denial: LoginDenial, marketplaceUrl: string): string {
  const { code, traceCode, signInUrl } = denial;
  const note =
    traceCode === null
      ? `Reason: <code>${escape(code)}</code>`
      : `If it happens again, give this code to the support team: <code>${escape(traceCode)}</code>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>You are not signed in</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>You are not signed in</h1>
<p>${escape(explanation(denial))}</p>
<p class="actions"><a class="button" href="${escape(signInUrl)}">Sign in again</a> <a href="${escape(marketplaceUrl)}">Back to the marketplace</a></p>
<p class="note">${note}</p>
</main>
</body>
</html>
`;
}

function explanation({ code, restart, reason, status }: LoginDenial): string {
  if (reason !== null) return reason;
  if (status === 502) return 'Your marketplace did not respond as it should. Please try again in a moment.';
  if (status === 503) return 'Signing in is not possible at the moment. Please try again in a few seconds.';
  if (code === 'session.lost') {
    return 'You were signed in, but your browser came back without the session. See that it accepts cookies of this site.';
  }
  if (code === 'sso.denied') return 'This application does not let you in with this account.';
  if (code === 'sso.disabled') return 'Signing in through this marketplace is switched off at the moment.';
  if (restart) return 'This sign-in took too long, was begun in another browser, or was finished before.';
  return 'The response of your marketplace could not be accepted.';
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
