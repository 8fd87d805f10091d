import { describe, expect, it, jest } from '@jest/globals';

import type { ConsoleAuditEntry } from '../../../src/console/audit/audit-entry.js';
import { ConsoleAuditLog } from '../../../src/console/audit/audit-log.js';
import { StaffGuard, staffOf } from '../../support/console.js';
import { resolveConsoleSettings } from '../../../src/console/console-settings.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';

const ACTION = {
  who: 'Ines',
  role: 'replay',
  action: 'sessions/end',
  what: 'Ended all sessions',
  on: 'cld-1',
} as const;

function auditLog(audit: object = {}, store = new MemoryStore()): ConsoleAuditLog {
  const settings = resolveConsoleSettings({ roles: staffOf, audit }, { guard: StaffGuard, path: undefined });
  return new ConsoleAuditLog(store, settings);
}

describe('the audit log of the console', () => {
  it('has an action before it is begun, and what came of it', async () => {
    const log = auditLog();
    const begun = await log.begin(ACTION);
    expect(await log.find(begun.id)).toMatchObject({ ...ACTION, outcome: 'begun' });
    await log.finish(begun, 'done', 'Everybody has to sign in again.');
    expect(await log.find(begun.id)).toMatchObject({
      outcome: 'done',
      text: 'Everybody has to sign in again.',
    });
    expect((await log.page(null, 10)).items).toHaveLength(1);
  });

  it('lets nothing begin that it cannot write down', async () => {
    const store = new MemoryStore();
    jest.spyOn(store, 'writeMany').mockRejectedValue(new Error('away'));
    await expect(auditLog({}, store).begin(ACTION)).rejects.toMatchObject({ code: 'console.audit' });
  });

  it('hands complete entries on, and outlives who takes them', async () => {
    const seen: ConsoleAuditEntry[] = [];
    const log = auditLog({
      write: (entry: ConsoleAuditEntry) => {
        seen.push(entry);
        throw new Error('full');
      },
    });
    await log.finish(await log.begin(ACTION), 'failed', 'no');
    await log.refused(ACTION, 'needs the role money');
    expect(seen.map(({ outcome }) => outcome)).toEqual(['failed', 'refused']);
  });

  it('is bounded, and goes on from page to page', async () => {
    const log = auditLog({ maxEntries: 120 });
    for (let n = 0; n < 300; n += 1) await log.refused({ ...ACTION, on: `cld-${n}` }, '');
    const seen: string[] = [];
    for (let before: string | null = null; ;) {
      const { items, next } = await log.page(before, 50);
      seen.push(...items.map(({ id }) => id));
      if (next === null) break;
      before = next;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBeGreaterThanOrEqual(120);
    expect(seen.length).toBeLessThanOrEqual(220);
  });

  it('looks at a thousand entries for a page and no more, and goes on from there', async () => {
    const log = auditLog();
    for (let n = 0; n < 1_300; n += 1) await log.refused({ ...ACTION, on: n === 0 ? 'the oldest' : 'x' }, '');
    const first = await log.page(null, 50, ({ on }) => on === 'the oldest');
    expect(first).toMatchObject({ items: [], read: 1_000 });
    const rest = await log.page(first.next, 50, ({ on }) => on === 'the oldest');
    expect(rest.items).toHaveLength(1);
  });
});
