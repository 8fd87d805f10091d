import { count, milliseconds } from '../settings/number-rule.js';
import { describeFound, readOptions, type Rule } from '../settings/option-reader.js';
import { callback, group, text, type GroupOf } from '../settings/rules.js';
import type {
  ConsoleAuditOptions,
  ConsoleGuard,
  MaestranoConsoleOptions,
} from './console-options.interface.js';

/** Injection token of the {@link ConsoleSettings}. */
export const CONSOLE_SETTINGS = Symbol('MAESTRANO_CONSOLE_SETTINGS');

/** Where the console is unless the application says otherwise. */
export const DEFAULT_PATH = 'maestrano/console';

const DAY = 24 * 60 * 60_000;

/** The options of the console, checked and complete. */
export interface ConsoleSettings {
  readonly roles: MaestranoConsoleOptions['roles'];
  readonly audit: {
    readonly keepMs: number;
    readonly maxEntries: number;
    readonly write: ConsoleAuditOptions['write'] | undefined;
  };
}

const guard: Rule<ConsoleGuard | null> = {
  takes: 'a guard that lets operators in and nobody else',
  read(found, place) {
    if (typeof found === 'function') return found as ConsoleGuard;
    const isObject = typeof found === 'object' && found !== null;
    if (isObject && typeof (found as { canActivate?: unknown }).canActivate === 'function') {
      return found as ConsoleGuard;
    }
    place.report(
      `It takes ${this.takes}.`,
      describeFound(found, false),
      'Give a guard class beside the options, not in what a factory returns: without one everybody could charge customers.',
    );
    return null;
  },
};

const roles: Rule<MaestranoConsoleOptions['roles']> = {
  takes: 'a function of the request that says who asks and which roles they have',
  read(found, place) {
    const given = callback<MaestranoConsoleOptions['roles']>().read(found, place);
    if (found === undefined) {
      place.report(
        `It takes ${this.takes}.`,
        'undefined',
        "Give roles: (request) => ({ name: …, roles: ['view'] }).",
      );
    }
    return given ?? (() => null);
  },
};

const OPTIONS = {
  guard,
  path: text(DEFAULT_PATH, {
    takes: 'a path without placeholders',
    check: (path) =>
      /^\/?[\w.~-]+(?:\/[\w.~-]+)*\/?$/.test(path)
        ? null
        : { message: 'It is no plain path.', remedy: `Write a path such as ${DEFAULT_PATH}.` },
  }),
  roles,
  audit: group({
    keepMs: milliseconds(90 * DAY),
    maxEntries: count(10_000),
    write: callback<NonNullable<ConsoleAuditOptions['write']>>(),
  }),
};

/** @throws MaestranoConfigurationError (`configuration.options`) with everything that is wrong. */
export function resolveConsoleSettings(
  options: unknown,
  { guard: given, path }: { readonly guard: ConsoleGuard | undefined; readonly path: string | undefined },
): ConsoleSettings {
  const all = typeof options === 'object' && options !== null ? { ...options } : {};
  const settings: GroupOf<typeof OPTIONS> = readOptions(
    group(OPTIONS),
    { ...all, guard: given, path },
    'MaestranoConsoleModule',
  );
  return { roles: settings.roles, audit: settings.audit };
}
