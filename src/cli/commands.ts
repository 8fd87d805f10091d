import type { CliCommand } from './cli-command.js';
import type { CliIo } from './cli-io.js';

/** A command in the list of them. */
export interface CommandEntry {
  readonly summary: string;
  /** Loaded when it is called: the sandbox should not make `doctor` slow. */
  readonly load: () => Promise<(io: CliIo) => CliCommand>;
}

/** Every command, in the order of the help. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  sandbox: {
    summary: 'run a whole marketplace on this machine',
    load: async () => (await import('./sandbox/sandbox.command.js')).sandboxCommand,
  },
  trigger: {
    summary: 'have something happen at the running sandbox, which your application is told',
    load: async () => (await import('./sandbox/trigger.command.js')).triggerCommand,
  },
  login: {
    summary: 'sign a person of the running sandbox in to your application',
    load: async () => (await import('./sandbox/login.command.js')).loginCommand,
  },
  clock: {
    summary: 'show or move the clock of the running sandbox',
    load: async () => (await import('./sandbox/clock.command.js')).clockCommand,
  },
  reset: {
    summary: 'begin the scenario of the running sandbox again',
    load: async () => (await import('./sandbox/reset.command.js')).resetCommand,
  },
  journal: {
    summary: 'show what the running sandbox and your application said to each other',
    load: async () => (await import('./sandbox/journal.command.js')).journalCommand,
  },
  comply: {
    summary: 'drive your application through what a marketplace does, and report',
    load: async () => (await import('./comply/comply.command.js')).complyCommand,
  },
  doctor: {
    summary: 'check configuration, reachability, clocks, certificates and routes',
    load: async () => (await import('./doctor/doctor.command.js')).doctorCommand,
  },
  import: {
    summary: "read an official SDK's configuration and write ours",
    load: async () => (await import('./import/import.command.js')).importCommand,
  },
  generate: {
    summary: 'write adapters and module wiring into an application',
    load: async () => (await import('./generate/generate.command.js')).generateCommand,
  },
  'dead-letters': {
    summary: 'list, replay and discard notifications that kept failing',
    load: async () => (await import('./dead-letters/dead-letters.command.js')).deadLettersCommand,
  },
  sync: {
    summary: "show an application's synchronization, and decide what waits for somebody",
    load: async () => (await import('./sync/sync.command.js')).syncCommand,
  },
  db: {
    summary: 'print, compare and make the tables of nestjs-maestrano/sql',
    load: async () => (await import('./db/db.command.js')).dbCommand,
  },
};
