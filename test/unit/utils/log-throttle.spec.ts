import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { LogThrottle } from '../../../src/utils/log-throttle.js';

describe('LogThrottle', () => {
  beforeEach(() => void jest.useFakeTimers({ now: 0 }));
  afterEach(() => void jest.useRealTimers());

  it('lets the first line through, and one every ten seconds of trouble that goes on', () => {
    const throttle = new LogThrottle();
    const due: number[] = [];
    for (let second = 0; second <= 25; second += 1) {
      if (throttle.isDue()) due.push(second);
      jest.advanceTimersByTime(1_000);
    }
    expect(due).toEqual([0, 10, 20]);
  });

  it('holds back the lines of one trouble, not those of another', () => {
    const [one, other] = [new LogThrottle(), new LogThrottle()];
    expect(one.isDue()).toBe(true);
    expect(other.isDue()).toBe(true);
    expect(one.isDue()).toBe(false);
  });
});
