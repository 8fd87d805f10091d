import { figure, gridLines, nice, round, short, svg } from './chart-parts.js';
import { moneyText, number } from './format.js';
import { html, type Html } from './html.js';

/*
 * Drawings made on the server: classes only, no inline style; a title and a description with the figures, and a table
 * behind them. Pure: the same values make the same drawing. `id` is unique on the page.
 */

/** A legend: a swatch's class and what it stands for; `hatched` swatches are drawn in that stroke. */
export function legend(items: readonly (readonly [cls: string, text: string, hatched?: boolean])[]): Html {
  return html`<ul class="legend">
    ${items.map(
      ([cls, text, hatched]) =>
        html`<li>
          <svg viewBox="0 0 12 12" aria-hidden="true">
            ${
              hatched
                ? html`<rect width="12" height="12" rx="2" class="fnone" /><path
                      d="M-1 6L6-1M-1 13L13-1M6 13L13 6"
                      class="${cls} ln"
                    />`
                : html`<rect width="12" height="12" rx="2" class="${cls}" />`
            }
          </svg>
          ${text}
        </li>`,
    )}
  </ul>`;
}

/** A course beside a number: no axis, a scale of its own. Fewer than three values are nothing. */
export function sparkline(
  id: string,
  title: string,
  values: readonly number[],
  tone: '1' | 'bad' = '1',
): Html | '' {
  if (values.length < 3) return '';
  const max = Math.max(...values, 1);
  const x = (index: number): number => round(2 + (index * 84) / (values.length - 1));
  const y = (value: number): number => round(29 - (value / max) * 26);
  const line = values.map((value, index) => `${index ? 'L' : 'M'}${x(index)} ${y(value)}`).join('');
  const last = values.at(-1) ?? 0;
  const stroke = tone === '1' ? 's1l' : 'sbad';
  return html`<svg viewBox="0 0 90 32" role="img" aria-labelledby="${id}-t">
    <title id="${id}-t">${title}: from ${values[0]} to ${last}, highest ${Math.max(...values)}</title>
    <path d="${line}L86 31L2 31Z" class="area f${tone}" />
    <path d="${line}" class="ln ${stroke}" />
    <circle cx="${x(values.length - 1)}" cy="${y(last)}" r="2.6" class="f${tone}" />
  </svg>`;
}

/** What one month costs, in hundredths. */
export interface MonthOfCharges {
  /** As it stands below the bar: `Nov`. */
  readonly label: string;
  readonly once: number;
  readonly recurring: number;
  /** What recurring bills will bring; drawn hatched and dashed. */
  readonly expected: number;
}

/** Legend of {@link charges}. */
export const CHARGES_LEGEND = legend([
  ['f1', 'Recurring'],
  ['f4', 'One-time'],
  ['s1l', 'Expected from recurring bills', true],
]);

/**
 * Charges of one currency by month. One panel a currency: currencies are never added up, nor stacked upon each other.
 * Recurring ones stand at the foot, one-time ones above; only the last two bars carry figures.
 */
