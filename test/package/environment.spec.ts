import { execFile } from 'node:child_process';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { canary } from '../support/canary/canary.js';
import { ROOT } from './source-files.js';

/** Jest on one file of test/support/fixtures, in a process of its own. */
function run(fixture: string): Promise<{ code: unknown; text: string }> {
  const jestProgram = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jestProgram];
  // What was left open would keep jest from ending, which is not what is asked here.
  const choice = ['--forceExit', '--testMatch', `**/test/support/fixtures/${fixture}.fixture.ts`];
  return new Promise((resolve) =>
    execFile(process.execPath, [...flags, ...choice], { cwd: ROOT }, (failure, stdout, stderr) =>
      resolve({ code: failure?.code ?? 0, text: stdout + stderr }),
    ),
  );
}

describe('the test environment', () => {
  it('fails a test file that printed a secret, and still names which of its tests failed', async () => {
    const { code, text } = await run('leaky');
    expect(text).toContain('Canary: 1 secrets in the output of this test file');
    expect(text).toContain('stdout shows a secret (key or token): the key is [[key or token]]');
    expect(text).toMatch(/fails: Error: .*toBe.*\n+.*Expected: .*another/);
    expect(code).toBe(1);
    // And it was this file's child that printed it.
    expect(canary().takeHits().join('\n')).toContain(
      'stdout of a child process shows a secret (planted key)',
    );
  }, 120_000);

  it('fails a test file that left something open, although its tests pass', async () => {
    const { code, text } = await run('open');
    expect(text).toMatch(
      /Left open by this test file: (?=.*1 Worker)(?=.*1 TCPServerWrap)(?=.*[3-5] Timeout)/,
    );
    expect(code).toBe(1);
  }, 120_000);
});
