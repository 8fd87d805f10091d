import { describe, expect, it } from '@jest/globals';

import type { SqlExecutor } from '../../../src/sql/sql-executor.js';
import { withRetries } from '../../../src/sql/sql-calls.js';

const outside = { inTransaction: false } as SqlExecutor;
const inside = { inTransaction: true } as SqlExecutor;
const deadlock = (): Error => Object.assign(new Error('deadlock detected'), { code: '40P01' });

describe('statements that meet others', () => {
  it('are sent again until they pass', async () => {
    let attempts = 0;
    const work = async (): Promise<number> => {
      attempts += 1;
      if (attempts < 4) throw deadlock();
      return attempts;
    };
    expect(await withRetries(outside, work)).toBe(4);
  });

  it('are given up when their time is over', async () => {
    const begun = performance.now();
    const work = (): Promise<never> => Promise.reject(deadlock());
    await expect(withRetries(outside, work, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'sql.contention',
      cause: { code: '40P01' },
    });
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('are sent once when something else failed, because they may have been carried out', async () => {
    let attempts = 0;
    const work = async (): Promise<never> => {
      attempts += 1;
      throw new Error('Connection terminated unexpectedly');
    };
    await expect(withRetries(outside, work)).rejects.toMatchObject({ code: 'sql.failed' });
    expect(attempts).toBe(1);
  });

  it('are not waited for beyond the deadline', async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    await expect(withRetries(outside, never, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'sql.timeout',
    });
  });

  it('are sent once in a transaction of the application, which gets its own error', async () => {
    const error = deadlock();
    let attempts = 0;
    const work = async (): Promise<never> => {
      attempts += 1;
      throw error;
    };
    await expect(withRetries(inside, work)).rejects.toBe(error);
    expect(attempts).toBe(1);
  });
});
