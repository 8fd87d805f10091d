import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { resolveSettings } from '../../../src/settings/maestrano-settings.js';
import { ROOT } from '../../package/source-files.js';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, min: 60_000 };

/** The rows of the guide's table that name an option of the module. */
function rows(): [option: string, byDefault: string][] {
  const guide = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
  const [, section = ''] = /^## Deadlines$(.*?)^## /ms.exec(guide) ?? [];
  return section.split('\n').flatMap((line) => {
    const [, , byDefault = '', option = ''] = line.split('|').map((cell) => cell.trim());
    const [, name] = /^`([\w.]+)`$/.exec(option) ?? [];
    return name && /^\d+ \w+$/.test(byDefault) ? [[name, byDefault] as [string, string]] : [];
  });
}

describe('the table of deadlines in the guide', () => {
  it('names options', () => {
    expect(rows().map(([option]) => option)).toEqual(
      expect.arrayContaining([
        'storeTimeoutMs',
        'session.graceMs',
        'session.saveTimeoutMs',
        'session.recheckTimeoutMs',
        'connec.notifications.handlerTimeoutMs',
        'http.timeoutMs',
        'http.deadlineMs',
        'account.createOnce.deadlineMs',
        'shutdownTimeoutMs',
      ]),
    );
  });

  it.each(rows())('has the default of %s', (option, byDefault) => {
    const settings = resolveSettings({ marketplaces: [], developerPlatform: false });
    const [first = ''] = option.split('.');
    const from: unknown = first in settings ? settings : settings.marketplace;
    const value = option
      .split('.')
      .reduce<unknown>((group, name) => (group as Record<string, unknown> | null)?.[name], from);
    const [number = '', unit = ''] = byDefault.split(' ');
    expect(value).toBe(Number(number) * (UNITS[unit] ?? Number.NaN));
  });
});
