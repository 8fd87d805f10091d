import { DAY_MS, dateOfDay, dayNumber, dayOf, startOfDay } from './local-days.js';

/** When periods end: on a day of the month, 31 being the last where there is none, or on a weekday, 1 being Monday. */
export type BillingCycle =
  { readonly every: 'month'; readonly day: number } | { readonly every: 'week'; readonly weekday: number };

/** A period: from an instant, until an instant that is not in it any more; milliseconds of the epoch. */
export interface PeriodBounds {
  readonly starts: number;
  readonly ends: number;
}

/** A rest that would be shorter is added to the period after a company moved (usage §3.5), in days. */
const LEAST_DAYS = { month: 3, week: 2 } as const;

/** Day number of a boundary, counted from year 0: always from the anchor, never from the boundary before (usage §1.3). */
function boundaryDay(cycle: BillingCycle, index: number): number {
  // Day 0 was a Thursday.
  if (cycle.every === 'week') return index * 7 + ((cycle.weekday + 3) % 7);
  const [year, month] = [Math.floor(index / 12), (index % 12) + 1];
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return dayNumber(year, month, Math.min(cycle.day, last));
}

function boundary(cycle: BillingCycle, index: number, zone: string): number {
  return startOfDay(boundaryDay(cycle, index), zone);
}

/** The last boundary that is not after an instant. */
function indexAt(cycle: BillingCycle, at: number, zone: string): number {
  const day = dayOf(at, zone);
  const { year, month } = dateOfDay(day);
  let index = cycle.every === 'week' ? Math.floor(day / 7) + 1 : year * 12 + month;
  while (boundary(cycle, index, zone) > at) index -= 1;
  return index;
}

/** The whole period around an instant, in a zone. */
export function periodAround(cycle: BillingCycle, at: number, zone: string): PeriodBounds {
  const index = indexAt(cycle, at, zone);
  return { starts: boundary(cycle, index, zone), ends: boundary(cycle, index + 1, zone) };
}

/** The period that follows one which ended at an instant, perhaps in another zone. */
export function periodFrom(cycle: BillingCycle, starts: number, zone: string): PeriodBounds {
  let index = indexAt(cycle, starts, zone) + 1;
  while (boundary(cycle, index, zone) - starts <= LEAST_DAYS[cycle.every] * DAY_MS) index += 1;
  return { starts, ends: boundary(cycle, index, zone) };
}
