import { PACKAGE_VERSION } from '../utils/package-version.js';
import { CliCommand } from './cli-command.js';
import type { CliIo } from './cli-io.js';
import { COMMANDS } from './commands.js';

/**
 * The whole command line. Resolves with the exit code: 0 all is well, 1 something is wrong, 2 the arguments are not
 * understood.
 *
 * @param argv arguments after the program's name
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const [first, second] = argv;
  // The library shows the whole help for a name that no command has; a suggestion is worth more.
  if (first === 'help' && second !== undefined && !Object.hasOwn(COMMANDS, second))
    return runCli([second], io);
  const program = new CliCommand('nestjs-maestrano', io)
    .description('The command line of nestjs-maestrano. Every command explains itself with --help.')
    .version(PACKAGE_VERSION, '-v, --version', 'show the version')
    .helpCommand('help [command]', 'explain a command');
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    if (name === first || (first === 'help' && name === second)) program.addCommand((await load())(io));
    else program.command(name).summary(summary).description(summary);
  }
  for (const command of program.commands) {
    const entry = COMMANDS[command.name()];
    if (entry) command.summary(entry.summary);
  }
  if (argv.length > 0) return program.execute(argv);
  program.outputHelp();
  return 2;
}
