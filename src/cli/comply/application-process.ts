import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { CliError } from '../../errors/cli.error.js';
import { errorCode } from '../../utils/error-code.js';
import type { CliIo } from '../cli-io.js';

/** How long a program may take to end itself, before it is ended. */
const PATIENCE_MS = 10_000;

/** The application under test, where the command starts it. */
export class ApplicationProcess {
  readonly #child: ChildProcess;
  readonly #ended = new AbortController();

  /** @param variables added to the environment */
  constructor(
    program: string,
    args: readonly string[],
    io: CliIo,
    variables: Readonly<Record<string, string>>,
  ) {
    this.#child = spawn(program, args, {
      cwd: io.cwd,
      // Not what .env says: the application reads that file itself, if it does.
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#child.once('error', (error) =>
      this.#end(`cannot be started (${errorCode(error) ?? error.message})`),
    );
    this.#child.once('exit', (code, signal) =>
      this.#end(`ended with ${code === null ? String(signal) : `code ${code}`}`),
    );
  }

  /** Given when the program has ended; the reason is a CliError `cli.application`. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Ends the program, gently at first. Resolves when it is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill();
    const last = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    await exited;
    clearTimeout(last);
  }

  #end(what: string): void {
    this.#ended.abort(
      new CliError('cli.application', {
        message: `The application ${what}.`,
        remedy: 'See what it says above, and that the command after -- starts it and stays.',
      }),
    );
  }
}
