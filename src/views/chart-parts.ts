import { html, type Html } from './html.js';

/** A drawing with its title, and the table behind it. */
export interface Figure {
  readonly title: string;
  readonly note?: string;
  readonly swatches?: Html;
  readonly picture: Html;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** To one place: as fine as a picture needs. */
export const round = (value: number): number => Math.round(value * 10) / 10;

/** The top of an axis: 1, 2, 2.5, 5 or 10 times a power of ten. */
export function nice(max: number): number {
  const power = 10 ** Math.floor(Math.log10(max > 0 ? max : 1));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((value) => value >= max) ?? 10 * power;
}

/** A number in the room that an axis has. */
export function short(value: number): string {
  return value >= 1_000_000
    ? `${round(value / 1e6)}m`
    : value >= 1_000
      ? `${round(value / 1e3)}k`
      : String(round(value));
}

/** Three lines across a picture, the lowest of them its axis, each with its figure. */
export function gridLines(
  { left, width }: { readonly left: number; readonly width: number },
  max: number,
  y: (value: number) => number,
  text: (value: number) => string = short,
): Html {
  return html`${[0, 0.5, 1].map((part) => {
    const at = y(max * part);
    return html`<path d="M${left} ${at}H${width - 4}" class="${part ? 'grid-line' : 'axis'}" /><text
        x="${left - 6}"
        y="${at + 4}"
        text-anchor="end"
        >${text(max * part)}</text
      >`;
  })}`;
}

/** The size and the words of a picture; `id` is unique on the page. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly id: string;
  readonly title: string;
  readonly desc: string;
  readonly cls?: string;
}

/** A picture that says what it shows. */
export function svg({ width, height, id, title, desc, cls = '' }: Canvas, body: Html): Html {
  return html`<svg
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-labelledby="${id}-t ${id}-d"
    class="${cls}"
  >
    <title id="${id}-t">${title}</title>
    <desc id="${id}-d">${desc}</desc>
    ${body}
  </svg>`;
}

/** A picture, and its figures as a table. */
export function figure({ title, note, picture, swatches, rows, head }: Figure): Html {
  return html`<figure class="chart">
    <figcaption>${title}${note ? html`<span>${note}</span>` : ''}</figcaption>
    ${swatches ?? ''}${picture}
    <details>
      <summary>Show as a table</summary>
      <table class="plain">
        <caption class="hidden">
          ${title}
        </caption>
        <thead>
          <tr>
            ${head.map((name, index) => html`<th scope="col" class="${index ? 'num' : ''}">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([name = '', ...cells]) =>
              html`<tr>
                <th scope="row">${name}</th>
                ${cells.map((cell) => html`<td class="num">${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </details>
  </figure>`;
}
