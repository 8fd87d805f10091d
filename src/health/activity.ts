/** How often something happens: counts by hour, and when it happened last. */
export interface Activity {
  /** Counts by hour since the epoch. */
  readonly hours: ReadonlyMap<number, number>;
  /** Milliseconds since the epoch. */
  readonly last: number;
}

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const WEEK_HOURS = 7 * DAY_HOURS;
/** Hours that are remembered: a week, and the day that is compared with it. */
const KEPT_HOURS = WEEK_HOURS + DAY_HOURS;

/** So many that should have happened and did not are no chance: with as many expected, none happens once in 20,000 times. */
const MISSED = 10;
/** Shorter silence is none, however much is usual; milliseconds. */
const SHORTEST_MS = 30 * 60_000;

/** The activity with some more of it, at a time in milliseconds since the epoch. */
export function addActivity(before: Activity | null, at: number, count = 1): Activity {
  const last = Math.max(before?.last ?? 0, at);
  const hours = new Map(before?.hours);
  const hour = Math.floor(at / HOUR_MS);
  hours.set(hour, (hours.get(hour) ?? 0) + count);
  const oldest = Math.floor(last / HOUR_MS) - KEPT_HOURS;
  for (const known of hours.keys()) if (known < oldest) hours.delete(known);
  return { hours, last };
}

/**
 * How much should have happened since it happened last: for each hour as much as on the days before at this time, and no
 * more than a week ago where that is known, as weekends are quiet. 0 before a day is known.
 */
export function missedSince({ hours, last }: Activity, now: number): number {
  const lastHour = Math.floor(last / HOUR_MS);
  const covered = lastHour - Math.min(...hours.keys());
  if (covered < DAY_HOURS) return 0;
  let missed = 0;
  const end = Math.min(now, last + WEEK_HOURS * HOUR_MS);
  for (let from = last; from < end;) {
    const hour = Math.floor(from / HOUR_MS);
    const until = Math.min(end, (hour + 1) * HOUR_MS);
    missed += (usualIn(hour, hours, lastHour, covered) * (until - from)) / HOUR_MS;
    from = until;
  }
  return missed;
}

/** Since when nothing happens that used to; null where that is usual, or not known. */
export function silentSince(activity: Activity, now: number): Date | null {
  const isLong = now - activity.last >= SHORTEST_MS;
  return isLong && missedSince(activity, now) >= MISSED ? new Date(activity.last) : null;
}

function usualIn(
  hour: number,
  hours: ReadonlyMap<number, number>,
  lastHour: number,
  covered: number,
): number {
  const days = Math.min(7, Math.floor(covered / DAY_HOURS));
  let sum = 0;
  let of = 0;
  for (let ago = 1; of < days && ago <= 16; ago += 1) {
    const same = hour - ago * DAY_HOURS;
    // What is silent itself says nothing of what is usual.
    if (same > lastHour) continue;
    sum += hours.get(same) ?? 0;
    of += 1;
  }
  const average = of === 0 ? 0 : sum / of;
  if (covered < WEEK_HOURS) return average;
  const weekAgo = hour - WEEK_HOURS;
  const near = [weekAgo - 1, weekAgo, weekAgo + 1].map((one) => hours.get(one) ?? 0);
  return Math.min(average, near.reduce((total, one) => total + one, 0) / near.length);
}

/** As it is stored. */
export function writeActivity({ hours, last }: Activity): string {
  return JSON.stringify({ hours: [...hours], last });
}

/** Null for text that is none of ours. */
export function readActivity(stored: string | null): Activity | null {
  if (stored === null) return null;
  try {
    const { hours, last } = JSON.parse(stored) as { hours: [number, number][]; last: number };
    return Array.isArray(hours) && typeof last === 'number' ? { hours: new Map(hours), last } : null;
  } catch {
    return null;
  }
}
