import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { CliError } from '../../errors/cli.error.js';
import { startSandbox } from '../../sandbox/index.js';
import type { ComplianceReport } from '../../testing/compliance/compliance-scenario.interface.js';
import { toJunit } from '../../testing/compliance/junit.js';
import { COMPLIANCE_SCENARIOS, runCompliance } from '../../testing/compliance/run-compliance.js';
import { errorCode } from '../../utils/error-code.js';
import { freePort } from '../../utils/free-port.js';
import { nearestName } from '../../utils/nearest-name.js';
import { CliCommand, type CommonOptions } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { nameList, pagePath, port, webUrl, wholeNumber } from '../cli-options.js';
import { paint } from '../paint.js';
import { platformVariables } from '../platform-variables.js';
import { untilInterrupted } from '../until-interrupted.js';
import { ApplicationProcess } from './application-process.js';
import { describeResult, describeSummary } from './report.js';

interface ComplyOptions extends CommonOptions {
  readonly url?: string;
  readonly page?: string;
  readonly port: number;
  readonly junit?: string;
  readonly only?: readonly string[];
  readonly list?: boolean;
  readonly wait: number;
}

const DAY_S = 86_400;
/** Pause between two looks at an application that starts. */
const LOOK_MS = 250;

/** The `comply` command: resolves with 0 when nothing failed, 1 otherwise. */
export function complyCommand(io: CliIo): CliCommand {
  return new CliCommand('comply', io)
    .usage('[options] [-- command that starts the application]')
    .description(
      'Starts a sandbox marketplace, and drives your application through what a marketplace does. With a command after -- the application is started with the variables of the sandbox, and stopped at the end; without one, start it yourself with the variables that are printed.',
    )
    .argument('[command...]', 'starts the application')
    .option(
      '--url <url>',
      'where the application is; with a command: a free port unless given, in PORT',
      webUrl,
    )
    .option('--page <path>', 'a page for signed-in people only (where a login ends)', pagePath)
    .option('--port <n>', 'port of the sandbox; 0 takes a free one', port, 0)
    .option('--junit <file>', 'write the checklist for a CI server')
    .option('--only <ids>', 'run these scenarios only, with commas between them', nameList)
    .option('--list', 'show the scenarios, and start nothing')
    .option('--wait <seconds>', 'how long to wait for the application', wholeNumber(1, DAY_S), 60)
    .does<ComplyOptions>(async (at, options, command) => {
      const scenarios = COMPLIANCE_SCENARIOS.filter(({ id }) => options.only?.includes(id) ?? true);
      rejectUnknown(options.only ?? []);
      if (options.list) {
        const shown = scenarios.map(({ id, area, title }) => ({ id, area, title }));
        if (options.json) at.out(`${JSON.stringify(shown, null, 2)}\n`);
        else for (const { id, title } of shown) at.out(`${id.padEnd(34)}${paint(at, 'dim', title)}\n`);
        return 0;
      }
      const report = await untilInterrupted((signal) => check(at, options, command, signal));
      if (options.json) at.out(`${JSON.stringify(report, null, 2)}\n`);
      else at.out(describeSummary(at, report));
      if (options.junit !== undefined) await writeReport(at, options.junit, report);
      return report.failed === 0 ? 0 : 1;
    });
}

async function check(
  io: CliIo,
  { url, page, port: sandboxPort, only, wait, json }: ComplyOptions,
  [program, ...args]: readonly string[],
  interrupted: AbortSignal,
): Promise<ComplianceReport> {
  if (url === undefined && program === undefined) {
    throw new CliError('cli.usage', {
      message: 'Neither --url nor a command says which application.',
      remedy: 'Write --url http://127.0.0.1:3000, or -- and the command that starts it.',
    });
  }
  const appUrl = url ?? `http://127.0.0.1:${await freePort()}`;
  if (program !== undefined && (await responds(appUrl))) {
    throw new CliError('cli.application', {
      message: `Something responds at ${appUrl} before the application is started.`,
      remedy: 'Stop it, or leave --url out: a free port is taken then.',
    });
  }
  await using sandbox = await startSandbox({ port: sandboxPort, appUrl });
  const variables = platformVariables(sandbox);
  let child: ApplicationProcess | null = null;
  if (program === undefined) {
    const lines = Object.entries(variables).map(([name, value]) => `  ${name}=${value}\n`);
    // Standard output is the report's.
    io.err(`Start your application at ${appUrl} with\n${lines.join('')}\n`);
  } else {
    const { port: appPort } = new URL(appUrl);
    child = new ApplicationProcess(program, args, io, {
      ...variables,
      ...(appPort ? { PORT: appPort } : {}),
    });
  }
  const signal = child ? AbortSignal.any([child.ended, interrupted]) : interrupted;
  try {
    await reachable(appUrl, wait, signal);
    return await runCompliance({
      appUrl,
      sandbox,
      signal,
      ...(page === undefined ? {} : { page }),
      ...(only ? { only } : {}),
      ...(json ? {} : { onResult: (result) => io.out(describeResult(io, result)) }),
    });
  } finally {
    await child?.stop();
  }
}

function rejectUnknown(ids: readonly string[]): void {
  const known = COMPLIANCE_SCENARIOS.map(({ id }) => id);
  const unknown = ids.filter((id) => !known.includes(id));
  if (unknown.length === 0) return;
  const near = unknown.map((id) => nearestName(id, known)).filter((name) => name !== null);
  throw new CliError('cli.usage', {
    message: `There is no scenario ${unknown.map((id) => `"${id}"`).join(', ')}.`,
    remedy: `${near.length > 0 ? `Did you mean ${near.join(', ')}? ` : ''}See nestjs-maestrano comply --list.`,
  });
}

async function reachable(appUrl: string, seconds: number, signal: AbortSignal): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  while (!(await responds(appUrl))) {
    signal.throwIfAborted();
    if (performance.now() > until) {
      throw new CliError('cli.application', {
        message: `Nothing responded at ${appUrl} within ${seconds} s.`,
        remedy: 'Start the application, or name the command that does after --; --wait waits longer.',
      });
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
  signal.throwIfAborted();
}

async function responds(appUrl: string): Promise<boolean> {
  try {
    const response = await fetch(appUrl, { redirect: 'manual', signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

async function writeReport(io: CliIo, file: string, report: ComplianceReport): Promise<void> {
  try {
    await writeFile(resolve(io.cwd, file), toJunit(report));
  } catch (error) {
    throw new CliError('cli.file', {
      message: `${file} cannot be written (${errorCode(error) ?? 'unknown reason'}).`,
      remedy: 'Give --junit a file in a folder that exists and is yours.',
    });
  }
}
