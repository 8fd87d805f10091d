import { describe, expect, it } from '@jest/globals';

import { afterReading, readCursor, TABLE_START, writeCursor } from '../../../src/sync/source/table-cursor.js';

const SETTLE = 75_000;

describe('cursor of a table', () => {
  it('settles a version once it had been seen for longer than a transaction lasts', () => {
    const first = afterReading({ ...TABLE_START, began: 1_000 }, 10, 1_100, SETTLE);
    expect(first.settled).toBeNull();
    const soon = afterReading({ ...first, began: 50_000 }, 12, 50_100, SETTLE);
    expect(soon.settled).toBeNull();
    const later = afterReading({ ...soon, began: 1_100 + SETTLE }, 12, 1_200 + SETTLE, SETTLE);
    expect(later.settled).toBe(10);
    const last = afterReading({ ...later, began: 300_000 }, 12, 300_100, SETTLE);
    expect(last).toMatchObject({ settled: 12, marks: [] });
  });

  it('counts from the beginning of a reading, not from its end', () => {
    const seen = { ...TABLE_START, marks: [{ version: 10, at: 1_000 }] };
    expect(afterReading({ ...seen, began: SETTLE }, 10, SETTLE + 60_000, SETTLE).settled).toBeNull();
    expect(afterReading({ ...seen, began: SETTLE + 1_000 }, 10, SETTLE + 60_000, SETTLE).settled).toBe(10);
  });

  it('keeps a few marks, however often it is read, and settles all the same', () => {
    let cursor = TABLE_START;
    for (let now = 0; now < 600_000; now += 1_000) {
      cursor = afterReading({ ...cursor, began: now }, now, now, SETTLE);
      expect(cursor.marks.length).toBeLessThanOrEqual(7);
    }
    expect(cursor.settled).toBeGreaterThan(500_000);
  });

  it('never goes back, and begins anew with a cursor of another source', () => {
    const settled = { ...TABLE_START, settled: 50 };
    expect(afterReading({ ...settled, began: 0 }, 40, 0, SETTLE)).toMatchObject({ settled: 50, marks: [] });
    expect(readCursor(writeCursor(settled))).toEqual(settled);
    expect(readCursor('17')).toEqual(TABLE_START);
    expect(readCursor('{')).toEqual(TABLE_START);
    expect(readCursor(null)).toEqual(TABLE_START);
  });
});
