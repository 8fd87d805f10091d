#!/usr/bin/env node
import { type CliIo, processIo } from './cli-io.js';
import { PACKAGE_VERSION } from '../utils/package-version.js';

interface Command {
  readonly summary: string;
  /** Loaded when it is called: the sandbox should not make `doctor` slow. */
  readonly load: () => Promise<{ run(argv: string[], io: CliIo): Promise<number> }>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  sandbox: {
    summary: 'run a whole marketplace on this machine',
    load: () => import('./sandbox/sandbox.command.js'),
  },
  comply: {
    summary: 'drive your application through what a marketplace does, and report',
    load: () => import('./comply/comply.command.js'),
  },
  doctor: {
    summary: 'check configuration, reachability, clocks, certificates and routes',
    load: () => import('./doctor/doctor.command.js'),
  },
  import: {
    summary: "read an official SDK's configuration and write ours",
    load: () => import('./import/import.command.js'),
  },
  generate: {
    summary: 'write adapters and module wiring into an application',
    load: () => import('./generate/generate.command.js'),
  },
  'dead-letters': {
    summary: 'list, replay and discard notifications that kept failing',
    load: () => import('./dead-letters/dead-letters.command.js'),
  },
  db: {
    summary: 'print, compare and make the tables of nestjs-maestrano/sql',
    load: () => import('./db/db.command.js'),
  },
};

function usage(): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`);
  return `nestjs-maestrano ${PACKAGE_VERSION}\n\nUsage: nestjs-maestrano <command> [options]\n\n${rows.join('\n')}\n\n`;
}

async function main(argv: string[], io: CliIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h') {
    io.out(usage());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-v') {
    io.out(`${PACKAGE_VERSION}\n`);
    return 0;
  }
  const command = COMMANDS[name];
  if (!command) {
    io.err(`There is no command "${name}".\n\n${usage()}`);
    return 2;
  }
  const loaded = await command.load();
  return loaded.run(rest, io);
}

process.exitCode = await main(process.argv.slice(2), processIo());
