import { randomUUID } from 'node:crypto';

let count = 0;

/** An id for a hint: ids rise with time, and within this process in the order of asking. */
export function hintId(): string {
  count = (count + 1) % 36 ** 6;
  return [Date.now().toString(36).padStart(9, '0'), count.toString(36).padStart(6, '0'), randomUUID()].join(
    '-',
  );
}
