import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { resolveBullmqSettings } from '../../../src/bullmq/bullmq-settings.js';
import { SYNC_DEFAULTS } from '../../../src/sync/engine/sync-settings.js';
import { optionLeaves } from '../../support/option-leaves.js';
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

/** Options whose name ends like that of a deadline, and what they are. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'refresh.vanishedGraceMs': 'how long a marketplace is served that its source does not name any more',
};

function settingAt(option: string): unknown {
  if (option.endsWith(' of the BullMQ module')) {
    const name = option.split(' ')[0] as 'addTimeoutMs';
    return resolveBullmqSettings({ connection: 'redis://127.0.0.1' })[name];
  }
  if (option.endsWith(' of the sync module')) return SYNC_DEFAULTS[option.split(' ')[0] as 'timeoutMs'];
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
      // Null: the option named is taken.
      expect(settingAt(option) ?? expected).toBe(expected);
    },
  );

  it('has a row for every option that is a deadline', () => {
    const named = new Set(ROWS.map(({ option }) => option));
    const deadlines = optionLeaves()
      .map(({ path }) => path)
      .filter((path) => /(?:timeout|deadline|grace|wait)Ms$/i.test(path) && !(path in ELSEWHERE));
    expect(deadlines.filter((path) => !named.has(path))).toEqual([]);
  });

  it('names store, queue, adapters, handlers inline and queued, marketplaces and the shutdown as a whole', () => {
    const waits = ROWS.map(({ wait }) => wait).join('\n');
    const WAITS = ['the store', 'Redis', 'dead letters', 'adapter', 'inline', 'queued', 'marketplace'];
    for (const word of [
      ...WAITS,
      'SqlSyncStore',
      'SqlUsageStore',
      'source of records',
      'the shutdown as a whole',
    ])
      expect(waits).toContain(word);
  });
});
