import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { reportProof } from '../support/proof-report.js';
import { proveSize } from '../support/sizes.js';
import { CompiledModels } from './compiled-models.js';
import { MODEL_NAMES } from './scenario.js';

const SIZE = proveSize(0, 1) ? 'full' : 'short';

describe('what the models promise', () => {
  let models: CompiledModels;

  beforeAll(() => {
    models = new CompiledModels('models');
  });
  afterAll(() => models.remove());

  it.each(MODEL_NAMES)(
    'holds in %s',
    async (name) => {
      const results = await models.search(SIZE, name);
      for (const { model, scenario, whole, searched, problem, seconds } of results) {
        expect(`${scenario}: ${problem ?? 'holds'}`).toBe(`${scenario}: holds`);
        const isWhole = whole === 'always' || (whole === 'full' && SIZE === 'full');
        expect([scenario, searched?.exhaustive]).toEqual([scenario, isWhole]);
        const { histories, states } = searched!;
        reportProof({ proof: `${model}: ${scenario}`, histories, states, whole: isWhole, seconds });
      }
    },
    proveSize(120_000, 1_200_000),
  );
});
