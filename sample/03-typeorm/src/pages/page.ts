import { html, type Html } from './html.js';

/** Who looks at a page of somebody who is signed in. */
export interface Visitor {
  readonly name: string;
  readonly company: string;
  /** Null for an account of our own. */
  readonly marketplace: string | null;
}

const NONE = html``;

/** A page of the application as it is sent. */
export function page(title: string, body: Html, visitor: Visitor | null = null): string {
  const side = visitor
    ? html`<nav aria-label="Main">
          <a href="/hours">My hours</a><a href="/messages">Messages</a><a href="/people">People</a
          ><a href="/billing">Billing</a><a href="/account">Account</a>
        </nav>
        <form method="post" action="/sign-out">
          <p>${visitor.name}<small>${visitor.company}, ${visitor.marketplace ?? 'own account'}</small></p>
          <button class="plain">Sign out</button>
        </form>`
    : NONE;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Hours</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body class="${visitor ? 'app' : 'public'}">
        <a class="skip" href="#content">Skip to content</a>
        <header>
          <a class="brand" href="${visitor ? '/hours' : '/'}"><i aria-hidden="true"></i>Hours</a>
          ${side}
        </header>
        <main id="content">${body}</main>
      </body>
    </html>`.text;
}

export const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#20192b, #ece8f3); --soft: light-dark(#665d73, #b0a7be);
  --paper: light-dark(#faf8f5, #17131d); --card: light-dark(#fff, #211b29); --line: light-dark(#e4dfd8, #3a3245);
  --accent: light-dark(#6b2fa0, #cba6f0); --on: light-dark(#fff, #1c1126); --wash: light-dark(#f1e8f9, #33244a); --warn: light-dark(#9a3412, #f5b48a); }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
a { color: var(--accent); }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; }
.app { display: grid; grid-template-columns: 14rem 1fr; min-height: 100vh; }
header { padding: 1.25rem; } .app header { background: var(--card); border-right: 1px solid var(--line); display: flex; flex-direction: column; gap: 1.5rem; }
.brand { display: flex; gap: .6rem; align-items: center; font-weight: 700; font-size: 1.1rem; color: var(--ink); text-decoration: none; }
.brand i { width: 1.6rem; height: 1.6rem; border-radius: 50%; border: .3rem solid var(--accent); border-right-color: transparent; }
nav { display: grid; gap: .15rem; } nav a { padding: .55rem .75rem; border-radius: .5rem; text-decoration: none; color: var(--ink); } nav a:hover { background: var(--wash); }
header form { margin-top: auto; } header small { display: block; color: var(--soft); }
main { padding: 2rem clamp(1.25rem, 5vw, 3.5rem); max-width: 58rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; } h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; } .lead { color: var(--soft); margin: 0 0 1.5rem; max-width: 42rem; }
.public main { margin: auto; } .hero { padding: 2rem 0; } .hero h1 { font-size: clamp(2rem, 6vw, 3rem); max-width: 16ch; }
.doors { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); align-items: start; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 1rem; padding: 1.25rem; } .card h2 { margin-top: 0; }
.card strong { display: block; font-size: 2rem; font-variant-numeric: tabular-nums; }
label { display: grid; gap: .25rem; margin: 0 0 .75rem; font-weight: 600; }
input { font: inherit; padding: .55rem .7rem; border: 1px solid var(--soft); border-radius: .5rem; background: var(--paper); color: var(--ink); width: 100%; }
.line { display: grid; gap: .75rem; grid-template-columns: 10rem 1fr 7rem auto; align-items: end; } .line label { margin: 0 }
button, .button { font: inherit; font-weight: 600; border: 1px solid var(--accent); border-radius: .6rem; padding: .55rem 1rem; min-height: 2.7rem;
  background: var(--accent); color: var(--on); cursor: pointer; text-decoration: none; display: inline-block; margin: 0 .5rem .5rem 0; }
.line button { margin: 0 } .plain { background: none; color: var(--ink); border-color: var(--line); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line); }
th, td { text-align: left; padding: .65rem .9rem; border-bottom: 1px solid var(--line); } th { color: var(--soft); font-weight: 600; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
.notice { border-left: .25rem solid var(--accent); background: var(--wash); padding: .6rem 1rem; border-radius: .4rem; margin: 0 0 1.25rem; } .notice.warn { border-color: var(--warn); }
@media (max-width: 48rem) { th, td { padding: .5rem .45rem; overflow-wrap: anywhere } .app { display: block } .app header { border-right: 0; border-bottom: 1px solid var(--line) } nav { grid-auto-flow: column; overflow-x: auto } .line { grid-template-columns: 1fr } }
`;
