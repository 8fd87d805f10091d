import { Option } from 'commander';

import { CliCommand } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { RunningSandbox, type SandboxOptions, textOf, withSandbox } from './running-sandbox.js';

interface ClockOptions extends SandboxOptions {
  readonly advance?: string;
  readonly set?: string;
  readonly freeze?: boolean;
  readonly run?: boolean;
  readonly reset?: boolean;
}

const MOVES = ['advance', 'set', 'freeze', 'run', 'reset'];

/** The `clock` command. */
export function clockCommand(io: CliIo): CliCommand {
  const command = new CliCommand('clock', io).description(
    'Shows the clock of the running sandbox, or moves it. What falls due meanwhile happens: billing runs, expiries.',
  );
  const options: readonly (readonly [flags: string, description: string])[] = [
    ['--advance <span>', 'move it on, such as 31d, 1h30m or -5m'],
    ['--set <moment>', 'put it at a moment, such as 2026-01-31T12:00:00Z'],
    ['--freeze', 'stop it'],
    ['--run', 'let it run on from where it stands'],
    ['--reset', "put it back to this machine's time"],
  ];
  for (const [flags, description] of options) {
    const option = new Option(flags, description);
    command.addOption(option.conflicts(MOVES.filter((name) => name !== option.attributeName())));
  }
  return withSandbox(command).does<ClockOptions>(async (at, chosen) => {
    const sandbox = new RunningSandbox(chosen, at);
    const change = changeOf(chosen);
    const clock = change === null ? await sandbox.get('clock') : await sandbox.post('clock', change);
    at.out(chosen.json ? `${JSON.stringify(clock, null, 2)}\n` : describe(clock));
    return 0;
  });
}

function changeOf({ advance, set, freeze, run, reset }: ClockOptions): object | null {
  if (advance !== undefined) return { advance };
  if (set !== undefined) return { set };
  if (freeze || run) return { frozen: freeze === true };
  return reset ? {} : null;
}

function describe({ now, frozen, offsetMs }: Readonly<Record<string, unknown>>): string {
  const offset = Math.round(Number(offsetMs) / 1000);
  const beside =
    offset === 0
      ? "this machine's time"
      : `${Math.abs(offset)} s ${offset > 0 ? 'ahead of' : 'behind'} this machine`;
  return `${textOf(now)}  ${frozen ? 'frozen, ' : ''}${beside}\n`;
}
