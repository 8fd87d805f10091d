import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { SharedDeadline } from '../../../src/utils/shared-deadline.js';

const late = (): Error => new Error('late');
const never = (): Promise<never> => new Promise(() => undefined);

/** Lets what was settled be noticed. */
const settle = (): Promise<void> => jest.advanceTimersByTimeAsync(0);

describe('a deadline that calls share', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('hands on what a call comes to', async () => {
    const deadline = new SharedDeadline(100);
    await expect(deadline.wait(Promise.resolve(4), late)).resolves.toBe(4);
    await expect(deadline.wait(Promise.reject(new Error('failed')), late)).rejects.toThrow('failed');
  });

  it('gives each call its whole time, and no more', async () => {
    const deadline = new SharedDeadline(100);
    const outcomes: string[] = [];
    const wait = (name: string): void => {
      deadline.wait(never(), late).catch(() => outcomes.push(name));
    };
    wait('first');
    await jest.advanceTimersByTimeAsync(60);
    wait('second');
    await jest.advanceTimersByTimeAsync(39);
    expect(outcomes).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(outcomes).toEqual(['first']);
    await jest.advanceTimersByTimeAsync(59);
    expect(outcomes).toEqual(['first']);
    await jest.advanceTimersByTimeAsync(1);
    expect(outcomes).toEqual(['first', 'second']);
  });

  it('has one timer, which is gone after a while without calls', async () => {
    const deadline = new SharedDeadline(100);
    for (let n = 0; n < 50; n += 1) await deadline.wait(Promise.resolve(n), late);
    expect(jest.getTimerCount()).toBe(1);
    await jest.advanceTimersByTimeAsync(100);
    expect(jest.getTimerCount()).toBe(0);
    const waited = deadline.wait(never(), late);
    void waited.catch(() => undefined);
    await settle();
    expect(jest.getTimerCount()).toBe(1);
    await jest.advanceTimersByTimeAsync(100);
    await expect(waited).rejects.toThrow('late');
  });

  it('holds a process up for a call under way alone', async () => {
    const unref = jest.spyOn(global, 'setTimeout');
    const deadline = new SharedDeadline(100);
    await deadline.wait(Promise.resolve(1), late);
    const timer = unref.mock.results[0]!.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(false);
    void deadline.wait(never(), late).catch(() => undefined);
    expect(timer.hasRef()).toBe(true);
  });
});
