const { existsSync, readFileSync, rmSync, writeFileSync, writeSync } = require('node:fs');
const { relative, sep } = require('node:path');

/** Minutes with one decimal, as wide as the table's column. */
const minutes = (ms) => (ms / 60_000).toFixed(1).padStart(8);

/** More files than these are not run again. */
const MOST_AGAIN = 3;

/** `test/unit/sso/login.spec.ts` belongs to `unit`. */
const suiteOf = (file, rootDir) => relative(rootDir, file).split(sep)[1];

/** What .ci/run did before the tests: lines of a name and seconds. */
function partsBefore() {
  const file = process.env.TEST_BUDGET;
  if (!file) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => line.split('\t')).map(([name, seconds]) => [name, Number(seconds) * 1_000]);
}

/**
 * What the first run of two counted in the files that passed: CI runs those that failed again, alone. A file that two
 * busy processors made fail is told by its name and is no reason to refuse; a fault fails twice.
 */
function firstRun() {
  const file = process.env.TEST_AGAIN;
  if (!file || !existsSync(file)) return { passed: 0, skipped: 0, files: [] };
  const first = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(file);
  return first;
}

/**
 * Prints what each suite took, and the totals as the very last line of the run, in the form that CI reads. Suites run
 * side by side, so that together they take less than their sum.
 */
module.exports = class LineReporter {
  constructor({ rootDir }) {
    this.rootDir = rootDir;
    this.first = firstRun();
  }

  onRunComplete(_contexts, results) {
    const suites = new Map();
    for (const { testFilePath, perfStats } of results.testResults) {
      const suite = suiteOf(testFilePath, this.rootDir);
      suites.set(suite, (suites.get(suite) ?? 0) + perfStats.end - perfStats.start);
    }
    const rows = [
      ...partsBefore(),
      ...[...suites]
        .sort(([one], [other]) => one.localeCompare(other))
        .map(([name, ms]) => [`test/${name}`, ms]),
      ['all tests, side by side', Date.now() - results.startTime],
    ];
    const width = Math.max(...rows.map(([name]) => name.length));
    const table = rows.map(([name, ms]) => `${name.padEnd(width)} ${minutes(ms)}\n`).join('');
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const passed = this.first.passed + results.numPassedTests;
    const skipped = this.first.skipped + results.numPendingTests + results.numTodoTests;
    const again = this.first.files.map((file) => `failed beside others, run again alone: ${file}\n`).join('');
    const kept = failed > 0 && this.first.files.length === 0 && this.keep(results.testResults);
    const line = `${kept ? 'first run: ' : again}${passed} passed, ${failed} failed, ${skipped} skipped`;
    // jest prints its own summary after this hook; the exit hook comes later than that.
    process.once('exit', () => writeSync(1, `\n${'suite'.padEnd(width)}  minutes\n${table}${line}\n`));
  }

  /** For a second run: the files that failed, and what the others counted. Says whether there may be one. */
  keep(testResults) {
    if (!process.env.TEST_AGAIN) return false;
    const isBad = (one) => one.numFailingTests > 0 || one.testExecError;
    const good = testResults.filter((one) => !isBad(one));
    const sum = (count) => good.reduce((total, one) => total + count(one), 0);
    const kept = {
      passed: sum((one) => one.numPassingTests),
      skipped: sum((one) => one.numPendingTests + one.numTodoTests),
      files: testResults.filter(isBad).map((one) => relative(this.rootDir, one.testFilePath)),
    };
    if (kept.files.length > MOST_AGAIN) return false;
    writeFileSync(process.env.TEST_AGAIN, JSON.stringify(kept));
    return true;
  }
};
