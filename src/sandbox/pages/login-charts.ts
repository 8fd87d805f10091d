import { outcomes } from '../../views/charts.js';
import { count } from '../../views/format.js';
import { heatMap, heatMapStart } from '../../views/heat-map.js';
import { html, type Html } from '../../views/html.js';
import { isLoginProblem, type LoginRecord } from '../login/login-log.js';
import { hourBars } from './delivery-charts.js';

const DAY_MS = 86_400_000;
/** Weeks whose days are drawn. */
const WEEKS = 12;

/** The logins of the last 24 hours before `now` (milliseconds), an hour a bar: those that ended as they should, and others. */
export function loginsByHour(logins: readonly LoginRecord[], now: number): Html {
  const bars = hourBars(
    logins.map((one) => ({ at: one.at, isBad: isLoginProblem(one) })),
    now,
  );
  return outcomes('logins', 'Logins by hour', 'last 24 hours, UTC', bars, [
    'As they should end',
    'Not as they should',
  ]);
}

/** How many logins there were on each day of the last weeks before `now` (milliseconds); a sentence where there was none. */
export function loginsByDay(logins: readonly LoginRecord[], now: number): Html {
  const start = heatMapStart(now, WEEKS);
  const counts = Array.from({ length: Math.floor((now - start) / DAY_MS) + 1 }, () => 0);
  for (const { at } of logins) {
    const day = Math.floor((Date.parse(at) - start) / DAY_MS);
    if (counts[day] !== undefined) counts[day]++;
  }
  return counts.every((value) => value === 0)
    ? html`<p class="soft">Nobody went to your application in the last ${count(WEEKS, 'week')}.</p>`
    : heatMap('logins-by-day', 'Logins by day', `${WEEKS} weeks`, { start, counts }, ['login', 'logins']);
}
