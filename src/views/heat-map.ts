import { figure, round, svg } from './chart-parts.js';
import { count, dayAndMonth, monthName } from './format.js';
import { html, type Html } from './html.js';

const DAY_MS = 86_400_000;
const WEEK = 7;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
/** Shades beside the one of nothing. */
const LEVELS = 4;

/** What happened how often on each of some days in a row. */
export interface HeatMapDays {
  /** The first day, milliseconds since 1970 at midnight UTC; a Monday. */
  readonly start: number;
  readonly counts: readonly number[];
}

/** The Monday of so many weeks ago, where a {@link heatMap} of them begins; milliseconds, midnight UTC. */
export function heatMapStart(now: number, weeks: number): number {
  const today = Math.floor(now / DAY_MS);
  // 1 January 1970 was a Thursday.
  const monday = today - ((today + 3) % WEEK);
  return (monday - (weeks - 1) * WEEK) * DAY_MS;
}

/**
 * How often something happened by day: a column a week, a row a weekday, five shades. The figures are in the title of
 * each day, and by week in the table behind it.
 *
 * @param words one and several of what is counted, such as `login` and `logins`.
 */
export function heatMap(
  id: string,
  title: string,
  note: string,
  { start, counts }: HeatMapDays,
  words: readonly [string, string],
): Html {
  const weeks = Math.ceil(counts.length / WEEK);
  const [left, top, right, height] = [34, 20, 4, 21];
  const width = 340;
  const step = (width - left - right) / Math.max(weeks, 1);
  const most = Math.max(...counts, 0);
  const level = (value: number): number => (value === 0 ? 0 : Math.ceil((value / most) * LEVELS));
  const dateOf = (index: number): string => new Date(start + index * DAY_MS).toISOString().slice(0, 10);
  const squares = counts.map(
    (value, index) =>
      html`<rect
        x="${round(left + Math.floor(index / WEEK) * step)}"
        y="${top + (index % WEEK) * height}"
        width="${round(step - 4)}"
        height="${height - 4}"
        rx="3"
        class="q${level(value)}"
      >
        <title>${dayAndMonth(dateOf(index))}: ${count(value, ...words)}</title>
      </rect>`,
  );
  const days = WEEKDAYS.map((name, index) =>
    index % 2 === 0 && index < WEEK - 1
      ? html`<text x="0" y="${top + index * height + 13}">${name}</text>`
      : '',
  );
  const firsts = Array.from({ length: weeks }, (_, week) => dateOf(week * WEEK));
  const months = firsts.map((date, week) =>
    // A week that begins a month names it; the first one only where the next does not follow at once.
    week === 0
      ? firsts[1]?.slice(0, 7) === date.slice(0, 7)
        ? monthLabel(date, left)
        : ''
      : firsts[week - 1]?.slice(0, 7) === date.slice(0, 7)
        ? ''
        : monthLabel(date, left + week * step),
  );
  const byWeek = firsts.map((_, week) =>
    counts.slice(week * WEEK, (week + 1) * WEEK).reduce((sum, value) => sum + value, 0),
  );
  const total = byWeek.reduce((sum, value) => sum + value, 0);
  const desc = `${count(total, ...words)} in ${weeks} weeks, at most ${most} a day`;
  return figure({
    title,
    note,
    swatches: html`<ul class="legend">
      <li>none</li>
      ${Array.from(
        { length: LEVELS + 1 },
        (_, shade) =>
          html`<li>
            <svg viewBox="0 0 12 12" aria-hidden="true">
              <rect x=".5" y=".5" width="11" height="11" rx="2" class="q${shade}" />
            </svg>
          </li>`,
      )}
      <li>${most} a day</li>
    </ul>`,
    picture: svg({ width, height: top + WEEK * height, id, title, desc }, html`${days}${months}${squares}`),
    head: ['Week of', words[1].charAt(0).toUpperCase() + words[1].slice(1)],
    rows: byWeek.map((value, week) => [dayAndMonth(firsts[week] ?? ''), value]),
  });
}

function monthLabel(date: string, x: number): Html {
  return html`<text x="${round(x)}" y="12">${monthName(date).slice(0, 3)}</text>`;
}
