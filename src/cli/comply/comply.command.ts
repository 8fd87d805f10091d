import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { CliError } from '../../errors/cli.error.js';
import { type Sandbox, startSandbox } from '../../sandbox/index.js';
import type {
  ComplianceReport,
  ComplianceResult,
} from '../../testing/compliance/compliance-scenario.interface.js';
import { toJunit } from '../../testing/compliance/junit.js';
import { runCompliance } from '../../testing/compliance/run-compliance.js';
import type { CliIo } from '../cli-io.js';
import { runCommand } from '../command-runner.js';

const HELP = `Usage: nestjs-maestrano comply --url URL [options] [-- command to start the application]

Starts a sandbox marketplace, and drives your application through what a marketplace does. With a command after --
the application is started with the variables of the sandbox, and stopped at the end; without one, start it yourself
with the variables that are printed.

  --url URL       where the application is, such as http://127.0.0.1:3000
  --page PATH     a page for signed-in people only (default: where a login ends)
  --port N        port of the sandbox (default 4100)
  --junit FILE    write the checklist for a CI server
  --only ID,ID    run these scenarios only
  --wait SECONDS  how long to wait for the application (default 60)
`;

const OPTIONS = {
  url: { type: 'string' },
  page: { type: 'string' },
  port: { type: 'string', default: '4100' },
  junit: { type: 'string' },
  only: { type: 'string' },
  wait: { type: 'string', default: '60' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Runs the checklist. Resolves with 0 when nothing failed, 1 otherwise. */
export function run(argv: string[], io: CliIo): Promise<number> {
  return runCommand(io, async () => {
    const { values, positionals } = parseArgs({ args: argv, options: OPTIONS, allowPositionals: true });
    if (values.help) {
      io.out(HELP);
      return 0;
    }
    if (!values.url || !URL.canParse(values.url)) {
      throw new CliError('cli.usage', {
        message: '--url is missing or no address.',
        remedy: 'Write --url http://127.0.0.1:3000.',
      });
    }
    const appUrl = values.url.replace(/\/+$/, '');
    const sandbox = await startSandbox({ port: Number(values.port), appUrl });
    const stop = startApplication(positionals, sandbox, appUrl, io);
    try {
      await reachable(appUrl, Number(values.wait) * 1000);
      const report = await runCompliance({
        appUrl,
        sandbox,
        ...(values.page ? { page: values.page } : {}),
        ...(values.only ? { only: values.only.split(',') } : {}),
        onResult: (result) => io.out(describe(result)),
      });
      io.out(summary(report));
      if (values.junit) await writeFile(resolve(io.cwd, values.junit), toJunit(report));
      return report.failed === 0 ? 0 : 1;
    } finally {
      await stop();
      await sandbox.close();
    }
  });
}

/** Starts the application with the sandbox's variables, or prints them. Returns how to stop it. */
function startApplication(
  command: readonly string[],
  sandbox: Sandbox,
  appUrl: string,
  io: CliIo,
): () => Promise<void> {
  const { host, apiPath, apiKey, apiSecret } = sandbox.developerPlatform;
  const variables = {
    MNO_DEVPL_HOST: host,
    MNO_DEVPL_API_PATH: apiPath,
    MNO_DEVPL_ENV_KEY: apiKey,
    MNO_DEVPL_ENV_SECRET: apiSecret,
  };
  const [program, ...args] = command;
  if (program === undefined) {
    const lines = Object.entries(variables).map(([name, value]) => `  ${name}=${value}`);
    io.out(`Start your application at ${appUrl} with\n${lines.join('\n')}\n\n`);
    return () => Promise.resolve();
  }
  const port = new URL(appUrl).port;
  const env = { ...io.env, ...variables, ...(port ? { PORT: port } : {}) };
  const child = spawn(program, args, { cwd: io.cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
  // A program that cannot be started shows as an application that cannot be reached, with the reason.
  child.once('error', ({ message }) => io.err(`${program}: ${message}\n`));
  return async () => {
    if (child.exitCode !== null || child.pid === undefined) return;
    const exited = once(child, 'exit');
    child.kill();
    await exited;
  };
}

async function reachable(appUrl: string, timeoutMs: number): Promise<void> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    try {
      await fetch(appUrl, { redirect: 'manual', signal: AbortSignal.timeout(2_000) });
      return;
    } catch {
      if (Date.now() > until) {
        throw new CliError('cli.application', {
          message: `Nothing responded at ${appUrl} within ${timeoutMs / 1000} s.`,
          remedy: 'Start the application, or name the command that does after --.',
        });
      }
      await new Promise((done) => setTimeout(done, 250));
    }
  }
}

function describe({ id, title, result, reason, remedy, exchanges }: ComplianceResult): string {
  if (result === 'passed') return `✓ ${title}\n`;
  if (result === 'skipped') return `- ${title}: ${reason}\n`;
  const lines = [
    `✗ ${title} (${id})`,
    `    ${reason}`,
    `    → ${remedy}`,
    ...exchanges.map((one) => `      ${one}`),
  ];
  return `${lines.join('\n')}\n`;
}

function summary({ passed, failed, skipped }: ComplianceReport): string {
  return `\n${passed} passed, ${failed} failed, ${skipped} skipped\n`;
}
