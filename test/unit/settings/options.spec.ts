import { describe, expect, it } from '@jest/globals';

import {
  MaestranoConfigurationError,
  type ConfigurationProblem,
} from '../../../src/errors/configuration.error.js';
import type { MaestranoSettings } from '../../../src/settings/maestrano-settings.js';
import { resolveSettings } from '../../../src/settings/maestrano-settings.js';
import { MemoryStore } from '../../../src/stores/memory-store.js';
import { type OptionKind, type OptionLeaf, optionLeaves } from '../../support/option-leaves.js';

/** So that one of the two credentials can be tried without the other. */
const environment = { MNO_DEVPL_ENV_KEY: 'environment-key', MNO_DEVPL_ENV_SECRET: 'environment-password' };

const LEAVES = optionLeaves();
const leavesOf = (kind: OptionKind): readonly OptionLeaf[] => LEAVES.filter(({ kinds }) => kinds.has(kind));

/** Options with this one alone. */
function only(path: string, value: unknown): unknown {
  return path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
}

function resolve(options: unknown): MaestranoSettings {
  return resolveSettings(options, { environment });
}

/** What is said of the options; empty where nothing is wrong. */
function problemsOf(options: unknown): readonly ConfigurationProblem[] {
  try {
    resolve(options);
    return [];
  } catch (error) {
    if (error instanceof MaestranoConfigurationError && error.code === 'configuration.options')
      return error.problems;
    throw error;
  }
}

/** The setting that an option became. */
function settingAt(settings: MaestranoSettings, path: string): unknown {
  const [first = ''] = path.split('.');
  const from: unknown = first in settings ? settings : settings.marketplace;
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        value instanceof Map ? value.get(name) : (value as Record<string, unknown> | null)?.[name],
      from,
    );
}

/** What no option takes, except those of the kinds named. */
const WRONG: readonly (readonly [what: string, value: unknown, ...rightFor: OptionKind[]])[] = [
  ['NaN', Number.NaN],
  ['-1', -1],
  ["''", ''],
  ['blanks', '  '],
  ["'5kb'", '5kb', 'text'],
  ["'10s'", '10s', 'text'],
  ["'0x10'", '0x10', 'text'],
  ["'-1'", '-1', 'text'],
  ["'NaN'", 'NaN', 'text'],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['1.5', 1.5],
  ['2 ** 60', 2 ** 60],
  ['null', null, 'null'],
  ['5', 5, 'number'],
  ['5n', 5n],
  ['a symbol', Symbol('x')],
  ['true', true, 'boolean'],
  ["'yes'", 'yes', 'text'],
  ['a list of numbers', [5], 'value'],
  ['a list of nothing', [null], 'value'],
  ['a list of one empty text', [''], 'value'],
  ['an object', { nonsense: 1 }, 'value'],
  ['a Date', new Date(0), 'value'],
  ['a Map', new Map(), 'value'],
  ['a function', () => 1, 'function'],
];

/** Where the type says less than the rule. */
const VALID: Readonly<Record<string, unknown>> = {
  store: new MemoryStore(),
  marketplaces: [],
  'session.secret': 'x'.repeat(32),
  'connec.notifications.deadLetterSecret': 'x'.repeat(32),
  'session.signInUrl': '/choose',
  'http.ca': '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----',
  'pages.defaultLanguage': 'en',
  'sso.homeUrl': '/home',
  'sso.deniedUrl': 'https://app.example.com/denied',
  'sso.returnToOrigins': ['https://admin.example.com'],
  'developerPlatform.host': 'https://developer.example.com',
};

function validOf({ path, kinds, choices }: OptionLeaf): unknown {
  if (path in VALID) return VALID[path];
  if (kinds.has('group')) return {};
  if (kinds.has('number')) return settingAt(resolve(only('webhooks.lockout', true)), path) ?? 1_000;
  if (kinds.has('boolean')) return true;
  if (kinds.has('choice')) return choices[0];
  if (kinds.has('function')) return () => 'x';
  if (kinds.has('list')) return path.endsWith('.algorithms') ? ['sha256'] : ['some-name'];
  return 'some-text';
}

