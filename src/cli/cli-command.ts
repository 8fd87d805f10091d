import { Command, CommanderError } from 'commander';

import type { CliIo } from './cli-io.js';
import { reportFailure, usageError } from './cli-failure.js';
import { withEnvironmentFiles } from './environment-files.js';
import { paint } from './paint.js';

/** What every command understands beside its own options. */
export interface CommonOptions {
  readonly json?: boolean;
}

/** A command, or one that holds others: writes where it is told, and knows its exit code instead of ending the process. */
export class CliCommand extends Command {
  /** What the work that was asked for resolved with; kept by the outermost command. */
  #exitCode = 0;

  constructor(
    name: string,
    readonly io: CliIo,
  ) {
    super(name);
    this.exitOverride()
      .configureOutput({
        writeOut: (text) => io.out(text),
        writeErr: (text) => io.err(text),
        // Reported once, in our own form.
        outputError: () => undefined,
        getOutHasColors: () => io.colours?.out ?? false,
        getErrHasColors: () => io.colours?.err ?? false,
      })
      .configureHelp({ styleTitle: (text) => paint(io, 'bold', text) })
      .helpOption('-h, --help', 'show this');
  }

  override createCommand(name?: string): CliCommand {
    return new CliCommand(name ?? '', this.io);
  }

  /**
   * What the command does, with the options that every command has. The work gets the environment with its files, the
   * options and the arguments, and resolves with the exit code.
   *
   * @typeParam Options what the options of this command come to, by their names in camel case
   */
  does<Options extends CommonOptions>(
    work: (io: CliIo, options: Options, args: readonly string[]) => Promise<number>,
  ): this {
    this.option('--json', 'report as JSON').option(
      '--env-file <file>',
      'variables of this file instead of .env; more than once, the last one wins',
      (file: string, before: string[] | undefined) => [...(before ?? []), file],
    );
    return this.action(async () => {
      const { envFile, ...options } = this.opts<Options & { envFile?: string[] }>();
      const root = this.#root();
      root.#exitCode = await work(
        withEnvironmentFiles(this.io, envFile),
        options as unknown as Options,
        // One that is repeated comes as a list.
        this.processedArgs.flat().filter((one): one is string => typeof one === 'string'),
      );
    });
  }

  /** Does what the arguments say. Resolves with the exit code; reports a failure instead of rejecting. */
  async execute(argv: readonly string[]): Promise<number> {
    this.#exitCode = 0;
    try {
      await this.parseAsync([...argv], { from: 'user' });
      return this.#exitCode;
    } catch (error) {
      if (!(error instanceof CommanderError)) return reportFailure(this.io, error);
      if (error.exitCode === 0) return 0;
      // A command that only holds others has shown its help.
      if (error.code === 'commander.help') return 2;
      return reportFailure(this.io, usageError(error, this.#asked(argv)));
    }
  }

  #root(): CliCommand {
    return this.parent instanceof CliCommand ? this.parent.#root() : this;
  }

  /** The command that arguments are about: the names before the first that none has. */
  #asked(argv: readonly string[]): string {
    const [first] = argv;
    const child = this.commands.find((one) => one.name() === first);
    return child instanceof CliCommand ? `${this.name()} ${child.#asked(argv.slice(1))}` : this.name();
  }
}
