import { beforeAll, describe, expect, it } from '@jest/globals';

import { reportProof } from '../support/proof-report.js';
import { proveSize } from '../support/sizes.js';
import { CompiledModels } from './compiled-models.js';
import { MODEL_NAMES, type ScenarioResult } from './scenario.js';

const SIZE = proveSize(0, 1) ? 'full' : 'short';

describe('what the models promise', () => {
  let results: readonly ScenarioResult[];

  beforeAll(
    async () => {
      const models = new CompiledModels('models');
      try {
        results = await models.search(SIZE, MODEL_NAMES);
      } finally {
        models.remove();
      }
    },
    proveSize(180_000, 3_600_000),
  );

  it.each(MODEL_NAMES)('holds in %s', (name) => {
    const scenarios = results.filter(({ model }) => model === name);
    expect(scenarios).not.toEqual([]);
    for (const { model, scenario, whole, searched, problem, seconds } of scenarios) {
      expect(`${scenario}: ${problem ?? 'holds'}`).toBe(`${scenario}: holds`);
      const isWhole = whole === 'always' || (whole === 'full' && SIZE === 'full');
      expect([scenario, searched?.exhaustive]).toEqual([scenario, isWhole]);
      const { histories, states } = searched!;
      reportProof({ proof: `${model}: ${scenario}`, histories, states, whole: isWhole, seconds });
    }
  });
});
