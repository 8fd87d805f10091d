// `npm run storm` and `npm run prove`: the specs that have a larger size than in the suite (test/support/sizes.ts), at
// that size, one after the other. Arguments narrow them by a word of their path. What a proof looked at stands in a
// table at the end: `reportProof` of test/support/proof-report.ts writes its rows.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';

const root = join(import.meta.dirname, '..');
const [kind, ...words] = process.argv.slice(2);
const size = { storm: 'stormSize(', prove: 'proveSize(' }[kind];
if (!size) throw new Error('Say `storm` or `prove`.');

const specs = readdirSync(join(root, 'test'), { recursive: true })
  .filter((name) => name.endsWith('.spec.ts') && !name.includes('node_modules'))
  .filter((name) => readFileSync(join(root, 'test', name), 'utf8').includes(size))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .map((name) => join('test', name));
if (specs.length === 0)
  throw new Error(`No spec has a size for ${kind}${words.length ? ` and this name` : ''}.`);

/** Models have ten minutes together; changed sources and histories take as long as they take. */
const partOf = (spec) => {
  if (kind === 'storm') return 'storms';
  if (spec.endsWith('mutants.spec.ts')) return 'mutants';
  return spec.startsWith(`test${sep}models${sep}`) ? 'models' : 'histories';
};
const groups = { models: [], mutants: [], histories: [], storms: [] };
for (const spec of specs) groups[partOf(spec)].push(spec);

const folder = mkdtempSync(join(tmpdir(), 'heavy-'));
try {
  const reports = Object.entries(groups)
    .filter(([, some]) => some.length > 0)
    .map(([name, some]) => run(name, some));
  for (const report of reports) print(report);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(name, some) {
  console.log(`${kind}, ${name}: ${some.join(', ')}`);
  const [rows, results] = [join(folder, `${name}.rows`), join(folder, `${name}.json`)];
  const since = performance.now();
  const { status } = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--runInBand',
      '--json',
      `--outputFile=${results}`,
      '--runTestsByPath',
      ...some,
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, [`MAESTRANO_${kind.toUpperCase()}`]: '1', MAESTRANO_PROVE_REPORT: rows },
    },
  );
  if (status !== 0) process.exitCode = status ?? 1;
  return {
    name,
    seconds: (performance.now() - since) / 1_000,
    proofs: existsSync(rows) ? readFileSync(rows, 'utf8').split('\n').filter(Boolean).map(JSON.parse) : [],
    specs: existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')).testResults.map(specRow) : [],
  };
}

function specRow({ name, startTime, endTime, assertionResults }) {
  const count = (wanted) => assertionResults.filter(({ status }) => status === wanted).length;
  return {
    spec: relative(root, name),
    passed: count('passed'),
    failed: count('failed'),
    seconds: rounded((endTime - startTime) / 1_000),
  };
}

function print({ name, seconds, proofs, specs: run }) {
  console.log(`\n${name}: ${rounded(seconds)} s`);
  if (proofs.length > 0) {
    console.table(
      proofs.map(({ proof, histories, states, whole, seconds: took }) => ({
        proof,
        histories: histories || '',
        states: states ?? '',
        searched: whole === null ? '' : whole ? 'all there are' : 'at random',
        seconds: rounded(took),
      })),
    );
    const sum = (what) => proofs.reduce((total, row) => total + (row[what] ?? 0), 0);
    console.log(`together ${sum('histories')} histories, ${sum('states')} states`);
  }
  console.table(run);
}

function rounded(seconds) {
  return Number(seconds.toFixed(1));
}
