import { describe, expect, it } from '@jest/globals';
import type { Meter } from '@opentelemetry/api';

import { MaestranoSqlError } from '../../../src/errors/sql.error.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { StoreWithDeadline } from '../../../src/stores/store-with-deadline.js';
import { storeObserver } from '../../../src/telemetry/store-telemetry.js';

class VendorStore extends MemoryStore {
  failure: Error | null = null;
  override async getMany(keys: readonly string[]): Promise<(string | null)[]> {
    if (this.failure) throw this.failure;
    return super.getMany(keys);
  }
}

describe('calls of the store', () => {
  it('are measured by method and class, failures by their code', async () => {
    const measured: [number, object][] = [];
    const meter = {
      createHistogram: (name: string) => {
        expect(name).toBe('maestrano.store.duration');
        return { record: (value: number, attributes: object) => void measured.push([value, attributes]) };
      },
    } as unknown as Meter;
    const inner = new VendorStore();
    const store = new StoreWithDeadline(inner, 1_000);
    const stop = store.observe(storeObserver(meter));
    const fine = { 'maestrano.store': 'VendorStore' };

    await store.writeMany([{ key: 'a secret', value: 'a secret', ttlMs: 1_000 }]);
    inner.failure = new MaestranoSqlError('sql.timeout');
    await expect(store.getMany(['a secret'])).rejects.toMatchObject({ code: 'store.unavailable' });
    inner.failure = new Error('a secret');
    await expect(store.getMany(['a secret'])).rejects.toMatchObject({ code: 'store.unavailable' });

    expect(measured.map(([, attributes]) => attributes)).toEqual([
      { ...fine, 'maestrano.operation': 'writeMany' },
      { ...fine, 'maestrano.operation': 'getMany', 'error.type': 'sql.timeout' },
      { ...fine, 'maestrano.operation': 'getMany', 'error.type': 'store.unavailable' },
    ]);
    expect(measured.every(([seconds]) => seconds >= 0 && seconds < 1)).toBe(true);
    stop();
    await store.ping();
    expect(measured).toHaveLength(3);
  });
});
