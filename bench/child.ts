import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { measure, type Bench, type BenchResult } from './harness.js';

/** One fresh process of a run: measures every benchmark of one file and leaves the numbers in another. */
const [file = '', output = '', mode = ''] = process.argv.slice(2);

const { default: benches } = (await import(pathToFileURL(file).href)) as { default: readonly Bench[] };
const results: BenchResult[] = [];
for (const bench of benches) results.push(await measure(bench, { short: mode === 'short' }));
writeFileSync(output, JSON.stringify(results));
// A benchmark that left a socket open must not keep the run waiting.
process.exit(0);
