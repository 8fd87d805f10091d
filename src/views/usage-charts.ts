import { figure, gridLines, nice, round, svg } from './chart-parts.js';
import { legend } from './charts.js';
import { moneyText } from './format.js';
import { html, type Html } from './html.js';

/** Usage of one local day. */
export interface DayOfUsage {
  /** As it stands below the column: `4 Oct`. */
  readonly label: string;
  /** Decimal text: as it is counted, or what it costs. */
  readonly quantity: string;
}

/**
 * Usage by day as columns, the figures behind them as they are counted. Twice: for a wide screen, for a phone. A day that
 * makes its period cheaper has no column, and its figure in the table.
 *
 * @param column head of the figures.
 */
export function usageByDay(
  id: string,
  title: string,
  note: string,
  days: readonly DayOfUsage[],
  column = 'Quantity',
): Html {
  const values = days.map(({ quantity }) => Math.max(Number(quantity), 0));
  const most = Math.max(...values, 0);
  const day = days[values.indexOf(most)];
  const desc = day ? `${days.length} days; most on ${day.label}: ${day.quantity}` : 'Nothing was used';
  const draw = (width: number, height: number, every: number, cls: string): Html => {
    const [left, bottom, top] = [40, 24, 10];
    const max = nice(most);
    const step = (width - left - 4) / Math.max(days.length, 1);
    const bar = round(step * 0.68);
    const y = (value: number): number => round(height - bottom - (value / max) * (height - bottom - top));
    const lines = gridLines({ left, width }, max, y);
    const columns = values.map((value, index) => {
      const x = round(left + index * step + (step - bar) / 2);
      const drawn = html`<rect
        x="${x}"
        y="${y(value)}"
        width="${bar}"
        height="${round(y(0) - y(value))}"
        class="f1"
      />`;
      const isNamed = index % every === 0 && (index < days.length - 1 || every === 1);
      return isNamed
        ? html`${drawn}<text x="${round(x + bar / 2)}" y="${height - 6}" text-anchor="middle"
              >${days[index]!.label}</text
            >`
        : drawn;
    });
    return svg({ width, height, id: `${id}-${cls}`, title, desc, cls }, html`${lines}${columns}`);
  };
  const few = days.length < 8;
  return figure({
    title,
    note,
    picture: html`${draw(720, 190, few ? 1 : 4, 'wide')}${draw(340, 170, few ? 1 : 7, 'narrow')}`,
    head: ['Day', column],
    rows: days.map(({ label, quantity }) => [label, quantity]),
  });
}

/** What a month's usage cost, in hundredths. */
export interface MonthOfUsage {
  /** `Oct`. */
  readonly label: string;
  /** By what was metered, in the same order for all months. */
  readonly cents: readonly number[];
  /** Bills of corrections alone. */
  readonly corrections: number;
}

/** Colours of the meters; the fourth stands for all that follow. */
const TONES = ['f1', 'f2', 'f3', 'f4'] as const;

/** Cost of usage by month in one currency, stacked by what was metered, corrections apart on top. */
export function usageCost(
  id: string,
  currency: string,
  meters: readonly string[],
  months: readonly MonthOfUsage[],
): Html {
  const [width, height, left, bottom, top] = [340, 190, 44, 26, 16];
  const total = ({ cents, corrections }: MonthOfUsage): number =>
    cents.reduce((sum, one) => sum + one, corrections);
  const max = nice(Math.max(...months.map(total)) / 100);
  const step = (width - left - 4) / months.length;
  const bar = round(Math.min(34, step * 0.62));
  const y = (cents: number): number => round(height - bottom - (cents / 100 / max) * (height - bottom - top));
  const lines = gridLines({ left, width }, max, (value) => y(value * 100));
  const bars = months.map((month, index) => {
    const x = round(left + index * step + (step - bar) / 2);
    let base = 0;
    const pieces = [...month.cents, month.corrections].map((value, place) => {
      if (value <= 0) return '';
      const from = y(base);
      base += value;
      const isCorrection = place === month.cents.length;
      return html`<rect
        x="${x}"
        y="${y(base)}"
        width="${bar}"
        height="${Math.max(round(from - y(base)) - 1, 1)}"
        class="${isCorrection ? 'fwarn' : TONES[Math.min(place, TONES.length - 1)]}"
      />`;
    });
    const middle = round(x + bar / 2);
    return html`${pieces}<text x="${middle}" y="${height - 8}" text-anchor="middle">${month.label}</text>`;
  });
  const title = `Cost of usage in ${currency} by month`;
  const desc = months.map((month) => `${month.label}: ${moneyText(total(month), currency)}`).join('; ');
  const plain = (cents: number): string => (cents / 100).toFixed(2);
  const hasCorrections = months.some(({ corrections }) => corrections > 0);
  return figure({
    title: currency,
    swatches: legend([
      ...meters.map((name, place) => [TONES[Math.min(place, TONES.length - 1)]!, name] as const),
      ...(hasCorrections ? [['fwarn', 'Corrections'] as const] : []),
    ]),
    picture: svg({ width, height, id, title, desc }, html`${lines}${bars}`),
    head: ['Month', ...meters, 'Corrections'],
    rows: months.map(({ label, cents, corrections }) => [label, ...cents.map(plain), plain(corrections)]),
  });
}
