import { describe, expect, it } from '@jest/globals';

import { createSqlExecutor } from '../../../src/sql/sql-executor.js';
import { SqlStore } from '../../../src/sql/sql-store.js';
import { SqlSyncStore } from '../../../src/sync/sql/sql-sync-store.js';
import { SqlUsageStore } from '../../../src/usage/sql/sql-usage-store.js';

/** A database that took every statement and never says anything again, until it is let go. */
function silentDatabase() {
  const waiting: (() => void)[] = [];
  const silence = <T>(value: T): Promise<T> => new Promise((resolve) => waiting.push(() => resolve(value)));
  const executor = createSqlExecutor({
    dialect: 'postgres',
    native: {},
    statements: () => ({ query: () => silence([]), execute: () => silence(0) }),
    transaction: (work) => work({}),
    isTransaction: () => false,
  });
  const letGo = (): void => {
    for (const answer of waiting.splice(0)) answer();
  };
  return { executor, letGo };
}

const SCOPE = { app: 'a', marketplace: 'm', group: 'cld-1' };
const TIMEOUT = { timeoutMs: 50 };

describe('stores on a database that went silent', () => {
  const STORES = [
    {
      name: 'SqlStore',
      make: (executor: ReturnType<typeof silentDatabase>['executor']) => {
        const store = new SqlStore(executor, TIMEOUT);
        return {
          calls: [() => store.get('key'), () => store.set('key', 'v', 1_000)],
          close: () => store.close(),
        };
      },
    },
    {
      name: 'SqlSyncStore',
      make: (executor: ReturnType<typeof silentDatabase>['executor']) => {
        const store = new SqlSyncStore(executor, TIMEOUT);
        const lease = { scope: SCOPE, token: 1, until: Date.now() + 60_000 };
        return {
          calls: [
            () => store.acquire(SCOPE, 1_000),
            () => store.stream(SCOPE, 'people'),
            () => store.commit(lease, { entity: 'people' }),
            () => store.hint(SCOPE, [{ entity: 'people', side: 'app', recordId: '1', cause: 'touch' }]),
            () => store.ping(),
          ],
          close: () => store.close(),
        };
      },
    },
    {
      name: 'SqlUsageStore',
      make: (executor: ReturnType<typeof silentDatabase>['executor']) => {
        const store = new SqlUsageStore(executor, TIMEOUT);
        return { calls: [() => store.load('1'), () => store.due(0, null, 10)], close: () => store.close() };
      },
    },
  ];

  it.each(STORES)('$name gives every call up with sql.timeout', async ({ name, make }) => {
    const { executor, letGo } = silentDatabase();
    const { calls, close } = make(executor);
    for (const call of calls) {
      const expected = name === 'SqlStore' ? 'store.unavailable' : 'sql.timeout';
      await expect(call()).rejects.toMatchObject({ code: expect.stringMatching(`${expected}|sql.timeout`) });
    }
    letGo();
    await close();
  });

  it.each(STORES)('$name waits for its calls when it closes, but not for ever', async ({ make }) => {
    const { executor, letGo } = silentDatabase();
    const { calls, close } = make(executor);
    await expect(calls[0]!()).rejects.toThrow();
    let closed = false;
    const closing = close().then(() => (closed = true));
    await Promise.resolve();
    expect(closed).toBe(false);
    letGo();
    await closing;
    await expect(calls[0]!()).rejects.toThrow();
    await close();
    letGo();
  });
});
