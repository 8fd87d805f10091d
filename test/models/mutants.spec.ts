import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { reportProof } from '../support/proof-report.js';
import { proveSize } from '../support/sizes.js';
import { changedText, CompiledModels } from './compiled-models.js';
import { MUTANTS } from './mutants.js';

const GUARANTEES = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'guarantees.md'), 'utf8');

/** All of them in `npm run prove`; in the suite one for each promise. */
const isTried = ({ quick = false }: { readonly quick?: boolean }): boolean => quick || proveSize(0, 1) === 1;

describe('sources with a promise broken', () => {
  let models: CompiledModels;

  beforeAll(() => {
    models = new CompiledModels('mutants');
  });
  afterAll(() => models.remove());

  it('have what is changed in them once', () => {
    for (const { source, edits } of Object.values(MUTANTS).flat()) changedText(source, edits);
  });

  it('are at least three for a promise, and one that the suite tries', () => {
    for (const [promise, mutants] of Object.entries(MUTANTS)) {
      expect(GUARANTEES).toContain(`\n## ${promise}\n`);
      expect(mutants.length).toBeGreaterThanOrEqual(3);
      expect(mutants.filter(({ quick }) => quick)).toHaveLength(1);
    }
  });

  const all = Object.entries(MUTANTS).flatMap(([promise, mutants]) =>
    mutants.filter((mutant) => isTried(mutant)).map((mutant) => ({ promise, ...mutant })),
  );
  it.each(all)(
    '$promise: are noticed: $what',
    async ({ promise, what, model, scenario, source, edits, quick }) => {
      const since = performance.now();
      const size = quick ? 'short' : 'full';
      const results = await models.changed(source, edits, () => models.search(size, [model], scenario));
      expect(results.map(({ problem }) => problem)).toEqual([expect.any(String)]);
      const seconds = (performance.now() - since) / 1_000;
      reportProof({
        proof: `rejected, ${promise}: ${what}`,
        histories: 0,
        states: null,
        whole: null,
        seconds,
      });
    },
    proveSize(60_000, 600_000),
  );
});
