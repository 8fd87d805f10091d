import { readFileSync, renameSync, writeFileSync } from 'node:fs';

import { SandboxError } from '../../errors/sandbox.error.js';
import type { Collection } from './collection.js';
import { SeededRandom } from './random.js';
import type { SandboxSavedEvent } from './records.js';
import type { SandboxState } from './sandbox-state.js';

/** Format of the file; files of another one are not read. */
const VERSION = 1;

/** Collections that are written, in the order of reading. */
const COLLECTIONS = [
  'marketplaces',
  'users',
  'groups',
  'memberships',
  'resellers',
  'bills',
  'recurringBills',
  'connec',
] as const;

interface StateFile extends Record<(typeof COLLECTIONS)[number], unknown[]> {
  readonly version: number;
  /** Absent in files of earlier releases. */
  readonly savedEvents?: readonly SandboxSavedEvent[];
  readonly environment: SandboxState['environment'];
  readonly appUrl: string;
  readonly counters: Record<string, number>;
  readonly random: number;
  readonly billedUntil: string | null;
}

/** The whole state as text, private keys included. */
export function serializeState(state: SandboxState): string {
  const { environment, appUrl, counters, billedUntil, savedEvents } = state;
  const records = Object.fromEntries(COLLECTIONS.map((name) => [name, state[name]]));
  const random = state.random.state;
  const about = { version: VERSION, environment, appUrl, counters, random, billedUntil, savedEvents };
  return JSON.stringify({ ...about, ...records });
}

/** Writes a state's text: whole or not at all, readable by its owner only. */
export function saveState(text: string, file: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, file);
}

/**
 * Fills a state from a file.
 *
 * @returns false when there is no such file
 * @throws SandboxError `sandbox.persist` when it is not a sandbox's
 */
export function loadState(state: SandboxState, file: string): boolean {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw unreadable(file, (error as Error).message);
  }
  const data = parse(file, text);
  state.clear();
  for (const name of COLLECTIONS) {
    for (const record of data[name]) (state[name] as Pick<Collection<unknown>, 'add'>).add(record);
  }
  for (const event of data.savedEvents ?? []) state.savedEvents.add(event);
  Object.assign(state, {
    environment: data.environment,
    appUrl: data.appUrl,
    counters: data.counters,
    random: new SeededRandom(data.random),
    billedUntil: data.billedUntil,
  });
  return true;
}

function parse(file: string, text: string): StateFile {
  let data: StateFile | null;
  try {
    data = JSON.parse(text) as StateFile | null;
  } catch {
    throw unreadable(file, 'it is not JSON');
  }
  if (data?.version !== VERSION || !COLLECTIONS.every((name) => Array.isArray(data[name]))) {
    throw unreadable(file, 'it was not written by this version');
  }
  return data;
}

function unreadable(file: string, reason: string): SandboxError {
  return new SandboxError('sandbox.persist', {
    message: `${file} cannot be read: ${reason}.`,
    remedy: 'Delete it to start afresh.',
  });
}
