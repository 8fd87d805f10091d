import type { CliIo } from '../../src/cli/cli-io.js';
import { runCli } from '../../src/cli/run-cli.js';

/** What a command left behind. */
export interface CommandOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command of ours in this process, with an environment and a folder of its own. */
export async function commandLine(
  argv: readonly string[],
  options: Partial<Pick<CliIo, 'env' | 'cwd' | 'colours'>> = {},
): Promise<CommandOutcome> {
  let [out, err] = ['', ''];
  const code = await runCli(argv, {
    env: {},
    cwd: '/nowhere',
    ...options,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  });
  return { code, out, err };
}
