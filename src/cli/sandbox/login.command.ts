import { isRecord } from '../../utils/values.js';
import { CliCommand } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { paint } from '../paint.js';
import { RunningSandbox, type SandboxOptions, textOf, withSandbox } from './running-sandbox.js';

interface LoginCommandOptions extends SandboxOptions {
  readonly user?: string;
  readonly group?: string;
  readonly marketplace?: string;
  readonly send?: string;
}

/** The `login` command. */
export function loginCommand(io: CliIo): CliCommand {
  const command = new CliCommand('login', io)
    .description(
      'Signs a person of the running sandbox in to your application, as a browser would, and shows what it responded. Exit code 1 when a valid response is rejected, or one with a defect accepted.',
    )
    .option('--user <id>', 'who (usr-1)')
    .option('--group <id>', 'through which company (cld-1)')
    .option('--marketplace <name>', 'at this one (the first)')
    .option(
      '--send <variant>',
      'a response with one thing wrong, such as expired; the sandbox lists them at /logins/new',
    );
  return withSandbox(command).does<LoginCommandOptions>(async (at, options) => {
    const { user, group, marketplace, send } = options;
    const login = await new RunningSandbox(options, at).post('logins', { user, group, marketplace, send });
    at.out(options.json ? `${JSON.stringify(login, null, 2)}\n` : describe(at, login));
    return login['asExpected'] === true ? 0 : 1;
  });
}

function describe(io: CliIo, login: Readonly<Record<string, unknown>>): string {
  const { state, sent, user, group, marketplace, asExpected } = login;
  const response = isRecord(login['response']) ? login['response'] : {};
  const { status, location, code, trace } = response;
  const what = sent === 'valid' ? 'a valid response' : `a response with the defect "${textOf(sent)}"`;
  const why = [textOf(code), trace && `trace ${textOf(trace)}`].filter(Boolean).join(', ');
  const way = `${textOf(status) || 'no response'}${location ? ` → ${textOf(location)}` : ''}${why ? ` (${why})` : ''}`;
  const word = paint(io, asExpected ? 'green' : 'red', textOf(state));
  return `${word}  ${way}\n${textOf(user)} of ${textOf(group)} at ${textOf(marketplace)}, ${what}\n`;
}
