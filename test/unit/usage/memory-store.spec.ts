import { describe, it } from '@jest/globals';

import { usageStoreContract } from '../../../src/testing/usage-store-contract.js';
import { MemoryUsageStore } from '../../../src/usage/store/memory-usage-store.js';

describe('usage in memory', () => {
  for (const { name, run } of usageStoreContract(() => new MemoryUsageStore())) it(name, run);
});
