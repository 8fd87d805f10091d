import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { InvalidArgumentError } from 'commander';

import { CliError } from '../../errors/cli.error.js';
import { CATALOGUE } from '../../sandbox/events/event-catalogue.js';
import { errorCode } from '../../utils/error-code.js';
import { decodeText, parseForeignJson } from '../../utils/foreign-json.js';
import { nearestName } from '../../utils/nearest-name.js';
import { isRecord } from '../../utils/values.js';
import { CliCommand } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { wholeNumber } from '../cli-options.js';
import { paint } from '../paint.js';
import { RunningSandbox, type SandboxOptions, textOf, withSandbox } from './running-sandbox.js';

const MAX_TIMES = 50;

interface TriggerOptions extends SandboxOptions {
  readonly list?: boolean;
  readonly marketplace?: string;
  readonly group?: string;
  readonly user?: string;
  readonly record?: string;
  readonly set?: Readonly<Record<string, unknown>>;
  readonly body?: string;
  readonly times?: number;
  readonly burst?: boolean;
  readonly credentials?: string;
}

/** The `trigger` command. */
export function triggerCommand(io: CliIo): CliCommand {
  const command = new CliCommand('trigger', io)
    .description(
      'Has something happen at the running sandbox: your application is called as in production. Exit code 1 when it did not take it.',
    )
    .argument('[event]', 'what happens; --list shows all')
    .option('--list', 'show the events')
    .option('--marketplace <name>', 'at this one (the first)')
    .option('--group <id>', 'to this company (the first that runs your application)')
    .option('--user <id>', 'to this person (the first of the company)')
    .option('--record <resource/id>', 'to this record, as people/ID (the first of the event’s resource)')
    .option(
      '--set <field=value>',
      'this field of the record gets this value, such as email.address=a@b.test; repeatable',
      fieldOf,
    )
    .option('--body <file>', 'send this JSON instead of a body that is made of a record')
    .option('--times <n>', 'send it this often', wholeNumber(1, MAX_TIMES))
    .option('--burst', 'all at once, rather than one after another')
    .option('--credentials <kind>', 'valid, old, wrong, none, or of:MARKETPLACE');
  return withSandbox(command).does<TriggerOptions>(async (at, options, [event]) => {
    if (options.list) {
      list(at, options.json ?? false);
      return 0;
    }
    const name = eventOf(event);
    const { marketplace, group, user, record, set, times, burst, credentials } = options;
    const body = options.body === undefined ? undefined : readBody(options.body, at);
    const { deliveries } = await new RunningSandbox(options, at).post('events', {
      event: name,
      marketplace,
      group,
      user,
      record,
      set,
      body,
      times,
      burst,
      credentials,
    });
    const all = Array.isArray(deliveries) ? deliveries.filter(isRecord) : [];
    if (options.json) at.out(`${JSON.stringify(all, null, 2)}\n`);
    else for (const delivery of all) at.out(describe(at, delivery));
    return all.length > 0 && all.every((one) => wasTaken(one)) ? 0 : 1;
  });
}

/** `path=value`: JSON where it is some, else a text as it is. */
function fieldOf(text: string, before: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const [, path = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (path === '') throw new InvalidArgumentError('Write FIELD=VALUE, such as last_name=Ng.');
  try {
    return { ...before, [path]: parseForeignJson(value) };
  } catch {
    return { ...before, [path]: value };
  }
}

function list(io: CliIo, asJson: boolean): void {
  const events = CATALOGUE.map(({ key, title, note }) => ({ event: key, title, note }));
  if (asJson) io.out(`${JSON.stringify(events, null, 2)}\n`);
  else {
    for (const { event, title, note } of events)
      io.out(`${event.padEnd(14)}${title} ${paint(io, 'dim', `(${note})`)}\n`);
  }
}

function eventOf(name: string | undefined): string {
  const known = CATALOGUE.map(({ key }) => key);
  if (name !== undefined && known.includes(name)) return name;
  const near = name === undefined ? null : nearestName(name, known);
  throw new CliError('cli.usage', {
    message: name === undefined ? 'Name an event.' : `There is no event "${name}".`,
    remedy: near === null ? `Take one of ${known.join(', ')}.` : `Did you mean ${near}? --list shows all.`,
  });
}

function readBody(file: string, { cwd }: CliIo): Record<string, unknown> {
  let reason = 'it is no JSON object';
  try {
    const value: unknown = parseForeignJson(decodeText(readFileSync(resolve(cwd, file))));
    if (isRecord(value)) return value;
  } catch (error) {
    reason = errorCode(error) ?? reason;
  }
  throw new CliError('cli.file', {
    message: `${file} cannot be read (${reason}).`,
    remedy: 'Give an object of resources, each with a list of entities.',
  });
}

function wasTaken({ status }: Readonly<Record<string, unknown>>): boolean {
  return typeof status === 'number' && status < 300;
}

function describe(io: CliIo, delivery: Readonly<Record<string, unknown>>): string {
  const { method, url, status, error, durationMs } = delivery;
  const word = textOf(status) || 'no response';
  const reason = error ? `: ${textOf(error)}` : '';
  const took = paint(io, 'dim', `${Math.round(Number(durationMs))} ms`);
  return `${paint(io, wasTaken(delivery) ? 'green' : 'red', word)}  ${textOf(method)} ${textOf(url)}${reason}  ${took}\n`;
}
