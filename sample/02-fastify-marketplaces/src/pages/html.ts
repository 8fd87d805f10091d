/** Addresses of pages: they have no prefix. */
export const PAGE_ROUTES = ['/', 'desk', 'desk/{*path}', 'reminders.css'];

/**
 * Nothing inline, nothing from elsewhere. Forms may lead on to other sites, because signing out goes through the
 * marketplace.
 */
export const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' http: https:";

/** Markup that may be put into a page as it is. */
export class Html {
  constructor(readonly text: string) {}
}

type Value = Html | string | number | readonly Value[];

function render(value: Value): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map((one) => render(one)).join('');
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Template tag: everything put in is escaped, unless it is markup of this tag itself. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(strings.map((text, index) => text + render(values[index] ?? '')).join(''));
}

const LOGO = html`<svg viewBox="0 0 28 28" aria-hidden="true">
  <rect width="28" height="28" rx="8" class="logo" />
  <path
    d="M8 18.5h12l-1.6-2.4V12a4.4 4.4 0 0 0-8.8 0v4.1zM12.4 21h3.2"
    fill="none"
    stroke="#fff"
    stroke-width="2.2"
    stroke-linecap="round"
    stroke-linejoin="round"
  />
</svg>`;

/** A whole page: `bar` stands at the right of the name. */
export function page(title: string, body: Html, bar: Html = html``): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Reminders</title>
        <link rel="stylesheet" href="/reminders.css" />
      </head>
      <body>
        <a class="skip" href="#content">Skip to content</a>
        <header class="bar">
          <div>
            <a class="brand" href="/">${LOGO}<span>Reminders</span></a
            >${bar}
          </div>
        </header>
        <main id="content" tabindex="-1">${body}</main>
        <footer>A sample of nestjs-maestrano. What it knows is in memory, and gone with the process.</footer>
      </body>
    </html>`.text;
}
