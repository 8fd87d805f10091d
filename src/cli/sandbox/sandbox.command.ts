import { once } from 'node:events';

import { Option } from 'commander';

import { SCENARIO_NAMES, type ScenarioName, startSandbox } from '../../sandbox/index.js';
import { CliCommand, type CommonOptions } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { port, webUrl, wholeNumber } from '../cli-options.js';
import { paint } from '../paint.js';
import { platformVariables } from '../platform-variables.js';
import { untilInterrupted } from '../until-interrupted.js';
import { SANDBOX_PORT } from './running-sandbox.js';

interface SandboxCommandOptions extends CommonOptions {
  readonly app?: string;
  readonly port: number;
  readonly host?: string;
  readonly scenario: ScenarioName;
  readonly seed: number;
  readonly persist?: string;
  readonly strict?: boolean;
  readonly like2016?: boolean;
  readonly sha256?: boolean;
}

/** The `sandbox` command: runs until it is stopped. */
export function sandboxCommand(io: CliIo): CliCommand {
  return new CliCommand('sandbox', io)
    .description('Runs a whole marketplace on this machine until Ctrl-C.')
    .option('--app <url>', 'where your application is (http://localhost:3000)', webUrl)
    .option('--port <n>', 'port to listen on; 0 takes a free one', port, SANDBOX_PORT)
    .option('--host <address>', 'address to listen on; others can reach anything but the default (127.0.0.1)')
    .addOption(new Option('--scenario <name>', 'who is there').choices(SCENARIO_NAMES).default('demo'))
    .option('--seed <n>', 'decides ids and keys', wholeNumber(0), 1)
    .option('--persist <file>', 'read and write the state there')
    .option('--strict', 'behave as documented rather than as observed')
    .addOption(new Option('--like-2016', 'behave as the old public sandbox').conflicts('strict'))
    .option('--sha256', 'sign with SHA-256 instead of SHA-1')
    .does<SandboxCommandOptions>(async (at, options) => {
      const { app, host, persist, strict, like2016, sha256, json } = options;
      await using sandbox = await startSandbox({
        port: options.port,
        seed: options.seed,
        scenario: options.scenario,
        behaviour: strict ? 'strict' : like2016 ? 'like-2016' : 'default',
        signatureAlgorithm: sha256 ? 'sha256' : 'sha1',
        ...(app ? { appUrl: app } : {}),
        ...(host ? { host } : {}),
        ...(persist ? { persist } : {}),
      });
      const variables = platformVariables(sandbox);
      await untilInterrupted(async (signal) => {
        // Said once Ctrl-C is listened to: whoever is quick would end the process instead of the sandbox.
        if (json) at.out(`${JSON.stringify({ url: sandbox.url, app: sandbox.state.appUrl, variables })}\n`);
        else {
          const lines = Object.entries(variables).map(([name, value]) => `  ${name}=${value}\n`);
          at.out(
            `Sandbox marketplace: ${paint(at, 'bold', sandbox.url)}\n\nStart your application with\n${lines.join('')}\nCtrl-C stops it.\n`,
          );
        }
        if (!signal.aborted) await once(signal, 'abort');
      });
      return 0;
    });
}
