import { html, Html } from './html.js';
import { STYLES } from './styles.js';

/** The pages a person can go to, in the order of the navigation. */
export const NAVIGATION = [
  ['/', 'Home'],
  ['/marketplaces', 'Marketplaces'],
  ['/people', 'Users and groups'],
  ['/bills', 'Bills'],
  ['/data', 'Connec!'],
  ['/webhooks', 'Webhooks'],
  ['/journal', 'Journal'],
  ['/weather', 'Faults and clock'],
] as const;

/** What a page is made of. */
export interface PageContent {
  readonly title: string;
  /** One sentence below the title. */
  readonly lead?: string;
  readonly body: Html;
  /** Path of the entry to highlight; pages of a sign-on have none. */
  readonly active?: string;
  /** What the last action did. */
  readonly notice?: string | null;
}

/** Sent with every page: nothing from elsewhere, no frames. */
export const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'";

/** A whole page: works without script, by keyboard, on a phone. */
export function layout({ title, lead, body, active, notice }: PageContent): string {
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Sandbox marketplace</title>
        <style>
          ${new Html(STYLES)}
        </style>
      </head>
      <body>
        <a class="skip" href="#content">Skip to content</a>
        <header class="top">
          <div class="bar">
            <a class="brand" href="/">Maestrano <small>sandbox</small></a>
            <nav aria-label="Main">
              <ul>
                ${NAVIGATION.map(
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

/** A table that scrolls sideways on a phone, or a sentence where there is nothing to show. */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly Html[],
  empty: string,
): Html {
  if (rows.length === 0) return html`<p class="muted">${empty}</p>`;
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** A button that does something: a form of its own, so that it works without script. */
export function action(
  path: string,
  label: string,
  fields: Readonly<Record<string, string>> = {},
  kind: 'plain' | 'danger' | '' = 'plain',
): Html {
  return html`<form class="inline" method="post" action="${path}">
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button class="${kind}">${label}</button>
  </form>`;
}

/** The choices of a select element. */
export function options(values: readonly (readonly [string, string] | string)[], selected?: string): Html[] {
  return values.map((entry) => {
    const [value, label] = typeof entry === 'string' ? [entry, entry] : entry;
    return html`<option value="${value}" ${value === selected ? new Html('selected') : ''}>${label}</option>`;
  });
}

/** Hundredths as people read money. */
export function money(cents: number, currency: string): string {
  return `${(cents / 100).toFixed(2)} ${currency}`;
}
