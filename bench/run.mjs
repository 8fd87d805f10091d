// `npm run bench [-- --short] [-- --processes 3] [-- --timeout 600] [name …]`: compiles src and bench with swc into artifacts/bench,
// measures every bench/*.bench.ts in fresh processes and prints one table.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';

import { transformFileSync } from '@swc/core';

const root = join(import.meta.dirname, '..');
const build = join(root, 'artifacts', 'bench', String(process.pid));
const MAX_ATTEMPTS = 3;

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    processes: { type: 'string', default: '3' },
    // Seconds that one process may take.
    timeout: { type: 'string', default: '600' },
  },
});
const processes = options.short ? 1 : Math.max(1, Number.parseInt(options.processes, 10) || 3);
const timeout = (Number.parseInt(options.timeout, 10) || 600) * 1_000;

function compile(folder) {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath ?? entry.path, entry.name);
    const target = join(build, relative(root, source)).replace(/\.ts$/, '.js');
    mkdirSync(dirname(target), { recursive: true });
    if (!source.endsWith('.ts')) {
      cpSync(source, target);
      continue;
    }
    const { code } = transformFileSync(source, {
      swcrc: false,
      sourceMaps: 'inline',
      module: { type: 'es6' },
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        keepClassNames: true,
      },
    });
    writeFileSync(target, code);
  }
}

function measureFile(file) {
  const output = join(build, 'result.json');
  rmSync(output, { force: true });
  const child = spawnSync(
    process.execPath,
    [
      '--expose-gc',
      '--enable-source-maps',
      join(build, 'bench', 'child.js'),
      file,
      output,
      options.short ? 'short' : 'full',
    ],
    { stdio: ['ignore', 'inherit', 'inherit'], timeout },
  );
  if (child.status !== 0)
    throw new Error(`${relative(build, file)} ended with ${child.status ?? child.signal}`);
  return JSON.parse(readFileSync(output, 'utf8'));
}

let failed = 0;
try {
  compile('src');
  compile('bench');
  cpSync(join(root, 'package.json'), join(build, 'package.json'));
  const { isSteady, rowsOf, tableOf } = await import(join(build, 'bench', 'report.js'));
  const files = readdirSync(join(build, 'bench'))
    .filter((name) => name.endsWith('.bench.js'))
    .filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
  const rows = [];
  for (const name of files) {
    const file = join(build, 'bench', name);
    try {
      let pooled = [];
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        const runs = [];
        for (let turn = 0; turn < processes; turn += 1) runs.push(measureFile(file));
        pooled = runs[0].map((_, index) => runs.map((run) => run[index]));
        if (options.short || pooled.every((results) => isSteady(results))) break;
        console.error(
          `${name}: the baseline disagrees with itself${attempt < MAX_ATTEMPTS ? ', again' : ''}`,
        );
      }
      rows.push(...pooled.flatMap((results) => rowsOf(results, options.short)));
    } catch (error) {
      failed += 1;
      console.error(String(error));
    }
  }
  console.log(tableOf(rows));
  console.log(`\n${rows.length} rows of ${files.length} files, Node ${process.version}, ${failed} failed`);
  if (rows.some((row) => row.verdict === 'MISSED')) console.log('Some goals were missed.');
} finally {
  rmSync(build, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
