import { html, type Html } from './html.js';

/** Who looks at a page of somebody who is signed in. */
export interface Visitor {
  readonly name: string;
  readonly company: string;
}

const NONE = html``;

/** A page of the application as it is sent. */
export function page(title: string, body: Html, visitor: Visitor | null = null): string {
  const menu = visitor
    ? html`<nav aria-label="Main">
          <a href="/desks">Desks</a><a href="/people">People</a><a href="/billing">Billing</a>
        </nav>
        <form method="post" action="/sign-out" class="who">
          <span>${visitor.name}<small>${visitor.company}</small></span
          ><button class="plain">Sign out</button>
        </form>`
    : NONE;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Desks</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <a class="skip" href="#content">Skip to content</a>
        <header>
          <div>
            <a class="brand" href="${visitor ? '/desks' : '/'}"><i aria-hidden="true"></i>Desks</a>
            ${menu}
          </div>
        </header>
        <main id="content">${body}</main>
      </body>
    </html>`.text;
}

/** Sent as a file, so that the content policy allows nothing inline. */
export const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1b2420, #e8efe9); --soft: light-dark(#55635c, #a7b5ac);
  --paper: light-dark(#f5f4ef, #141a17); --card: light-dark(#fff, #1c2420); --line: light-dark(#dcdbd2, #303b35);
  --accent: light-dark(#1d6b4f, #7fd6b2); --on: light-dark(#fff, #0d1a14); --wash: light-dark(#e3f1ea, #1f3a2f);
  --warn: light-dark(#8a4b08, #f0b67a); }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
a { color: var(--accent); }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; }
header { background: var(--card); border-bottom: 1px solid var(--line); }
header > div { max-width: 62rem; margin: auto; padding: .75rem 1.25rem; display: flex; gap: .5rem 1.5rem; align-items: center; flex-wrap: wrap; }
.brand { display: flex; gap: .6rem; align-items: center; font-weight: 700; color: var(--ink); text-decoration: none; margin-right: auto; }
.brand i { width: 1.6rem; height: 1.6rem; border-radius: .45rem; background: linear-gradient(var(--accent) 45%, transparent 45% 55%, var(--accent) 55%); }
nav { display: flex; gap: .25rem; } nav a { padding: .5rem .75rem; border-radius: .5rem; text-decoration: none; color: var(--ink); }
nav a:hover { background: var(--wash); }
.who { display: flex; gap: .75rem; align-items: center; } .who small { display: block; color: var(--soft); }
main { max-width: 62rem; margin: auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: .5rem 0 .25rem; } .lead { color: var(--soft); margin: 0 0 1.5rem; max-width: 44rem; }
.hero { padding: 3rem 0; max-width: 40rem; } .hero h1 { font-size: clamp(2rem, 6vw, 3.25rem); }
button, .button { font: inherit; font-weight: 600; border: 1px solid var(--accent); border-radius: .6rem; padding: .55rem 1rem; min-height: 2.6rem;
  background: var(--accent); color: var(--on); cursor: pointer; text-decoration: none; display: inline-block; }
.plain { background: none; color: var(--ink); border-color: var(--line); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.row { display: flex; gap: .75rem; flex-wrap: wrap; align-items: center; margin: 0 0 1.25rem; }
.desks { list-style: none; padding: 0; display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); }
.desks li { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: .9rem; display: grid; gap: .5rem; align-content: space-between; min-height: 8rem; }
.desks .taken { background: none; border-style: dashed; } .desks .mine { background: var(--wash); border-color: var(--accent); }
.desks b { font-size: 1.1rem; } .desks span { color: var(--soft); }
table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line); border-radius: .8rem; overflow: hidden; }
th, td { text-align: left; padding: .7rem .9rem; border-bottom: 1px solid var(--line); } tr:last-child td { border: 0 } th { color: var(--soft); font-weight: 600; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: 1.25rem; max-width: 32rem; }
.card strong { font-size: 2rem; display: block; font-variant-numeric: tabular-nums; }
.notice { border-left: .25rem solid var(--accent); background: var(--wash); padding: .6rem 1rem; border-radius: .4rem; }
.notice.warn { border-color: var(--warn); }
@media (max-width: 48rem) { th, td { padding: .5rem .45rem; overflow-wrap: anywhere } }
`;
