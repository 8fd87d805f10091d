/**
 * Searches models in a process of its own: `run-models.js <short|full> <model>,<model> [scenario]`; a line of JSON for
 * each scenario, of each model until something does not hold.
 */
import { Logger } from '@nestjs/common';

import type { ModelName, ScenarioResult } from './scenario.js';
import { clock } from './virtual-clock.js';

const now = performance.now.bind(performance);
const [size, names = '', only] = process.argv.slice(2);
Logger.overrideLogger(false);
clock.install();
// What they import sees the clock of the model alone.
const { MODELS } = await import('./models.js');
for (const name of names.split(',') as ModelName[])
  for (const { name: scenario, whole, search } of MODELS[name]) {
    if (only !== undefined && scenario !== only) continue;
    const since = now();
    let outcome: Pick<ScenarioResult, 'searched' | 'problem'>;
    try {
      outcome = { searched: await search(size === 'full'), problem: null };
    } catch (error) {
      outcome = { searched: null, problem: String(error) };
    }
    const seconds = (now() - since) / 1_000;
    console.log(JSON.stringify({ model: name, scenario, whole, ...outcome, seconds }));
    if (outcome.problem !== null) break;
  }
// What was given up halfway may still have something to wait for.
process.exit();
