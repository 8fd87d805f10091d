// `node bench/newcomer.mjs`: a newcomer's path, from nothing to a signed-in page and a first bill. Clones the commit
// that is checked out into a temporary folder, runs the README's first command there in its headless form, and prints
// the seconds of each step. Ends with an error when a step fails, or when the page is not there within five minutes.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const BUDGET_S = 300;
const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-newcomer-'));
const clone = join(scratch, 'nestjs-maestrano');
const started = performance.now();
const rows = [];
let before = 0;

function now() {
  return (performance.now() - started) / 1000;
}

function done(step, at = now()) {
  rows.push([step, (at - before).toFixed(1), at.toFixed(1)]);
  before = at;
}

function run(command, args, cwd, onLine = () => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: child.stdout }).on('line', (line) => {
      onLine(line);
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')} ended with ${code}`)),
    );
  });
}

/** A line of the demonstration: seconds since it was started, and what was done. */
function readStep(line) {
  const match = /^ *([\d.]+) s ✓ (.*)$/.exec(line);
  return match && { elapsed: Number(match[1]), title: match[2] };
}

try {
  await run('git', ['clone', '--quiet', '--depth', '1', pathToFileURL(root).href, clone], scratch);
  done('git clone');
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], clone);
  done('npm ci');
  let steps = 0;
  await run('npm', ['run', 'demo'], clone, (line) => {
    const step = readStep(line);
    if (!step) return;
    steps += 1;
    // What comes before the program's own start is the build.
    if (steps === 1) done('build', now() - step.elapsed);
    done(step.title);
  });
  if (steps === 0) throw new Error('npm run demo printed no step');
  const page = rows.find(([title]) => title.startsWith('usr-1 signed in'));
  if (!page) throw new Error('nobody signed in');
  const widest = Math.max(...rows.map(([title]) => title.length));
  for (const [title, seconds, total] of rows)
    console.log(`${title.padEnd(widest)}  ${seconds.padStart(6)} s  ${total.padStart(6)} s`);
  console.log(`Signed-in page after ${page[2]} s; Node ${process.version}, ${cpus().length} cores.`);
  if (Number(page[2]) > BUDGET_S) throw new Error(`The budget is ${BUDGET_S} s.`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
