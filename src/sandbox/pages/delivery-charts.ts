import { latency, outcomes, type Outcomes } from '../../views/charts.js';
import type { Html } from '../../views/html.js';
import type { Delivery } from '../webhooks/delivery.js';
import { isFailed } from './delivery-look.js';

const HOUR_MS = 3_600_000;
const HOURS = 24;

/** What happened in the last 24 hours before `now` (milliseconds), an hour a bar; what is older is left out. */
export function hourBars(
  happened: readonly { readonly at: string; readonly isBad: boolean }[],
  now: number,
): Outcomes[] {
  const current = Math.floor(now / HOUR_MS);
  const bars = Array.from({ length: HOURS }, (_, index) => {
    const hour = current - HOURS + 1 + index;
    return { label: `${String(((hour % HOURS) + HOURS) % HOURS).padStart(2, '0')}:00`, good: 0, bad: 0 };
  });
  for (const { at, isBad } of happened) {
    const bar = bars[Math.floor(Date.parse(at) / HOUR_MS) - current + HOURS - 1];
    if (bar) bar[isBad ? 'bad' : 'good']++;
  }
  return bars;
}

/** The deliveries of the last 24 hours before `now` (milliseconds), an hour a bar. */
export function deliveriesByHour(deliveries: readonly Delivery[], now: number): Html {
  const bars = hourBars(
    deliveries.map((one) => ({ at: one.at, isBad: isFailed(one) })),
    now,
  );
  return outcomes('deliveries', 'Deliveries by hour', 'last 24 hours, UTC', bars, ['Delivered', 'Failed']);
}

/** How long the application took to respond. */
export function responseTimes(deliveries: readonly Delivery[]): Html {
  const durations = deliveries.filter(({ status }) => status !== null).map(({ durationMs }) => durationMs);
  return latency('latency', 'How long the application took', 'all that are kept', durations);
}
