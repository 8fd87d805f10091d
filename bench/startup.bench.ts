import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { defineBench } from './harness.js';

/** Starts an application in a process of its own and prints milliseconds from the process's start to listening. */
function start(kind: string): number {
  const program = join(import.meta.dirname, 'startup-app.js');
  return Number(execFileSync(process.execPath, [program, kind], { encoding: 'utf8' }));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export default defineBench({
  name: 'start-up to listening, Fastify',
  probe: async ({ short }) => {
    const ratios: number[] = [];
    const empty: number[] = [];
    for (let turn = 0; turn < (short ? 1 : 7); turn += 1) {
      // Taking turns, so that both meet the same machine.
      const [without, within] = [start('empty'), start('maestrano')];
      empty.push(without);
      ratios.push(within / without);
    }
    return {
      'an empty application': { value: median(empty), unit: 'ms' },
      'with the module': { value: median(ratios), unit: 'x', goal: { atMost: 1.25 } },
    };
  },
});
