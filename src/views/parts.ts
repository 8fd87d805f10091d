import { attribute } from './form.js';
import { html, Html, type HtmlValue } from './html.js';

/** How something stands; each has a shape beside its colour. `info` is under way, `idle` ended without effect. */
export type Tone = 'good' | 'info' | 'warn' | 'bad' | 'idle';

const PATHS = {
  good: 'M3 8.5l3.2 3.2L13 4.8',
  bad: 'M4 4l8 8M12 4l-8 8',
  warn: 'M8 2.5v7M8 12.6v.9',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 5v3.2l2.2 1.6',
  idle: 'M3.5 8h9',
  key: 'M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  box: 'M2.5 5l5.5-3 5.5 3v6L8 14l-5.5-3zM2.5 5L8 8l5.5-3M8 8v6',
} as const;

/** A small drawing that a word stands beside. */
export function icon(name: keyof typeof PATHS): Html {
  return html`<svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path
      d="${PATHS[name]}"
      fill="none"
      stroke="currentColor"
      stroke-width="2.2"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  </svg>`;
}

/** A state: shape, word, colour. */
export function pill(tone: Tone, text: HtmlValue): Html {
  return html`<span class="pill ${tone}">${icon(tone)}${text}</span>`;
}

/** An identifier: whole, never broken where there is room. */
export function id(text: string): Html {
  return html`<code>${text}</code>`;
}

/** A text somebody else wrote: its direction stays its own. */
export function foreign(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}

/** Text or a program's output, with a button that copies it. `name` is unique on the page. */
export function code(name: string, label: string, text: HtmlValue): Html {
  return html`<div class="code">
    <pre id="${name}" tabindex="0" role="region" aria-label="${label}">${text}</pre>
    <button class="mini copy" type="button" data-copy="${name}" hidden>Copy</button>
  </div>`;
}

/** JSON with its names and texts told apart; any other text as it is. */
export function json(name: string, label: string, text: string): Html {
  const pretty = prettyJson(text);
  if (pretty === null) return code(name, label, text);
  const escaped = html`${pretty}`.text.replaceAll(
    /&quot;((?:(?!&quot;).)*)&quot;(:)?/g,
    (_whole, inner: string, colon?: string) =>
      colon ? `<span class="k">&quot;${inner}&quot;</span>:` : `<span class="s">&quot;${inner}&quot;</span>`,
  );
  return code(name, label, new Html(escaped));
}

