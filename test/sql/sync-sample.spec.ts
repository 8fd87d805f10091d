import { expect, it } from '@jest/globals';
import Database from 'better-sqlite3';

import { walk } from '../../sample/05-sync/src/walk.js';

it('sample/05-sync: a plan first, then the same on both sides, and edits arrive at the other one (check 1)', async () => {
  const database = new Database(':memory:');
  const lines: string[] = [];
  try {
    const walked = await walk(database, (line) => lines.push(line));
    expect(walked.plan['people']).toMatchObject({ match: 10, createInConnec: 20 });
    expect(walked.writesBefore).toBe(0);
    const [contacts, people] = walked.counts['contacts']!;
    expect(contacts).toBe(people);
    expect(contacts).toBeGreaterThanOrEqual(50);
    expect(walked.left).toBe(0);
    expect(lines.join('\n')).toContain('Left to do: 0.');
  } finally {
    database.close();
  }
}, 60_000);
