import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { resolveBullmqSettings } from '../../../src/bullmq/bullmq-settings.js';
import { settingsOf } from '../../support/settings.js';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000 };

/** The rows of the table of waits in docs/operations.md: wait, time, option. */
const ROWS = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'operations.md'), 'utf8')
  .split('## What is waited for')[1]!
  .split('\n## ')[0]!
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:wait|-)/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, wait = '', time = '', option = '']) => ({ wait, time, option: option.replaceAll('`', '') }));

function settingAt(option: string): unknown {
  if (option.endsWith(' of the BullMQ module')) {
    const name = option.split(' ')[0] as 'addTimeoutMs';
    return resolveBullmqSettings({ connection: 'redis://127.0.0.1' })[name];
  }
  const { marketplace, ...settings } = settingsOf();
  const root: Record<string, unknown> = { ...settings, refresh: marketplace.refresh };
  return option.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], root);
}

describe('the table of everything that is waited for', () => {
  it.each(ROWS.filter(({ option }) => option !== ''))(
    'has the default of $option: $wait',
    ({ time, option }) => {
      // A row may name another option instead of a time.
      const [, digits, unit] = /^(\d+) (ms|s|min)$/.exec(time) ?? [];
      const expected =
        digits === undefined ? settingAt(time.replaceAll('`', '')) : Number(digits) * UNITS[unit!]!;
      expect(settingAt(option)).toBe(expected);
    },
  );

  it('names store, queue, handlers inline and queued, marketplaces and the shutdown as a whole', () => {
    const waits = ROWS.map(({ wait }) => wait).join('\n');
    for (const word of ['the store', 'Redis', 'inline', 'queued', 'marketplace', 'the shutdown as a whole']) {
      expect(waits).toContain(word);
    }
  });
});
