const { readFileSync, writeSync } = require('node:fs');
const { relative, sep } = require('node:path');

/** Minutes with one decimal, as wide as the table's column. */
const minutes = (ms) => (ms / 60_000).toFixed(1).padStart(8);

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
 * Prints what each suite took, and the totals as the very last line of the run, in the form that CI reads. Suites run
 * side by side, so that together they take less than their sum.
 */
module.exports = class LineReporter {
  constructor({ rootDir }) {
    this.rootDir = rootDir;
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
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`;
    // jest prints its own summary after this hook; the exit hook comes later than that.
    process.once('exit', () => writeSync(1, `\n${'suite'.padEnd(width)}  minutes\n${table}${line}\n`));
  }
};
