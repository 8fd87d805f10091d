import { html, Html } from './html.js';

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
