import { type ChildProcess, fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { proveSize } from '../support/sizes.js';
import { CLASSES } from './corpus/classes.js';
import { wholeBody } from './corpus/exhaustion.js';
import { VARIANTS } from './corpus/hostile-case.js';
import type { Costs, Next, VariantCosts } from './cost/measure.js';

const MAX_CPU_MS = 50;
/** What a valid response takes where those 50 ms were set as the goal; a slower machine is given more in proportion. */
const USUAL_MS = 10;
/** Beside other suites all runs of a case may be disturbed; under `npm run prove`, alone, the bounds are exact. */
const SLACK = proveSize(2, 1);
/** Valid logins that a response may cost: with the signature of an older one, and without any. */
const MOST_WITH_OLD_SIGNATURE = 3 * SLACK;
const MOST_UNSIGNED = 1 * SLACK;
const MAX_BYTES = 50 * 1_048_576;
const TIMEOUT_MS = proveSize(900_000, 3_600_000);
/** Whether every case is measured in all four variants; else those that cost most, in the one with most keys to try. */
const EVERY_CASE = proveSize(0, 1) === 1;
const MEASURED = VARIANTS.filter(
  ({ certificates, embedded }) => EVERY_CASE || (certificates > 1 && !embedded),
);
/** A case that takes so long has not been disturbed. */
const STUCK_MS = 30_000;
const CASES = [...CLASSES, wholeBody].flatMap(({ name, cases }) =>
  cases.map((one) => [`${name}: ${one.name}`, one.expected] as const),
);

function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}

/** What the process measured. */
function reported(child: ChildProcess): Promise<Costs> {
  return new Promise((resolve, reject) => {
    let last = 'nothing';
    const stuck = setTimeout(() => reject(new Error(`${last} takes forever`)), STUCK_MS);
    stuck.unref();
    child.once('exit', (code) => reject(new Error(`the process ended with ${code} at ${last}`)));
    child.on('message', (message: Next | Costs) => {
      stuck.refresh();
      if ('next' in message) {
        last = message.next;
        return;
      }
      clearTimeout(stuck);
      resolve(message);
    });
  });
}

/**
 * In a process of its own, without jest's instrumentation and in one thread, so that CPU and memory are those of the
 * product.
 */
describe('the cost of each hostile response', () => {
  let compiled: CompiledSources;
  let child: ChildProcess;
  let costs: Costs;

  beforeAll(async () => {
    compiled = compileSources(
      'hostile-costs',
      'src/sandbox/keys/self-signed-certificate.ts',
      ...['test/support', 'test/support/saml', 'test/security/corpus', 'test/security/cost'].flatMap(filesIn),
    );
    const names = MEASURED.map(({ name }) => name);
    if (EVERY_CASE) names.push('every case');
    child = fork(compiled.path('test/security/cost/measure.ts'), names, { execArgv: ['--expose-gc'] });
    costs = await reported(child);
  }, TIMEOUT_MS);

  afterAll(() => {
    child.kill('SIGKILL');
    compiled.remove();
  });

  /** What takes more of something than a valid response and this much. */
  const beyond = (most: number, take: (cost: Costs['valid']) => number): string[] =>
    Object.entries(costs.hostile)
      .filter(([, cost]) => !(take(cost) - take(costs.valid) <= most))
      .map(([name, cost]) => `${name}: ${take(cost) - take(costs.valid)}`);

  it('was measured for the whole corpus, each rejected by its own check', () => {
    expect(costs.valid.outcome).toBe('accepted');
    const measured = Object.entries(costs.hostile).map(([name, { outcome }]) => [name, outcome]);
    expect(measured).toEqual(CASES);
  });

  it('is at most 50 ms of CPU beyond a valid one', () => {
    const slowness = Math.max(1, costs.valid.cpuMs / USUAL_MS);
    expect(beyond(MAX_CPU_MS * slowness * SLACK, ({ cpuMs }) => cpuMs)).toEqual([]);
  });

  describe.each(MEASURED.map(({ name }) => [name] as const))('with %s', (name) => {
    const variant = (): VariantCosts => costs.variants[name]!;
    const above = (most: number, taken: VariantCosts['asMade']): string[] =>
      Object.entries(taken)
        .filter(([, ratio]) => !(ratio <= most))
        .map(([one, ratio]) => `${one}: ${ratio.toFixed(2)}`);

    it('was measured for what each is rejected with', () => {
      const others = Object.entries(variant().outcomes).filter(
        ([, [outcome, expected]]) => outcome !== expected,
      );
      expect(others).toEqual([]);
    });

    it('is at most that of a valid login where nobody signed anything', () => {
      expect(Object.keys(variant().unsigned).length).toBeGreaterThan(EVERY_CASE ? 300 : 50);
      expect(above(MOST_UNSIGNED, variant().unsigned)).toEqual([]);
    });

    it('is at most that of three valid logins with the signature of an older one', () => {
      expect(above(MOST_WITH_OLD_SIGNATURE, variant().asMade)).toEqual([]);
    });
  });

  it('of a valid login without an embedded certificate is the same with four certificates as with one', () => {
    expect(costs.fourToOne).toBeLessThanOrEqual(1.25 * SLACK);
  });

  it('is at most 50 MB of memory beyond a valid one', () => {
    expect(beyond(MAX_BYTES, ({ allocated }) => allocated)).toEqual([]);
    if (costs.valid.peak === null) return;
    expect(beyond(MAX_BYTES, ({ peak }) => peak ?? Infinity)).toEqual([]);
  });
});