describe('every option of the interfaces', () => {
  it('is found by the compiler', () => {
    const paths = LEAVES.map(({ path }) => path);
    expect(paths).toContain('http.breaker.failures');
    expect(paths).toContain('sso.perMarketplace.lab.limits.depth');
    expect(paths).toContain('webhooks.lockout.maxEntries');
    expect(paths).toContain('developerPlatform.apiSecret');
    expect(paths.length).toBeGreaterThan(100);
  });

  it.each(LEAVES.map((leaf) => [leaf.path, leaf] as const))(
    '%s has a rule, and takes what is right',
    (_, leaf) => {
      expect(problemsOf(only(leaf.path, validOf(leaf)))).toEqual([]);
    },
  );

  it.each(LEAVES.map((leaf) => [leaf.path, leaf] as const))(
    '%s takes nothing wrong',
    (_, { path, kinds }) => {
      const wrong = WRONG.filter(([, , ...rightFor]) => !rightFor.some((kind) => kinds.has(kind)))
        // Where a store is meant, no object without its methods will do.
        .concat(path === 'store' ? WRONG.filter(([, , ...rightFor]) => rightFor.includes('value')) : []);
      for (const [what, value] of wrong) {
        const problems = problemsOf(only(path, value));
        const places = [...new Set(problems.map(({ key }) => key?.replace(/\[\d+\]$/, '')))];
        const expected = kinds.has('group') && what === 'an object' ? nonsenseIn(path, value) : path;
        expect({ what, places }).toEqual({ what, places: [expected] });
        expect({ what, remedy: problems[0]?.remedy }).not.toEqual({ what, remedy: '' });
      }
    },
  );

  it.each(leavesOf('number').map(({ path }) => path))(
    '%s is a number, also one that is written as text',
    (path) => {
      const value = validOf(LEAVES.find((leaf) => leaf.path === path)!);
      expect(settingAt(resolve(only(path, String(value))), path)).toBe(value);
      expect(problemsOf(only(path, `0${String(value)}`)).map(({ key }) => key)).toEqual([path]);
    },
  );

  it.each(leavesOf('boolean').map(({ path }) => path))('%s is true or false, also as text', (path) => {
    for (const value of [true, false]) {
      // The groups that a flag switches take what true means from elsewhere.
      expect(settingAt(resolve(only(path, String(value))), path)).toEqual(
        settingAt(resolve(only(path, value)), path),
      );
    }
  });

  it.each(leavesOf('number').map(({ path, comment }) => [path, comment] as const))(
    '%s has the default that its comment names',
    (path, comment) => {
      const named = defaultIn(comment);
      const setting = settingAt(
        resolve(only('webhooks.lockout', true)),
        path.replace('.perMarketplace.lab', ''),
      );
      if (path === 'connec.client.timeoutMs') expect(setting).toBeNull();
      else expect(named).toBe(setting);
    },
  );

  it.each(
    LEAVES.flatMap(({ path, comment }) => {
      const [, named] =
        /(?:`([\w/]+)` \(default\)|`?([\w/]+)`? by default)/.exec(comment)?.filter(Boolean) ?? [];
      const kinds = LEAVES.find((leaf) => leaf.path === path)!.kinds;
      const isRead = (kinds.has('boolean') && /^(true|false)$/.test(named ?? '')) || kinds.has('choice');
      return named !== undefined && isRead ? [[path, named] as const] : [];
    }),
  )('%s has the default %s that its comment names', (path, named) => {
    expect(String(settingAt(resolve({}), path.replace('.perMarketplace.lab', '')))).toBe(named);
  });
});

/** A name that nobody knows is rejected under its own path; below `perMarketplace` it is a marketplace's. */
function nonsenseIn(path: string, value: unknown): string {
  return `${path}.${Object.keys(value as object)[0]}`;
}

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** The number that a comment says holds by default. */
function defaultIn(comment: string): number | null {
  const [, plain = '', unit = '', exact] =
    /([\d,]+)(?: (MB|minute|hour|day)s?)?(?: \(([\d,]+)\))? by default/.exec(comment) ?? [];
  const number = Number((exact ?? plain).replaceAll(',', ''));
  return plain === '' ? null : number * (exact === undefined ? (UNITS[unit] ?? 1) : 1);
}
