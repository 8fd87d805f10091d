import { html, Html } from './html.js';

/** Name of the hidden field that proves a form to be from a page of the site itself. */
export const TOKEN_FIELD = 'csrf';

/** How a button looks. */
export type ButtonKind = '' | 'primary' | 'danger' | 'quiet';

/** How a form is shown beside its address, token and fields. */
export interface FormLook {
  /** Classes of the form. */
  readonly cls?: string;
  /** Name for screen readers, where several forms have the same fields. */
  readonly label?: string;
}

/** A form that changes something: posted, with the token that other sites do not know. */
export function form(path: string, token: string, body: Html, { cls = '', label }: FormLook = {}): Html {
  return html`<form class="${cls}" method="post" action="${path}" ${attribute('aria-label', label)}>
    <input type="hidden" name="${TOKEN_FIELD}" value="${token}" />${body}
  </form>`;
}

/** A button that does something: a form of its own, so that it works without script. */
export function action(
  path: string,
  token: string,
  label: string,
  fields: Readonly<Record<string, string>> = {},
  { kind = '', mini = false }: { readonly kind?: ButtonKind; readonly mini?: boolean } = {},
): Html {
  const inputs = Object.entries(fields).map(([name, value]) => hiddenField(name, value));
  const button = html`<button class="${kind} ${mini ? 'mini' : ''}">${label}</button>`;
  return form(path, token, html`${inputs}${button}`, { cls: 'inline' });
}

/** A field that nobody sees. */
export function hiddenField(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}" />`;
}

/** One choice: its value and what a person reads, or both in one. */
export type Choice = readonly [value: string, label: string] | string;

/** A labelled choice. */
export function select(label: string, name: string, choices: readonly Choice[], chosen = ''): Html {
  return html`<label
    >${label}<select name="${name}">
      ${choices.map((entry) => {
        const [value, text] = typeof entry === 'string' ? [entry, entry] : entry;
        return html`<option value="${value}" ${value === chosen ? new Html('selected') : ''}>
          ${text}
        </option>`;
      })}
    </select></label
  >`;
}

/** The search field of a list. */
export interface SearchField {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
}

/** What narrows a list: a GET form, so that the address keeps it. `keep` are parameters that stay as they are. */
export function filters(
  path: string,
  search: SearchField | null,
  fields: Html,
  keep: Readonly<Record<string, string>> = {},
): Html {
  const kept = Object.entries(keep).map(([name, value]) => (value === '' ? '' : hiddenField(name, value)));
  return html`<form class="filters" role="search" action="${path}">
    ${kept}
    ${
      search
        ? html`<label class="search"
            >${search.label}<input
              type="search"
              name="q"
              placeholder="${search.hint}"
              value="${search.value}"
              maxlength="200"
          /></label>`
        : ''
    }${fields}<button>Apply</button>
  </form>`;
}

/** A link that narrows a list, with how many it shows. */
export interface Chip {
  readonly name: string;
  readonly href: string;
  readonly on: boolean;
  readonly count?: string;
}

/** The few filters that people use, as links. */
export function chips(label: string, items: readonly Chip[], end: Html | string = ''): Html {
  return html`<ul class="chips" aria-label="${label}">
    ${items.map(
      ({ name, href, on, count }) =>
        html`<li>
          <a href="${href}" ${on ? new Html('aria-current="true"') : ''}
            >${name}${count === undefined ? '' : html` <span class="soft">${count}</span>`}</a
          >
        </li>`,
    )}
    ${end === '' ? '' : html`<li class="end">${end}</li>`}
  </ul>`;
}

/** An attribute, escaped; nothing where there is no value. */
export function attribute(name: string, value: string | undefined): Html | '' {
  return value === undefined ? '' : html`${new Html(name)}="${value}"`;
}
