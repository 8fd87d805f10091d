import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { SCENARIO_NAMES, type ScenarioName, startSandbox } from '../../sandbox/index.js';
import type { CliIo } from '../cli-io.js';
import { runCommand } from '../command-runner.js';

const HELP = `Usage: nestjs-maestrano sandbox [options]

Runs a whole marketplace on this machine until Ctrl-C.

  --app URL          where your application is (default http://localhost:3000)
  --port N           port to listen on (default 4100; 0 takes a free one)
  --host ADDRESS     address to listen on (default 127.0.0.1; others can reach anything else)
  --scenario NAME    ${SCENARIO_NAMES.join(', ')} (default demo)
  --seed N           decides ids and keys (default 1)
  --persist FILE     read and write the state there
  --strict           behave as documented rather than as observed
  --like-2016        behave as the old public sandbox
  --sha256           sign with SHA-256 instead of SHA-1
`;

const OPTIONS = {
  app: { type: 'string' },
  port: { type: 'string', default: '4100' },
  host: { type: 'string' },
  scenario: { type: 'string', default: 'demo' },
  seed: { type: 'string', default: '1' },
  persist: { type: 'string' },
  strict: { type: 'boolean', default: false },
  'like-2016': { type: 'boolean', default: false },
  sha256: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Runs the sandbox until it is stopped. Resolves with the exit code. */
export function run(argv: string[], io: CliIo): Promise<number> {
  return runCommand(io, async () => {
    const { values } = parseArgs({ args: argv, options: OPTIONS });
    if (values.help) {
      io.out(HELP);
      return 0;
    }
    const sandbox = await startSandbox({
      port: Number(values.port),
      seed: Number(values.seed),
      scenario: values.scenario as ScenarioName,
      behaviour: values.strict ? 'strict' : values['like-2016'] ? 'like-2016' : 'default',
      signatureAlgorithm: values.sha256 ? 'sha256' : 'sha1',
      ...(values.app ? { appUrl: values.app } : {}),
      ...(values.host ? { host: values.host } : {}),
      ...(values.persist ? { persist: values.persist } : {}),
    });
    const { host, apiPath, apiKey, apiSecret } = sandbox.developerPlatform;
    io.out(`Sandbox marketplace: ${sandbox.url}

Start your application with
  MNO_DEVPL_HOST=${host}
  MNO_DEVPL_API_PATH=${apiPath}
  MNO_DEVPL_ENV_KEY=${apiKey}
  MNO_DEVPL_ENV_SECRET=${apiSecret}

Ctrl-C stops it.
`);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    await sandbox.close();
    return 0;
  });
}
