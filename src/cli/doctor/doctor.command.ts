import { parseArgs } from 'node:util';

import { Logger } from '@nestjs/common';

import { CliError } from '../../errors/cli.error.js';
import { MaestranoHttp } from '../../http/maestrano-http.service.js';
import { resolveSettings } from '../../settings/maestrano-settings.js';
import type { CliIo } from '../cli-io.js';
import { runCommand } from '../command-runner.js';
import { checkApplication } from './application.check.js';
import { checkConfiguration } from './configuration.check.js';
import { type Finding, ok } from './finding.js';
import { checkLibraries } from './library.check.js';
import { checkServers } from './server.check.js';
import { checkStore } from './store.check.js';
import { applicationSubject, configuredSubject, type DoctorSubject } from './subject.js';

const USAGE = `Usage: nestjs-maestrano doctor [options]

Checks the configuration and its certificates, the libraries that verify logins, whether the marketplaces respond and
take our credentials, the clock, the routes of the running application as a marketplace calls them (without
credentials, so nothing happens), and the metadata it serves. Takes the configuration from the developer platform (MNO_DEVPL_*) unless said otherwise.

Options:
  --config FILE     marketplaces as JSON, instead of the developer platform
  --app FILE#CLASS  compiled root module of the application: its configuration, and the routes it mounts. The
                    module is initialised, so its own start-up code runs; nothing listens. (#AppModule)
  --app-url URL     where the application is reached, instead of each marketplace's app.host
  --offline         no network: configuration and mounted routes only
  --json            findings as JSON
  -h, --help
`;

/** The `doctor` command. */
export function run(argv: string[], io: CliIo): Promise<number> {
  return runCommand(io, async () => {
    const { values } = parseArgs({
      args: argv,
      options: {
        config: { type: 'string' },
        app: { type: 'string' },
        'app-url': { type: 'string' },
        offline: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      io.out(USAGE);
      return 0;
    }
    const appUrl = values['app-url'] === undefined ? null : baseUrl(values['app-url']);
    // Everything worth knowing is among the findings, and --json must stay JSON.
    Logger.overrideLogger(false);
    const http = new MaestranoHttp(resolveSettings({ developerPlatform: false }).http);
    try {
      const subject =
        values.app === undefined
          ? await configuredSubject(values.config ?? null, io, http)
          : await applicationSubject(values.app, io);
      const findings = await examine(subject, values.offline ? null : http, appUrl);
      await subject.close();
      io.out(values.json ? `${JSON.stringify(findings, null, 2)}\n` : text(findings));
      return findings.some(({ level }) => level === 'error') ? 1 : 0;
    } finally {
      await http.onApplicationShutdown();
    }
  });
}

async function examine(
  subject: DoctorSubject,
  http: MaestranoHttp | null,
  appUrl: string | null,
): Promise<Finding[]> {
  const findings = [...checkConfiguration(subject.marketplaces, subject.problems), ...checkLibraries()];
  for (const route of subject.mounted ?? []) findings.push(ok('mounted', null, route));
  if (!http) return findings;
  if (subject.store) findings.push(...(await checkStore(subject.store)));
  for (const marketplace of subject.marketplaces) {
    findings.push(
      ...(await checkServers(marketplace, http)),
      ...(await checkApplication(marketplace, http, appUrl)),
    );
  }
  return findings;
}

function baseUrl(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new CliError('cli.usage', {
      message: '--app-url is not an http(s) URL.',
      remedy: 'Give it as https://app.example.com.',
    });
  }
  return url.replace(/\/+$/, '');
}

const MARKS = { ok: 'ok     ', warning: 'warning', error: 'ERROR  ' } as const;

function text(findings: readonly Finding[]): string {
  const lines = findings.map(({ level, subject, marketplace, message, remedy }) => {
    const head = `${MARKS[level]}  ${marketplace ? `${marketplace} ` : ''}${subject}: ${message}\n`;
    return remedy ? `${head}         -> ${remedy}\n` : head;
  });
  const count = (level: Finding['level']): number =>
    findings.filter((finding) => finding.level === level).length;
  return `${lines.join('')}\n${count('ok')} ok, ${count('warning')} warnings, ${count('error')} errors\n`;
}
