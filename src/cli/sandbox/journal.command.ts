import { Option } from 'commander';

import { isRecord } from '../../utils/values.js';
import { CliCommand } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { wholeNumber } from '../cli-options.js';
import { paint } from '../paint.js';
import { untilInterrupted } from '../until-interrupted.js';
import { RunningSandbox, type SandboxOptions, textOf, withSandbox } from './running-sandbox.js';

interface JournalOptions extends SandboxOptions {
  readonly follow?: boolean;
  readonly limit: number;
  readonly problems?: boolean;
  readonly direction?: string;
  readonly part?: string;
  readonly marketplace?: string;
  readonly text?: string;
}

const MAX_ENTRIES = 5_000;

/** The `journal` command. */
export function journalCommand(io: CliIo): CliCommand {
  const command = new CliCommand('journal', io)
    .description(
      'Shows what the running sandbox and your application said to each other, secrets masked, oldest first. With --json each exchange is one line.',
    )
    .option('-f, --follow', 'go on with what happens, until Ctrl-C')
    .option('--limit <n>', 'the last so many', wholeNumber(0, MAX_ENTRIES), 20)
    .option('--problems', 'only what went wrong')
    .addOption(
      new Option('--direction <who>', 'in: your application called; out: the marketplace').choices([
        'in',
        'out',
      ]),
    )
    .addOption(
      new Option('--part <name>', 'one part of the marketplace only').choices([
        'platform',
        'idp',
        'openid',
        'account',
        'connec',
        'webhooks',
      ]),
    )
    .option('--marketplace <name>', 'one marketplace only')
    .option('--text <text>', 'only where this is in the URL or a body');
  return withSandbox(command).does<JournalOptions>(async (at, options) => {
    const { limit, follow, json, ...wanted } = options;
    const query = Object.fromEntries(
      (['problems', 'direction', 'part', 'marketplace', 'text'] as const).flatMap((name) =>
        wanted[name] === undefined ? [] : [[name, String(wanted[name])]],
      ),
    );
    const show = (entry: Readonly<Record<string, unknown>>): void =>
      at.out(json ? `${JSON.stringify(entry)}\n` : describe(at, entry));
    const sandbox = new RunningSandbox(options, at);
    const { entries, last } = await sandbox.get('journal', { ...query, limit: String(limit) });
    if (Array.isArray(entries)) for (const entry of entries) if (isRecord(entry)) show(entry);
    if (!follow) return 0;
    await untilInterrupted(async (signal) => {
      for await (const entry of sandbox.follow('journal/events', { ...query, after: String(last) }, signal))
        show(entry);
    });
    return 0;
  });
}

function describe(io: CliIo, entry: Readonly<Record<string, unknown>>): string {
  const { at, direction, method, url, status, marketplace, durationMs, fault, remarks } = entry;
  const isBad = typeof status !== 'number' || status >= 400 || fault !== null;
  const notes = Array.isArray(remarks) ? remarks.map((remark) => `\n    ${textOf(remark)}`).join('') : '';
  const arrow = direction === 'in' ? '→ marketplace' : '← marketplace';
  const word = paint(io, isBad ? 'red' : 'green', textOf(status) || '---');
  const where = marketplace === null ? '' : `  ${textOf(marketplace)}`;
  const moment = paint(io, 'dim', textOf(at));
  return `${moment}  ${word}  ${arrow}  ${textOf(method)} ${textOf(url)}  ${Math.round(Number(durationMs))} ms${where}${fault ? '  fault' : ''}${notes}\n`;
}
