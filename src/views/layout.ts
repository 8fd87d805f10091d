import { assetPath } from './assets.js';
import { html, Html, type HtmlValue } from './html.js';
import type { Tone } from './parts.js';

/** A place that the navigation leads to, with how many things there need somebody. */
export interface Place {
  readonly path: string;
  readonly name: string;
  readonly problems?: number;
}

/** What all pages of one site share. */
export interface Site {
  /** The path that the site is mounted at, without trailing slash; empty by default. Its assets are below it. */
  readonly base?: string;
  /** Follows the title of each page in the browser's tab. */
  readonly name: string;
  /** Class of the body: `sandbox` hatches the strip on top. */
  readonly kind: 'sandbox' | 'console';
  /** At the top left; leads to the first place. */
  readonly brand: { readonly name: string; readonly small: string };
  /** The places a person can go to, in groups, in their order. */
  readonly navigation: readonly { readonly title: string; readonly places: readonly Place[] }[];
  /** Where one is: stands on every page. */
  readonly status: Html;
  /** Below the navigation. */
  readonly foot: Html;
}

/** What a page is made of. */
export interface PageContent {
  /** What the page says in one line, not the name of a table: it changes with the state. */
  readonly title: string;
  /** One sentence below the title. */
  readonly lead?: HtmlValue;
  readonly body: Html;
  /** At most three, the first one `.primary`. */
  readonly actions?: HtmlValue;
  /** Path of the place to highlight; pages of a login have none. */
  readonly active?: string;
  /** The way to this page, itself excluded. */
  readonly crumbs?: readonly (readonly [name: string, href: string])[];
  /** What the last action did. */
  readonly notice?: { readonly text: string; readonly tone: Tone } | null;
  /** Address of the stream that tells of news. */
  readonly live?: string;
  /** Times are shown exactly at once. */
  readonly exact?: boolean;
  /** The server's time, ISO 8601: relative times are counted from it. */
  readonly now: string;
  /** The address of this page with exact times. */
  readonly exactHref: string;
}

const BASE_POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Sent with every page: nothing inline, nothing from elsewhere, no frames, forms to the site itself only. */
export const PAGE_POLICY = `${BASE_POLICY}; form-action 'self'`;

/** Sent with a form that carries a login to the application, which may send the browser on to anywhere on the web. */
export const LEAVING_POLICY = `${BASE_POLICY}; form-action http: https:`;

const MARK = html`<svg viewBox="0 0 28 28" aria-hidden="true">
  <rect width="28" height="28" rx="8" class="f1" />
  <path
    d="M7 19V9.5l7 6 7-6V19"
    fill="none"
    stroke="#fff"
    stroke-width="2.6"
    stroke-linecap="round"
    stroke-linejoin="round"
  />
</svg>`;

const KEYS: readonly (readonly [string, string])[] = [
  ['/', 'search'],
  ['j k', 'down, up'],
  ['Enter', 'open'],
  ['n', 'show new lines'],
  ['t', 'exact times'],
  ['Esc', 'back to the list'],
];

function shell(title: string, cls: string, now: string, body: Html, base = ''): string {
  return html`<!DOCTYPE html>
    <html lang="en" data-now="${now}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="${assetPath('icon.svg', base)}" type="image/svg+xml" />
        <link rel="stylesheet" href="${assetPath('pages.css', base)}" />
        <script src="${assetPath('pages.js', base)}" defer></script>
      </head>
      <body class="${cls}">
        ${body}
      </body>
    </html>`.text;
}

/** A whole page of a site: works without script, by keyboard, on a phone. */
export function layout(site: Site, content: PageContent): string {
  const { title, lead, body, actions, notice, live, crumbs = [] } = content;
  const home = site.navigation[0]?.places[0]?.path ?? '/';
  const place = html`<a class="skip" href="#content">Skip to content</a>
    <header class="top">
      <a class="brand" href="${home}">${MARK}<span>${site.name}</span></a
      ><a class="button mini" href="#menu">Menu</a>
    </header>
    <div class="frame">
      <nav class="side" id="menu" aria-label="Main">
        <a class="button mini close" href="#content">Close menu</a>
        <a class="brand" href="${home}"
          >${MARK}<span>${site.brand.name}<small>${site.brand.small}</small></span></a
        >
        ${site.navigation.map((group) => navigationGroup(group, content.active))}
        <p class="foot">${site.foot}</p>
      </nav>
      <div>
        <div class="where" role="region" aria-label="Place and state">
          <nav aria-label="Where you are">
            <ol class="crumbs">
              ${crumbs.map(([name, href]) => html`<li><a href="${href}">${name}</a></li>`)}
              <li><span aria-current="page">${title}</span></li>
            </ol>
          </nav>
          <span
            >${site.status}${
              live
                ? html` ·
                    <span class="livedot"
                      ><svg viewBox="0 0 8 8" aria-hidden="true">
                        <circle cx="4" cy="4" r="4" fill="currentColor" /></svg
                      ><span id="live">Reload for news</span></span
                    >`
                : ''
            }</span
          >
        </div>
        <main id="content" tabindex="-1" ${live ? html`data-live="${live}"` : ''}>
          ${notice ? html`<div class="toast ${notice.tone}" role="status"><span>${notice.text}</span></div>` : ''}
          <div class="head">
            <div>
              <h1>${title}</h1>
              ${lead ? html`<p class="lead">${lead}</p>` : ''}
            </div>
            ${actions ? html`<div class="actions">${actions}</div>` : ''}
          </div>
          ${live ? html`<div class="toast info" id="fresh" role="status" hidden><a href="">Show new lines</a></div>` : ''}
          ${body}
          <div class="keys" id="keys">
            ${KEYS.map(([keys, what]) => html`<span class="kb">${keys.split(' ').map((one) => html`<kbd>${one}</kbd> `)}${what}</span>`)}
            <span
              >${
                content.exact
                  ? html`Times are exact, UTC`
                  : html`Times are relative; <a href="${content.exactHref}">show exact ones</a>`
              }</span
            >
          </div>
        </main>
      </div>
    </div>`;
  return shell(
    `${title} · ${site.name}`,
    `${site.kind} ${content.exact ? 'exact' : ''}`,
    content.now,
    place,
    site.base,
  );
}

/** A page that stands alone: one message, nothing to wander off to. */
export function standalone(title: string, body: Html): string {
  return shell(title, 'alone', '', html`<main id="content">${body}</main>`);
}

function navigationGroup({ title, places }: Site['navigation'][number], active: string | undefined): Html {
  return html`<div>
    ${title ? html`<h2>${title}</h2>` : ''}
    <ul>
      ${places.map(
        ({ path, name, problems = 0 }) =>
          html`<li>
            <a href="${path}" ${active === path ? new Html('aria-current="page"') : ''}
              ><span>${name}</span>${
                problems > 0
                  ? html`<span class="count bad"
                      ><span class="hidden">, needing attention: </span
                      >${problems > 999 ? '999+' : problems}</span
                    >`
                  : ''
              }</a
            >
          </li>`,
      )}
    </ul>
  </div>`;
}
