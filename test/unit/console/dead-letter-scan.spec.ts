import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { DeadNotification } from '../../../src/connec/notifications/notification-queue.js';
import { DeadLetterScan } from '../../../src/console/dead-letter-scan.js';

const ANY = { cause: '', marketplace: '', id: '' };
/** The cause of every thousandth letter, the newest first. */
const RARE = { ...ANY, cause: 'tax code is empty' };

const letterOf = (number: number): DeadNotification => ({
  id: `d-${number}`,
  reason: number % 1_000 === 999 ? RARE.cause : `person p-${number} has no name`,
  failedAt: new Date(1_800_000_000_000 - number * 1_000).toISOString(),
  marketplace: number % 2 === 0 ? 'acme' : 'bluebank',
  receivedAt: '2026-01-01T00:00:00Z',
  attempts: 3,
  entities: { people: 1 },
});

/** A list of so many, of which each read takes so many milliseconds. */
function listOf(many: number, tookMs: number) {
  const letters = Array.from({ length: many }, (_, number) => letterOf(number));
  const deadLetters = ({ offset = 0, limit = 100 }: { offset?: number; limit?: number } = {}) => {
    jest.advanceTimersByTime(tookMs);
    return Promise.resolve(letters.slice(offset, offset + limit));
  };
  return { letters, deadLetters };
}

describe('the list of dead letters', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('is grouped whole where that fits into the time of a page', async () => {
    const { causes, looked } = await new DeadLetterScan(listOf(3_200, 5)).causes();
    expect(looked).toBe(3_200);
    expect(causes.map(({ cause, count, marketplaces }) => [cause, count, marketplaces])).toEqual([
      ['person … has no name', 3_197, ['acme', 'bluebank']],
      [RARE.cause, 3, ['bluebank']],
    ]);
    expect(causes[1]).toMatchObject({ first: letterOf(2_999).failedAt, last: letterOf(999).failedAt });
  });

  it('is grouped to the last one by several looks where it does not, the newest anew with each', async () => {
    const list = listOf(3_200, 40);
    const scan = new DeadLetterScan(list);
    const looks: number[] = [];
    for (let look = 0; look < 4; look += 1) looks.push((await scan.causes()).looked);
    expect(looks).toEqual([1_500, 2_500, 3_200, 3_200]);
    list.letters.unshift(letterOf(-1));
    expect((await scan.causes()).causes[0]!.last).toBe(letterOf(-1).failedAt);
    list.letters.length = 100;
    scan.forget();
    expect(await scan.causes()).toMatchObject({ looked: 100 });
  });

  it('is searched to the oldest, from where the time of the page before was over', async () => {
    const scan = new DeadLetterScan(listOf(3_200, 40));
    const found: string[] = [];
    const places: (number | null)[] = [];
    for (let from: number | null = 0; from !== null;) {
      const { letters, next } = await scan.list(RARE, from, 50);
      found.push(...letters.map(({ id }) => id));
      places.push(next);
      from = next;
    }
    expect(found).toEqual(['d-999', 'd-1999', 'd-2999']);
    expect(places).toEqual([1_500, 3_000, null]);
    const { letters, next } = await scan.list(ANY, 700, 50);
    expect([letters[0]!.id, letters.length, next]).toEqual(['d-700', 50, 750]);
  });

  it('says how far it was looked through for what a filter means, and finds the same again', async () => {
    const scan = new DeadLetterScan(listOf(3_200, 40));
    const { letters, looked } = await scan.meant(RARE);
    expect([letters.map(({ id }) => id), looked]).toEqual([['d-999'], 1_500]);
    expect(await scan.meantOf(RARE, looked!)).toEqual(letters);
    expect(await scan.meantOf(RARE, 3_200)).toHaveLength(3);
    expect((await new DeadLetterScan(listOf(3_200, 1)).meant(RARE)).looked).toBeNull();
  });
});
