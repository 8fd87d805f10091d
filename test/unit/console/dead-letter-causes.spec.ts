import { describe, expect, it } from '@jest/globals';

import type { DeadNotification } from '../../../src/connec/notifications/notification-queue.js';
import { causeOf, groupByCause } from '../../../src/console/dead-letter-causes.js';

const letter = (id: string, reason: string, failedAt = `2026-01-0${id}T00:00:00Z`): DeadNotification => ({
  id,
  reason,
  failedAt,
  marketplace: 'acme',
  receivedAt: failedAt,
  attempts: 3,
  entities: { people: 1 },
});

describe('causes of dead letters', () => {
  it.each([
    ['tax_code is empty', 'tax_code is empty'],
    ['no room for ada@example.com', 'no room for …'],
    ['Invoice INV-1003 has no line 17', 'Invoice … has no line …'],
    ['duplicate key "people_pk" for 0b6f3c1e-2f0d-4c8e-9a51-0d7f6c0b1a22', 'duplicate key … for …'],
    ['first line\n    at second', 'first line'],
    ['', 'no reason was given'],
  ])('%j is %j', (reason, cause) => {
    expect(causeOf(reason)).toBe(cause);
  });

  it('are bounded in length', () => {
    expect(causeOf('word '.repeat(1_000)).length).toBeLessThanOrEqual(161);
  });

  it('group what differs in names only, the largest group first', () => {
    const groups = groupByCause([
      letter('5', 'took over 10 s'),
      letter('4', 'person p-4 has no name'),
      letter('2', 'person p-2 has no name'),
    ]);
    expect(groups.map(({ cause, count, first, last }) => [cause, count, first, last])).toEqual([
      ['person … has no name', 2, '2026-01-02T00:00:00Z', '2026-01-04T00:00:00Z'],
      ['took over … s', 1, '2026-01-05T00:00:00Z', '2026-01-05T00:00:00Z'],
    ]);
  });
});
