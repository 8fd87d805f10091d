import { html, Html } from './html.js';
import { STYLES } from './styles.js';

/** What all pages of one site share. */
export interface Site {
  /** Follows the title of each page in the browser's tab. */
  readonly name: string;
  /** What stands at the top left, and leads to the first entry of the navigation. */
  readonly brand: Html;
  /** The pages a person can go to, in their order: path and name. */
  readonly navigation: readonly (readonly [path: string, name: string])[];
}

/** What a page is made of. */
export interface PageContent {
  readonly title: string;
  /** One sentence below the title. */
  readonly lead?: string;
  readonly body: Html;
  /** Path of the entry to highlight; pages of a login have none. */
  readonly active?: string;
  /** What the last action did. */
  readonly notice?: string | null;
}

/** Sent with every page: nothing from elsewhere, no frames. */
export const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'";

/** A whole page: works without script, by keyboard, on a phone. */
export function layout(site: Site, { title, lead, body, active, notice }: PageContent): string {
  const [home] = site.navigation;
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · ${site.name}</title>
        <style>
          ${new Html(STYLES)}
        </style>
      </head>
      <body>
        <a class="skip" href="#content">Skip to content</a>
        <header class="top">
          <div class="bar">
            <a class="brand" href="${home?.[0] ?? '/'}">${site.brand}</a>
            <nav aria-label="Main">
              <ul>
                ${site.navigation.map(
                  ([path, name]) =>
                    html`<li>
                      <a href="${path}" ${active === path ? new Html('aria-current="page"') : ''}>${name}</a>
                    </li>`,
                )}
              </ul>
            </nav>
          </div>
        </header>
        <main id="content">
          <h1>${title}</h1>
          ${lead ? html`<p class="lead">${lead}</p>` : ''}
          ${notice ? html`<p class="notice" role="status">${notice}</p>` : ''} ${body}
        </main>
      </body>
    </html>`.text;
}
