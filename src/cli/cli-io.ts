/** Where a command writes and what it reads: the process in earnest, strings in a test. */
export interface CliIo {
  /** Standard output, as it is: commands end their lines themselves. */
  out(text: string): void;
  /** Standard error. */
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The directory that relative paths are meant from. */
  readonly cwd: string;
}

/** The process's own streams and environment. */
export function processIo(): CliIo {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env: process.env,
    cwd: process.cwd(),
  };
}