export function charges(
  id: string,
  currency: string,
  tone: 1 | 2 | 3,
  months: readonly MonthOfCharges[],
  note?: string,
): Html {
  const [width, height, left, bottom, top] = [340, 190, 44, 26, 16];
  const total = ({ once, recurring, expected }: MonthOfCharges): number => once + recurring + expected;
  const max = nice(Math.max(...months.map((month) => total(month))) / 100);
  const step = (width - left - 4) / months.length;
  const bar = round(Math.min(34, step * 0.62));
  const y = (cents: number): number =>
    round(height - bottom - (Math.max(cents, 0) / 100 / max) * (height - bottom - top));
  const lines = gridLines({ left, width }, max, (value) => y(value * 100));
  const bars = months.map((month, index) => {
    const x = round(left + index * step + (step - bar) / 2);
    let base = 0;
    const pieces: Html[] = [];
    for (const [value, cls] of [
      [month.recurring, `f${tone}`],
      [month.once, 'f4'],
      [month.expected, ''],
    ] as const) {
      if (value <= 0) continue;
      const from = y(base);
      base += value;
      const [edge, tall] = [y(base), round(from - y(base))];
      pieces.push(
        cls
          ? html`<rect
              x="${x}"
              y="${edge}"
              width="${bar}"
              height="${Math.max(tall - 1, 1)}"
              class="${cls}"
            />`
          : html`<rect x="${x}" y="${edge}" width="${bar}" height="${tall}" fill="url(#${id}-h)" /><rect
                x="${x + 0.75}"
                y="${edge}"
                width="${bar - 1.5}"
                height="${tall}"
                class="ln dash edge${tone}"
                stroke="currentColor"
                fill="none"
              />`,
      );
    }
    const middle = round(x + bar / 2);
    const figures = index >= months.length - 2 && base > 0;
    return html`${pieces}<text x="${middle}" y="${height - 8}" text-anchor="middle">${month.label}</text>${
        figures
          ? html`<text x="${middle}" y="${y(base) - 5}" text-anchor="middle" class="strong"
              >${short(base / 100)}</text
            >`
          : ''
      }`;
  });
  const desc = months
    .map(
      (month) => `${month.label}: ${moneyText(total(month), currency)}${month.expected ? ', expected' : ''}`,
    )
    .join('; ');
  const hatch = html`<defs>
    <pattern id="${id}-h" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <path d="M0 0V6" class="hatch h${tone}l" />
    </pattern>
  </defs>`;
  const plain = (cents: number): string => (cents / 100).toFixed(2);
  return figure({
    title: currency,
    ...(note === undefined ? {} : { note }),
    picture: svg(
      { width, height, id, title: `Charges in ${currency} by month`, desc },
      html`${hatch}${lines}${bars}`,
    ),
    head: ['Month', 'One-time', 'Recurring', 'Expected'],
    rows: months.map(({ label, once, recurring, expected }) => [
      label,
      plain(once),
      plain(recurring),
      expected ? plain(expected) : '–',
    ]),
  });
}

/** What went well and what failed in a stretch of time. */
export interface Outcomes {
  /** `14:00`. */
  readonly label: string;
  readonly good: number;
  readonly bad: number;
}

/** Bars of what went well with what failed on top; one failure is at least 2 px. Twice: for a wide screen, for a phone. */
export function outcomes(
  id: string,
  title: string,
  note: string,
  bars: readonly Outcomes[],
  words: readonly [string, string],
): Html {
  const good = bars.reduce((sum, bar) => sum + bar.good, 0);
  const bad = bars.reduce((sum, bar) => sum + bar.bad, 0);
  const desc = `${number(good)} ${words[0].toLowerCase()}, ${number(bad)} ${words[1].toLowerCase()}`;
  const draw = (width: number, height: number, every: number, cls: string): Html => {
    const [left, bottom, top] = [34, 24, 10];
    const max = nice(Math.max(...bars.map((bar) => bar.good + bar.bad), 1));
    const step = (width - left - 4) / bars.length;
    const bar = round(step * 0.68);
    const y = (value: number): number => round(height - bottom - (value / max) * (height - bottom - top));
    const lines = gridLines({ left, width }, max, y, (value) =>
      Number.isInteger(value) ? short(value) : '',
    );
    const drawn = bars.map((one, index) => {
      const x = round(left + index * step + (step - bar) / 2);
      const failed =
        one.bad === 0
          ? ''
          : html`<rect
              x="${x}"
              y="${round(y(one.good + one.bad) - 1)}"
              width="${bar}"
              height="${Math.max(round(y(one.good) - y(one.good + one.bad)), 2)}"
              class="fbad"
            />`;
      const named = index % every === 0 && (index < bars.length - 1 || every === 1);
      return html`<rect
          x="${x}"
          y="${y(one.good)}"
          width="${bar}"
          height="${round(y(0) - y(one.good))}"
          class="f1"
        />${failed}${
          named
            ? html`<text x="${round(x + bar / 2)}" y="${height - 6}" text-anchor="middle">${one.label}</text>`
            : ''
        }`;
    });
    return svg({ width, height, id: `${id}-${cls}`, title, desc, cls }, html`${lines}${drawn}`);
  };
  const few = bars.length < 8;
  return figure({
    title,
    note,
    swatches: legend([
      ['f1', words[0]],
      ['fbad', words[1]],
    ]),
    picture: html`${draw(720, 190, few ? 1 : 3, 'wide')}${draw(340, 170, few ? 1 : 6, 'narrow')}`,
    head: ['Time', ...words],
    rows: bars.map((bar) => [bar.label, bar.good, bar.bad]),
  });
}