/** JSON with a line for each value; null where it is none. */
export function prettyJson(text: string): string | null {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

/** A column: `num` is right aligned, `lead` names the row, `act` holds its buttons. */
export interface Column {
  readonly name: string;
  readonly kind?: 'num' | 'lead' | 'act';
  /** For screen readers only. */
  readonly hide?: boolean;
}

/** Compares rows; a card each on a phone, with labels, or two lines where `tight` cells explain themselves. */
export function table(
  caption: string,
  columns: readonly Column[],
  lines: readonly (readonly HtmlValue[])[],
  { tight = false }: { readonly tight?: boolean } = {},
): Html {
  return html`<table class="data ${tight ? 'tight' : ''}" role="table">
    <caption class="hidden">
      ${caption}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map(
          ({ name, kind = '', hide }) =>
            html`<th role="columnheader" scope="col" class="${kind}">
              ${hide ? html`<span class="hidden">${name}</span>` : name}
            </th>`,
        )}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${lines.map(
        (cells) =>
          html`<tr role="row">
            ${cells.map((cell, index) => tableCell(cell, columns[index]))}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function tableCell(cell: HtmlValue, column: Column | undefined): Html {
  const { name = '', kind = '' } = column ?? {};
  const isEmpty = cell === '' || cell === null || cell === undefined || cell === false;
  const label = kind === 'lead' || kind === 'act' || isEmpty ? undefined : name;
  return html`<td role="cell" class="${kind}" ${attribute('data-label', label)}>
    ${isEmpty ? '' : html`<div>${cell}</div>`}
  </td>`;
}

/** What is known of one thing. */
export function keyValues(pairs: readonly (readonly [HtmlValue, HtmlValue])[]): Html {
  return html`<dl class="kv">
    ${pairs.map(
      ([key, value]) =>
        html`<dt>${key}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

/** A number that is looked at daily, leading to the list behind it. */
export function tile(
  name: string,
  value: HtmlValue,
  note: HtmlValue,
  href: string,
  course: Html | '' = '',
): Html {
  return html`<a class="tile" href="${href}"
    ><span class="name">${name}</span><span class="value">${value}</span>${course}<span class="note"
      >${note}</span
    ></a
  >`;
}

/** How a card looks. */
export interface CardLook {
  readonly aside?: HtmlValue;
  readonly cls?: string;
  /** Its body reaches the borders: lists and tables. */
  readonly flush?: boolean;
  readonly id?: string;
}

/** A part of a page with a heading. */
export function card(
  title: HtmlValue,
  body: HtmlValue,
  { aside, cls = '', flush = false, id: anchor }: CardLook = {},
): Html {
  return html`<section class="card ${cls} ${flush ? 'flush' : ''}" ${attribute('id', anchor)}>
    <header>
      <h2>${title}</h2>
      ${aside ? html`<p class="small soft">${aside}</p>` : ''}
    </header>
    ${body}
  </section>`;
}

/** The parts of one thing, as links. */
export function tabs(
  label: string,
  items: readonly (readonly [name: string, href: string, on: boolean])[],
): Html {
  return html`<nav aria-label="${label}">
    <ul class="tabs">
      ${items.map(
        ([name, href, on]) =>
          html`<li><a href="${href}" ${on ? new Html('aria-current="page"') : ''}>${name}</a></li>`,
      )}
    </ul>
  </nav>`;
}

/** How much of a list is shown, and the way to the rest of it; `words` where it is in no order of time. */
export function pager(
  text: HtmlValue,
  newer: string | null,
  older: string | null,
  [first, second]: readonly [string, string] = ['Newer', 'Older'],
): Html {
  return html`<nav class="pager" aria-label="Pages">
    <span>${text}</span
    ><span class="actions"
      >${newer === null ? '' : html`<a class="button mini" href="${newer}">${first}</a>`}${
        older === null ? '' : html`<a class="button mini" href="${older}">${second}</a>`
      }</span
    >
  </nav>`;
}

/** Nothing there: why, what will come, and one way on. */
export function empty(
  glyph: keyof typeof PATHS,
  title: string,
  text: HtmlValue,
  actions: HtmlValue = '',
): Html {
  return html`<div class="empty">
    ${icon(glyph)}
    <h2>${title}</h2>
    <p>${text}</p>
    <div class="actions">${actions}</div>
  </div>`;
}

/** A step of an order: done, the next one, or later. */
export interface Step {
  readonly state: 'done' | 'now' | 'later';
  readonly title: string;
  readonly text: HtmlValue;
  readonly act?: HtmlValue;
}

/** Steps in their order, ticked off as they happen. */
export function steps(items: readonly Step[]): Html {
  return html`<ol class="steps">
    ${items.map(
      ({ state, title, text, act }) =>
        html`<li class="${state}">
          <span class="mark">${state === 'done' ? icon('good') : ''}</span>
          <div>
            <p><b>${title}</b>${state === 'done' ? html`<span class="hidden"> (done)</span>` : ''}</p>
            <p>${text}</p>
          </div>
          ${act ?? ''}
        </li>`,
    )}
  </ol>`;
}

/** One line of a list that opens something. */
export interface Row {
  readonly href: string;
  readonly tone: Tone;
  readonly word: HtmlValue;
  readonly title: HtmlValue;
  readonly time?: HtmlValue;
  readonly sub?: HtmlValue;
  readonly open?: boolean;
  /** The day it belongs under, as its heading says it; a heading stands where another day begins. */
  readonly day?: string;
}

/** Lines that open something, newest first; `codes` where their states are short. */
export function rows(items: readonly Row[], { codes = false }: { readonly codes?: boolean } = {}): Html {
  return html`<ul class="rows ${codes ? 'codes' : ''}">
    ${items.map(
      ({ href, tone, word, title, time, sub, open, day }, index) =>
        html`${day === undefined || day === items[index - 1]?.day ? '' : html`<li class="day">${day}</li>`}
          <li>
            <a class="row" href="${href}" ${open ? new Html('aria-current="true"') : ''}
              >${pill(tone, word)}<span>${title}</span>${time ?? html`<span></span>`}${sub ? html`<span class="sub">${sub}</span>` : ''}</a
            >
          </li>`,
    )}
  </ul>`;
}

/** What happened, newest first. */
export function timeline(items: readonly (readonly [tone: Tone, text: HtmlValue, note?: HtmlValue])[]): Html {
  return html`<ol class="line">
    ${items.map(
      ([tone, text, note]) =>
        html`<li>
          <span class="dot ${tone}">${icon(tone)}</span>
          <p>${text}</p>
          ${note ? html`<p class="small soft">${note}</p>` : ''}
        </li>`,
    )}
  </ol>`;
}

/** What was examined, in the order of examination. */
export function checks(
  items: readonly (readonly [passed: boolean, text: HtmlValue, note?: HtmlValue])[],
): Html {
  return html`<ul class="checks">
    ${items.map(
      ([passed, text, note]) =>
        html`<li class="${passed ? '' : 'fail'}">
          <span class="${passed ? 'good' : 'bad'}">${icon(passed ? 'good' : 'bad')}</span
          ><span>${passed ? html`<span class="hidden">Passed: </span>` : html`<b>Failed: </b>`}${text}</span
          ><span class="small soft">${note ?? ''}</span>
        </li>`,
    )}
  </ul>`;
}

/** Something that somebody has to look at. */
export interface Attention {
  readonly tone: Tone;
  /** State, in a word or two. */
  readonly word: HtmlValue;
  readonly title: HtmlValue;
  /** Cause and consequence. */
  readonly why: HtmlValue;
  readonly act: HtmlValue;
}

/** What needs somebody, in the order of who waits; each with its way on. */
export function attention(items: readonly Attention[]): Html {
  return html`<ul class="attn">
    ${items.map(
      ({ tone, word, title, why, act }) =>
        html`<li>
          ${pill(tone, word)}
          <div>
            <p><b>${title}</b></p>
            <p class="why">${why}</p>
          </div>
          <div class="actions">${act}</div>
        </li>`,
    )}
  </ul>`;
}

/** A value of an alternative: equal to what is looked for, different, or not compared. */
export interface Compared {
  readonly name: string;
  readonly value: HtmlValue;
  readonly same?: boolean;
}

/** An alternative among several. */
export interface Candidate {
  readonly title: HtmlValue;
  readonly values: readonly Compared[];
  readonly foot?: HtmlValue;
  /** Whether it fits best. */
  readonly best?: boolean;
}

/** Alternatives side by side, each value compared with what is looked for. */
export function candidates(label: string, items: readonly Candidate[]): Html {
  return html`<section class="cands" aria-label="${label}">
    ${items.map(
      ({ title, values, foot, best }) =>
        html`<article class="cand ${best ? 'best' : ''}">
          <h2>${title}</h2>
          <dl class="kv">
            ${values.map(
              ({ name, value, same }) =>
                html`<dt>${name}</dt>
                  <dd class="${same === undefined ? '' : same ? 'eq' : 'ne'}">${value}</dd>`,
            )}
          </dl>
          ${foot ?? ''}
        </article>`,
    )}
  </section>`;
}
