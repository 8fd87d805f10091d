const { writeSync } = require('node:fs');

/** Prints the totals as the very last line of the run, in the form that CI reads. */
module.exports = class LineReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`;
    // jest prints its own summary after this hook; the exit hook comes later than that.
    process.once('exit', () => writeSync(1, `${line}\n`));
  }
};
