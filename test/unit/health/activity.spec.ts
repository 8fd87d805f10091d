import { describe, expect, it } from '@jest/globals';

import {
  type Activity,
  addActivity,
  missedSince,
  readActivity,
  silentSince,
  writeActivity,
} from '../../../src/health/activity.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Monday. */
const MONDAY = Date.UTC(2026, 0, 5);

/** So many an hour from 8 to 18 on working days, until a moment. */
function officeHours(until: number, perHour: number, days = 8): Activity {
  let activity: Activity | null = null;
  for (let at = until - days * DAY; at < until; at += HOUR / perHour) {
    const date = new Date(at);
    const isWork = date.getUTCDay() % 6 !== 0 && date.getUTCHours() >= 8 && date.getUTCHours() < 18;
    if (isWork) activity = addActivity(activity, at);
  }
  return activity!;
}

/** So many an hour, day and night. */
function steady(until: number, perHour: number, days: number): Activity {
  const times = Array.from(
    { length: Math.floor(days * 24 * perHour) },
    (_, n) => until - ((n + 1) * HOUR) / perHour,
  );
  return times.reduce<Activity | null>((before, at) => addActivity(before, at), null)!;
}

describe('silence', () => {
  it('is noticed soon where much is usual, and late where little is', () => {
    expect(silentSince(steady(MONDAY, 60, 3), MONDAY + 20 * 60_000)).toBeNull();
    expect(silentSince(steady(MONDAY, 60, 3), MONDAY + 40 * 60_000)).not.toBeNull();
    expect(silentSince(steady(MONDAY, 1, 3), MONDAY + 8 * HOUR)).toBeNull();
    expect(silentSince(steady(MONDAY, 1, 3), MONDAY + 12 * HOUR)).not.toBeNull();
    expect(silentSince(steady(MONDAY, 1 / 24, 8), MONDAY + 4 * DAY)).toBeNull();
  });

  it('is none before a day is known', () => {
    expect(silentSince(steady(MONDAY, 60, 0.9), MONDAY + 5 * HOUR)).toBeNull();
  });

  it('is usual at night and on weekends, and noticed on the following working day', () => {
    const friday = MONDAY + 4 * DAY + 18 * HOUR;
    const activity = officeHours(friday, 20);
    expect(silentSince(activity, friday + 14 * HOUR)).toBeNull();
    expect(silentSince(activity, friday + 2 * DAY)).toBeNull();
    expect(silentSince(activity, MONDAY + 7 * DAY + 7 * HOUR)).toBeNull();
    expect(silentSince(activity, MONDAY + 7 * DAY + 10 * HOUR)).not.toBeNull();
  });

  it('is reckoned from all that came, also of what is counted together', () => {
    const together = addActivity(addActivity(null, MONDAY, 3), MONDAY + HOUR - 1, 2);
    expect(together).toEqual({ hours: new Map([[MONDAY / HOUR, 5]]), last: MONDAY + HOUR - 1 });
    expect(addActivity(together, MONDAY).last).toBe(together.last);
  });

  it('ends with the next event', () => {
    const late = MONDAY + 5 * HOUR;
    const activity = addActivity(steady(MONDAY, 60, 3), late);
    expect(missedSince(activity, late)).toBe(0);
    expect(silentSince(activity, late + 5 * 60_000)).toBeNull();
  });

  it('remembers eight days and no more', () => {
    const activity = steady(MONDAY, 2, 30);
    expect(activity.hours.size).toBeLessThanOrEqual(8 * 24 + 1);
    expect(readActivity(writeActivity(activity))).toEqual(activity);
    expect(readActivity('{')).toBeNull();
    expect(readActivity('{}')).toBeNull();
  });
});
