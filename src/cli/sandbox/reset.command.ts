import { CliCommand } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { RunningSandbox, type SandboxOptions, withSandbox } from './running-sandbox.js';

/** The `reset` command. */
export function resetCommand(io: CliIo): CliCommand {
  const command = new CliCommand('reset', io).description(
    'Begins the scenario of the running sandbox again: data, ids, clock, faults, journal and deliveries. Its address and the keys stay what they were at its start.',
  );
  return withSandbox(command).does<SandboxOptions>(async (at, options) => {
    const begun = await new RunningSandbox(options, at).post('reset', {});
    const { marketplaces } = begun;
    const names = Array.isArray(marketplaces) ? marketplaces.join(', ') : '';
    at.out(options.json ? `${JSON.stringify(begun, null, 2)}\n` : `The scenario begins again: ${names}\n`);
    return 0;
  });
}
