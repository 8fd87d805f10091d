import { jest } from '@jest/globals';

/** Everything that jest can fake but the date: timers and I/O go on for real. */
const REAL = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'requestAnimationFrame',
  'cancelAnimationFrame',
  'requestIdleCallback',
  'cancelIdleCallback',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

/** Puts the clock at a moment, now by default, and moves it only by `jest.setSystemTime`; `jest.useRealTimers()` ends it. */
export function fakeDate(now?: number | Date): void {
  jest.useFakeTimers({ ...(now === undefined ? {} : { now }), doNotFake: [...REAL] });
}