/** The value below which that share of sorted values lies. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** How long something took, milliseconds: buckets by doubling, with the half and the 95th of a hundred marked. */
export function latency(id: string, title: string, note: string, durations: readonly number[]): Html {
  const sorted = durations.map((ms) => Math.max(1, Math.round(ms))).sort((a, b) => a - b);
  const [half, most] = [quantile(sorted, 0.5), quantile(sorted, 0.95)];
  const buckets = new Map<number, number>();
  for (let edge = 8; ; edge *= 2) {
    buckets.set(edge, sorted.filter((ms) => ms <= edge && ms > (edge === 8 ? 0 : edge / 2)).length);
    if (edge >= (sorted.at(-1) ?? 0) && buckets.size >= 4) break;
  }
  const edges = [...buckets.keys()];
  const [width, height, bottom, top] = [340, 150, 24, 22];
  const step = (width - 8) / edges.length;
  const max = Math.max(...buckets.values(), 1);
  const y = (value: number): number => round(height - bottom - (value / max) * (height - bottom - top));
  const place = (ms: number): number => {
    const index = Math.max(
      0,
      edges.findIndex((edge) => ms <= edge),
    );
    const [low, high] = [index ? (edges[index - 1] ?? 0) : 0, edges[index] ?? 1];
    return round(4 + (index + (ms - low) / (high - low)) * step);
  };
  const mark = (ms: number, word: string, anchor: 'start' | 'end'): Html =>
    html`<path d="M${place(ms)} ${top - 4}V${height - bottom}" class="mark dash" /><text
        x="${Math.min(width - 4, Math.max(4, place(ms) + (anchor === 'end' ? -4 : 4)))}"
        y="${top - 8}"
        text-anchor="${place(ms) < 80 ? 'start' : place(ms) > 260 ? 'end' : anchor}"
        class="strong"
        >${word} ${number(ms)} ms</text
      >`;
  const bars = [...buckets].map(
    ([edge, value], index) =>
      html`<rect
          x="${round(4 + index * step + 2)}"
          y="${y(value)}"
          width="${round(step - 4)}"
          height="${round(y(0) - y(value))}"
          class="${edge > 1_024 ? 'fwarn' : 'f1'}"
        /><text x="${round(4 + (index + 0.5) * step)}" y="${height - 7}" text-anchor="middle"
          >${edge >= 1_000 ? `${Math.round(edge / 1_000)}s` : edge}</text
        >`,
  );
  // Two marks close together would write over each other: then the farther one alone stands on top.
  const marks =
    place(most) - place(half) < 110
      ? mark(most, '95 %', 'start')
      : html`${mark(half, 'half', 'end')}${mark(most, '95 %', 'start')}`;
  return figure({
    title,
    note,
    picture: svg(
      { width, height, id, title, desc: `Half within ${half} ms, 95 of 100 within ${most} ms` },
      html`<path d="M4 ${height - bottom}H${width - 4}" class="axis" />${bars}${marks}`,
    ),
    head: ['Up to', 'Responses'],
    rows: [...buckets].map(([edge, value]) => [`${number(edge)} ms`, value]),
  });
}
