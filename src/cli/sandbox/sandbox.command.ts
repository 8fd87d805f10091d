import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { MaestranoError } from '../../errors/maestrano.error.js';
import { SCENARIO_NAMES, type ScenarioName, startSandbox } from '../../sandbox/index.js';
import type { CliIo } from '../cli-io.js';

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

/** Runs the sandbox until it is told to stop. Resolves with the exit code. */
export async function run(argv: string[], io: CliIo): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
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
    },
  });
  if (values.help) {
    io.out(HELP);
    return 0;
  }
  try {
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
  } catch (error) {
    if (!(error instanceof MaestranoError)) throw error;
    io.err(`${error.message}\n`);
    return 1;
  }
}
