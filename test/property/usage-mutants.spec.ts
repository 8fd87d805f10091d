import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';

import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { proveSize } from '../support/sizes.js';

const ROOT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** Histories that a mutant may survive at most. */
const HISTORIES = proveSize(60, 500);

const MEMORY = 'src/usage/store/memory-usage-store.ts';

/** A rule taken out: where, what stands there, and what instead. */
interface Mutant {
  readonly file: string;
  readonly edits: readonly (readonly [cut: string, by: string])[];
  readonly options?: { readonly weekly: boolean };
}

const COUNTED: readonly [string, string] = [
  'if (claim && series.unclaimed(claim.ranges).length !== claim.rows) return false;',
  '',
];

const MUTANTS: Readonly<Record<string, Mutant>> = {
  'the version is not compared': {
    file: MEMORY,
    edits: [
      ['if (series.row.version !== version) return false;', ''],
      COUNTED,
      [
        'if (statement && series.statements.has(statementKey(statement.chain, statement.seq))) return false;',
        '',
      ],
    ],
  },
  'the carry is moved after the sealing instead of in it': {
    file: 'src/usage/engine/usage-closer.ts',
    edits: [
      [
        'return await store.sealEach(steps);',
        `const done = [];
         for (const [index, step] of steps.entries()) {
           const { chains: own } = written[index].present.series.state;
           const before = (chain) => own.find(({ id }) => id === chain.id)?.carry ?? '0';
           const chains = step.state.chains.map((chain) => ({ ...chain, carry: before(chain) }));
           done.push(await store.seal([{ ...step, state: { ...step.state, chains } }]));
           const { claim: _, statement, opened: __, ...rest } = step;
           if (statement) await store.seal([{ ...rest, version: step.version + 1, stated: [] }]);
         }
         return done;`,
      ],
    ],
  },
  'a new key at each try': {
    file: 'src/usage/engine/statement-sender.ts',
    edits: [['billing.createOnce(marketplace, key,', 'billing.createOnce(marketplace, key + Math.random(),']],
  },
  "seats are corrected in the late fact's own period only": {
    file: 'src/usage/engine/statement-draft.ts',
    edits: [['? period.ends > earliest', '? instants.some((at) => at >= period.starts && at < period.ends)']],
    options: { weekly: true },
  },
  'facts are claimed that were not counted': { file: MEMORY, edits: [COUNTED] },
};

describe('rules of the metering taken out one by one', () => {
  let sources: CompiledSources;

  beforeAll(() => {
    const support = [
      'usage-world',
      'usage-history',
      'interleaved-tasks',
      'run-usage-histories',
      'usage-oracle',
    ];
    sources = compileSources('usage-mutants', ...support.map((name) => `test/support/usage/${name}.ts`));
  });
  afterAll(() => sources.remove());

  it.each(Object.entries(MUTANTS))(
    'check 27: is noticed: %s',
    async (_name, { file, edits, options = {} }) => {
      let text = readFileSync(join(ROOT, file), 'utf8');
      for (const [cut, by] of edits) {
        expect(text.split(cut)).toHaveLength(2);
        text = text.replace(cut, () => by);
      }
      const path = sources.path(file);
      const whole = readFileSync(path, 'utf8');
      const { code } = transformSync(text, {
        swcrc: false,
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
      });
      writeFileSync(path, code);
      try {
        const script = sources.path('test/support/usage/run-usage-histories.ts');
        const { stdout } = await run(process.execPath, [script, String(HISTORIES), JSON.stringify(options)]);
        expect(JSON.parse(stdout)).not.toEqual([]);
      } finally {
        writeFileSync(path, whole);
      }
    },
    600_000,
  );
});
