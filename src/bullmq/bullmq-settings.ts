import type { ConnectionOptions } from 'bullmq';

import { count, milliseconds } from '../settings/number-rule.js';
import { describeFound, readOptions, type Rule, type SettingOf } from '../settings/option-reader.js';
import { flag, group, type RulesFor, text } from '../settings/rules.js';
import type { MaestranoBullmqOptions } from './bullmq-options.interface.js';

/**
 * How long a connection that the queue opens may be silent while something is expected from it, in milliseconds: longer
 * than a worker waits for the next job (10 seconds at most). A connection whose other end is gone without a word would
 * otherwise be waited for without end, and the worker with it.
 */
export const SILENCE_MS = 15_000;

/** A URL, options of ioredis, or one of its connections; never shown, as it holds the password of Redis. */
const connection: Rule<ConnectionOptions> = {
  takes: 'a URL, options of ioredis, or a connection of it',
  read(found, place) {
    if (typeof found === 'string' && found.trim() !== '') return { url: found, socketTimeout: SILENCE_MS };
    if (typeof found === 'object' && found !== null) {
      return isOptions(found) ? { socketTimeout: SILENCE_MS, ...found } : found;
    }
    place.report(`It takes ${this.takes}.`, describeFound(found, false), 'Write redis://127.0.0.1:6379.');
    return {};
  },
};

/** Whether these are options, and not a connection of the application's, which keeps its own. */
function isOptions(found: object): boolean {
  return Object.getPrototypeOf(found) === Object.prototype || Object.getPrototypeOf(found) === null;
}

const BULLMQ = group({
  connection,
  queueName: text('maestrano-notifications'),
  prefix: text('bull'),
  worker: flag(true),
  concurrency: count(8),
  attempts: count(12),
  backoffMs: milliseconds(1_000),
  keepDead: count(10_000),
  addTimeoutMs: milliseconds(5_000),
  lockMs: milliseconds(30_000),
  maxCrashes: count(10),
} satisfies RulesFor<MaestranoBullmqOptions>);

/** The options of `MaestranoBullmqModule`, checked and complete. */
export interface BullmqSettings extends SettingOf<typeof BULLMQ> {}

/** @throws MaestranoConfigurationError (`configuration.options`) with everything that is wrong. */
export function resolveBullmqSettings(options: MaestranoBullmqOptions): BullmqSettings {
  return readOptions(BULLMQ, options, 'MaestranoBullmqModule');
}
