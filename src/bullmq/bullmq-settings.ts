import type { ConnectionOptions } from 'bullmq';

import { count, milliseconds } from '../settings/number-rule.js';
import { describeFound, readOptions, type Rule, type SettingOf } from '../settings/option-reader.js';
import { flag, group, type RulesFor, text } from '../settings/rules.js';
import type { MaestranoBullmqOptions } from './bullmq-options.interface.js';

/** A URL, options of ioredis, or one of its connections; never shown, as it holds the password of Redis. */
const connection: Rule<ConnectionOptions> = {
  takes: 'a URL, options of ioredis, or a connection of it',
  read(found, place) {
    if (typeof found === 'string' && found.trim() !== '') return { url: found };
    if (typeof found === 'object' && found !== null) return found;
    place.report(`It takes ${this.takes}.`, describeFound(found, false), 'Write redis://127.0.0.1:6379.');
    return {};
  },
};

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
