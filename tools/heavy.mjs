// `npm run storm` and `npm run prove`: the specs that have a larger size than in the suite (test/support/sizes.ts), at
// that size, one after the other. Arguments are handed to jest, such as a path.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const [kind, ...rest] = process.argv.slice(2);
const size = { storm: 'stormSize(', prove: 'proveSize(' }[kind];
if (!size) throw new Error('Say `storm` or `prove`.');

const specs = readdirSync(join(root, 'test'), { recursive: true })
  .filter((name) => name.endsWith('.spec.ts') && !name.includes('node_modules'))
  .filter((name) => readFileSync(join(root, 'test', name), 'utf8').includes(size))
  .filter((name) => rest.length === 0 || rest.some((word) => name.includes(word)));
if (specs.length === 0)
  throw new Error(`No spec has a size for ${kind}${rest.length ? ` and this name` : ''}.`);
console.log(`${kind}: ${specs.join(', ')}`);
const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    jest,
    '--runInBand',
    '--runTestsByPath',
  ].concat(specs.map((name) => join('test', name))),
  { cwd: root, stdio: 'inherit', env: { ...process.env, [`MAESTRANO_${kind.toUpperCase()}`]: '1' } },
);
process.exitCode = status ?? 1;
