import { Command } from 'commander';

/** Where a command writes and what it reads: the process in earnest, strings in a test. */
export interface CliIo {
  /** Standard output, as it is: commands end their lines themselves. */
  out(text: string): void;
  /** Standard error. */
  err(text: string): void;
  /** The environment, and what the files of `--env-file` or `.env` add to it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The directory that relative paths are meant from. */
  readonly cwd: string;
  /** Whether each stream shows colours; absent: neither does. */
  readonly colours?: { readonly out: boolean; readonly err: boolean };
}

/** The process's own streams and environment. */
export function processIo(): CliIo {
  // The library's own judgement: terminal or not, NO_COLOR, FORCE_COLOR.
  const output = new Command().configureOutput();
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env: process.env,
    cwd: process.cwd(),
    colours: { out: output.getOutHasColors?.() ?? false, err: output.getErrHasColors?.() ?? false },
  };
}
