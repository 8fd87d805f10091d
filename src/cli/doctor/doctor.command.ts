import { Logger } from '@nestjs/common';

import { CliError } from '../../errors/cli.error.js';
import { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { resolveSettings } from '../../settings/maestrano-settings.js';
import { count } from '../../views/format.js';
import { CliCommand, type CommonOptions } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { webUrl } from '../cli-options.js';
import { type Paint, paint } from '../paint.js';
import { checkApplication } from './application.check.js';
import { checkConfiguration } from './configuration.check.js';
import { checkConnec } from './connec.check.js';
import { type Finding, ok } from './finding.js';
import { checkLibraries } from './library.check.js';
import { checkServers } from './server.check.js';
import { checkQueue, checkStore } from './store.check.js';
import { applicationSubject, configuredSubject, type DoctorSubject } from './subject.js';
import { checkTabs } from './tabs.check.js';

interface DoctorOptions extends CommonOptions {
  readonly config?: string;
  readonly app?: string;
  readonly appUrl?: string;
  readonly offline?: boolean;
  readonly connec?: string;
}

/** The `doctor` command. */
export function doctorCommand(io: CliIo): CliCommand {
  return new CliCommand('doctor', io)
    .description(
      'Checks the configuration and its certificates, the libraries that verify logins, whether the marketplaces respond and take our credentials, the clock, the routes of the running application as a marketplace calls them (without credentials, so nothing happens), and the metadata it serves. Takes the configuration from the developer platform (MNO_DEVPL_*, also in .env) unless said otherwise.',
    )
    .option('--config <file>', 'marketplaces as JSON, instead of the developer platform')
    .option(
      '--app <file>',
      'compiled root module of the application, FILE#CLASS (#AppModule): its configuration, and the routes it mounts. The module is initialised, so its own start-up code runs; nothing listens.',
    )
    .option(
      '--app-url <url>',
      "where the application is reached, instead of each marketplace's app.host",
      webUrl,
    )
    .option('--offline', 'no network: configuration and mounted routes only')
    .option(
      '--connec <company>',
      "only finds out how the marketplace's Connec! treats records, with one throw-away person of this company (cld-4, or MARKETPLACE/cld-4), who is archived at the end",
    )
    .does<DoctorOptions>(async (at, { config, app, appUrl = null, offline, connec, json }) => {
      // Everything worth knowing is among the findings, and --json must stay JSON.
      Logger.overrideLogger(false);
      const http = new MaestranoHttp(resolveSettings({ developerPlatform: false }).http);
      try {
        const subject =
          app === undefined
            ? await configuredSubject(config ?? null, at, http)
            : await applicationSubject(app, at);
        const findings =
          connec === undefined
            ? await examine(subject, offline ? null : http, appUrl)
            : await checkConnec(...companyOf(connec, subject), http);
        await subject.close();
        at.out(json ? `${JSON.stringify(findings, null, 2)}\n` : text(at, findings));
        return findings.some(({ level }) => level === 'error') ? 1 : 0;
      } finally {
        await http.onApplicationShutdown();
      }
    });
}

/** The marketplace and the group of a company as it is named. @throws CliError `cli.usage` */
function companyOf(company: string, { marketplaces }: DoctorSubject): [Marketplace, string] {
  const [first = '', second] = company.split('/');
  const sharing = marketplaces.filter(({ name, connec }) =>
    second === undefined ? connec.enabled : name === first,
  );
  const [marketplace] = sharing;
  if (marketplace && sharing.length === 1) return [marketplace, second ?? first];
  throw new CliError('cli.usage', {
    message: marketplace ? `Which marketplace's ${first}?` : `There is no marketplace of ${company}.`,
    remedy: `Write MARKETPLACE/COMPANY; marketplaces: ${marketplaces.map(({ name }) => name).join(', ') || 'none'}.`,
  });
}

async function examine(
  subject: DoctorSubject,
  http: MaestranoHttp | null,
  appUrl: string | null,
): Promise<Finding[]> {
  const findings = [...checkConfiguration(subject.marketplaces, subject.problems), ...checkLibraries()];
  for (const said of subject.startReport) findings.push(ok('application', null, said));
  for (const route of subject.mounted ?? []) findings.push(ok('mounted', null, route));
  if (!http) return findings;
  if (subject.store) findings.push(...(await checkStore(subject.store)));
  if (subject.queue) findings.push(...(await checkQueue(subject.queue)));
  for (const marketplace of subject.marketplaces) {
    findings.push(
      ...(await checkServers(marketplace, http)),
      ...(await checkApplication(marketplace, http, appUrl)),
      ...(await checkTabs(marketplace, http, appUrl)),
    );
  }
  return findings;
}

const MARKS: Readonly<Record<Finding['level'], readonly [mark: string, paint: Paint]>> = {
  ok: ['ok     ', 'green'],
  warning: ['warning', 'yellow'],
  error: ['ERROR  ', 'red'],
};

/** What is well first, so that what is not stands right above the numbers. */
function text(io: CliIo, findings: readonly Finding[]): string {
  const of = (level: Finding['level']): Finding[] => findings.filter((finding) => finding.level === level);
  const [good, warnings, errors] = [of('ok'), of('warning'), of('error')];
  const lines = [...good, ...warnings, ...errors].map((finding) => line(io, finding));
  const numbers = `${good.length} ok, ${count(warnings.length, 'warning')}, ${count(errors.length, 'error')}`;
  const colour = errors.length > 0 ? 'red' : warnings.length > 0 ? 'yellow' : 'green';
  return `${lines.join('')}\n${paint(io, colour, numbers)}\n`;
}

function line(io: CliIo, { level, subject, marketplace, message, remedy }: Finding): string {
  const [mark, colour] = MARKS[level];
  const head = `${paint(io, colour, mark)}  ${marketplace ? `${marketplace} ` : ''}${subject}: ${message}\n`;
  return remedy ? `${head}         -> ${remedy}\n` : head;
}
