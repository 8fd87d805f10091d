/** Markup that may be put into a page as it is. */
export class Html {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

/** What a template takes: texts and numbers are escaped, lists are joined, nothing is left out. */
export type HtmlValue = Html | string | number | boolean | null | undefined | readonly HtmlValue[];

function render(value: HtmlValue): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'object' && value !== null) return value.map((one) => render(one)).join('');
  if (value === null || value === undefined || value === false) return '';
  return String(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/**
 * Template tag: everything put in is escaped, unless it is {@link Html} itself. Lists are joined; null, undefined and
 * false are nothing.
 *
 * ```ts
 * html`<p>${'<script>'}</p>`.text; // <p>&lt;script&gt;</p>
 * ```
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(
    strings.map((text, index) => text + (index < values.length ? render(values[index]) : '')).join(''),
  );
}
