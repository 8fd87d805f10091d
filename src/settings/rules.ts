import { fileURLToPath } from 'node:url';

import { decodeText } from '../utils/foreign-json.js';
import { nearestName } from '../utils/nearest-name.js';
import { isRecord, toBoolean } from '../utils/values.js';
import { invisibleIn, trimInvisible } from '../utils/visible-text.js';
import { classNameOf, describeFound, type Place, quote, type Rule, type SettingOf } from './option-reader.js';

/** Why a text cannot be used, and what to do. */
export interface Complaint {
  readonly message: string;
  readonly remedy: string;
}

/** `true` or `false`; also as text or number, because environment variables are texts. */
export function flag(byDefault: boolean): Rule<boolean> {
  return {
    takes: 'true or false',
    read(found, place, base = byDefault) {
      if (found === undefined) return base;
      const value = toBoolean(found);
      if (value !== null) return value;
      const meant = typeof found === 'string' ? MEANT_BY.get(found.trim().toLowerCase()) : undefined;
      const remedy =
        meant === undefined
          ? `Correct it, or leave it out for the default, ${byDefault}.`
          : `Write ${meant}.`;
      place.report('It takes true or false.', describeFound(found, true), remedy);
      return base;
    },
  };
}

const MEANT_BY: ReadonlyMap<unknown, boolean> = new Map([
  ['yes', true],
  ['on', true],
  ['no', false],
  ['off', false],
]);

/** How a text is checked. */
export interface TextRule {
  /** What it is, for the error; `a text` by default. */
  readonly takes?: string;
  /** Never shown in errors: a secret, or something that holds one. */
  readonly concealed?: boolean;
  readonly check?: (text: string) => Complaint | null;
}

/** A text that says something, without what nobody sees at its ends. */
export function text<D extends string | null>(
  byDefault: D,
  { takes = 'a text', concealed = false, check }: TextRule = {},
): Rule<string | D> {
  return {
    takes,
    read(found, place, base) {
      const fallback = base === undefined ? byDefault : base;
      if (found === undefined) return fallback;
      const written = trimInvisible(textOf(found) ?? '');
      if (written === '') {
        place.report(`It takes ${takes}.`, describeFound(found, !concealed), 'Correct it, or leave it out.');
        return fallback;
      }
      const invisible = invisibleIn(written);
      if (invisible.length > 0) {
        place.report(
          `It holds characters that nobody sees: ${invisible.join(', ')}.`,
          describeFound(found, !concealed),
          'Type it anew, or copy it from a plain text.',
        );
      }
      const complaint = check?.(written);
      if (complaint) place.report(complaint.message, describeFound(found, !concealed), complaint.remedy);
      return written;
    },
  };
}

/** Also of a buffer, which `readFileSync` returns without an encoding, and of a URL. */
function textOf(found: unknown): string | null {
  if (typeof found === 'string') return found;
  if (found instanceof URL) return found.protocol === 'file:' ? fileURLToPath(found) : found.href;
  if (!ArrayBuffer.isView(found)) return null;
  return decodeText(new Uint8Array(found.buffer, found.byteOffset, found.byteLength));
}

/** One of the names. */
export function choice<const N extends string>(names: readonly N[], byDefault: NoInfer<N>): Rule<N> {
  const takes = names.map((name) => `'${name}'`).join(', ');
  return {
    takes,
    read(found, place, base = byDefault) {
      if (found === undefined) return base;
      const chosen = names.find((name) => name === found);
      if (chosen !== undefined) return chosen;
      const meant = typeof found === 'string' ? nearestName(found, names) : null;
      const remedy =
        meant === null ? `Correct it, or leave it out for the default, '${byDefault}'.` : `Write '${meant}'.`;
      place.report(`It takes one of ${takes}.`, describeFound(found, true), remedy);
      return base;
    },
  };
}

/** Several of the same kind; at least one where `least` says so. */
export function list<T>(
  of: Rule<T>,
  byDefault: readonly T[],
  { least = 0 }: { readonly least?: 0 | 1 } = {},
): Rule<readonly T[]> {
  const takes = `a list${least === 0 ? '' : ' that is not empty'}, each ${of.takes}`;
  return {
    takes,
    read(found, place, base = byDefault) {
      if (found === undefined) return base;
      if (Array.isArray(found) && found.length >= least) return entriesOf(found, of, place);
      // A text is not shown: it could stand here by mistake.
      place.report(
        `It takes ${takes}.`,
        describeFound(found, false),
        'Write a list in brackets, or leave it out.',
      );
      return base;
    },
  };
}

function entriesOf<T>(found: readonly unknown[], of: Rule<T>, place: Place): readonly T[] {
  return Object.freeze(
    Array.from(found, (entry, index) => of.read(entry === undefined ? null : entry, place.entry(index))),
  );
}

/** One, or a list that is not empty; a list in any case afterwards, null where it is left out. */
export function oneOrMore<T>(of: Rule<T>): Rule<readonly T[] | null> {
  const takes = `${of.takes}, or a list of them that is not empty`;
  return {
    takes,
    read(found, place) {
      if (found === undefined) return null;
      if (!Array.isArray(found)) return Object.freeze([of.read(found, place)]);
      if (found.length > 0) return entriesOf(found, of, place);
      place.report(`It takes ${takes}.`, describeFound(found, false), 'Give one, or leave it out.');
      return null;
    },
  };
}

/** One of the names, or a list of texts that is not empty. */
export function choiceOrList<const N extends string>(
  names: readonly N[],
  byDefault: NoInfer<N>,
): Rule<N | readonly string[]> {
  const named = choice(names, byDefault);
  const listed = list(text(''), [], { least: 1 });
  return {
    takes: `one of ${named.takes}, or ${listed.takes}`,
    read(found, place, base = byDefault) {
      if (found === undefined) return base;
      if (Array.isArray(found)) return listed.read(found, place);
      return named.read(found, place);
    },
  };
}

/** A function of the application, which sees the object that held it as `this`; undefined where it is left out. */
export function callback<F>(): Rule<F | undefined> {
  return {
    takes: 'a function',
    read(found, place) {
      if (found === undefined) return undefined;
      if (typeof found === 'function') return found.bind(place.owner) as F;
      place.report('It takes a function.', describeFound(found, false), 'Correct it, or leave it out.');
      return undefined;
    },
  };
}

/** A text or a function of the application. */
export function textOrCallback<F>(options: TextRule): Rule<string | F | null> {
  const written = text(null, { ...options, takes: `${options.takes ?? 'a text'}, or a function` });
  return {
    takes: written.takes,
    read(found, place) {
      return typeof found === 'function' ? (found.bind(place.owner) as F) : written.read(found, place);
    },
  };
}

/** An object made from a class of the application, known by its methods; null where it is left out. */
export function instance(what: string, methods: readonly string[]): Rule<object | null> {
  return {
    takes: what,
    read(found, place) {
      if (found === undefined) return null;
      const isOne =
        typeof found === 'object' &&
        found !== null &&
        methods.every((name) => typeof (found as Record<string, unknown>)[name] === 'function');
      if (isOne) return found;
      const made =
        typeof found === 'function' ? 'Make an object of the class: new …' : 'Correct it, or leave it out.';
      place.report(`It takes ${what}.`, describeFound(found, false), made);
      return null;
    },
  };
}

/** An object or a list that something else reads; undefined where it is left out. */
export function readElsewhere(what: string): Rule<object | undefined> {
  return {
    takes: what,
    read(found, place) {
      if (found === undefined || (typeof found === 'object' && found !== null)) return found;
      const remedy =
        typeof found === 'string' ? 'Give the value: JSON.parse(text).' : 'Correct it, or leave it out.';
      place.report(`It takes ${what}.`, describeFound(found, false), remedy);
      return undefined;
    },
  };
}

/** What the rules of a group make of it. */
export type GroupOf<R> = { readonly [Name in keyof R]: SettingOf<R[Name]> };

/** A rule for each option of an interface: the compiler misses none, and takes none that is not there. */
export type RulesFor<Options> = { readonly [Name in keyof Required<Options>]: Rule<unknown> };

/**
 * An object of options. Names that have no rule are rejected: they would be ignored in silence. Objects of a class may
 * have members of their own, so of them only what looks like a misspelt option is rejected.
 */
export function group<R extends Readonly<Record<string, Rule<unknown>>>>(rules: R): Rule<GroupOf<R>> {
  const names = Object.keys(rules);
  return {
    takes: 'an object of options',
    read(found, place, base) {
      const given = groupIn(found, names, place);
      if (given) reportUnknown(given, names, place);
      const settings: Record<string, unknown> = {};
      for (const name of names) {
        const own = given?.[name];
        const inherited = (base as Readonly<Record<string, unknown>> | undefined)?.[name];
        settings[name] = rules[name]!.read(own, place.at(name, given), inherited, settings);
      }
      return Object.freeze(settings) as GroupOf<R>;
    },
  };
}

/** The object that holds the options of a group; null where it is left out or is none. */
function groupIn(found: unknown, names: readonly string[], place: Place): Record<string, unknown> | null {
  if (found === undefined) return null;
  // A Map or a Date would pass as options of which none is set.
  if (isRecord(found) && (classNameOf(found) === null || names.some((name) => name in found))) return found;
  const remedy = `Give an object with some of ${names.slice(0, 6).join(', ')}, or leave it out.`;
  place.report('It takes an object of options.', describeFound(found, false), remedy);
  return null;
}

function reportUnknown(given: object, names: readonly string[], place: Place): void {
  const isRoot = place.path === '';
  const extras = isRoot ? place.context.extras : [];
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const unknown = place.at(printable(name), null);
    if (extras.includes(name)) {
      if ((given as Record<string, unknown>)[name] === undefined) continue;
      unknown.report(
        'A factory cannot decide this.',
        null,
        'Give it beside useFactory, useClass or useExisting: it must be known before they run.',
      );
      continue;
    }
    const meant = nearestName(name, [...names, ...extras]);
    if (meant === null && classNameOf(given) !== null) continue;
    unknown.report(
      'No option has this name.',
      null,
      meant === null ? 'Take it out: nothing reads it.' : `Write ${place.at(meant, null).path}.`,
    );
  }
}

/** Names of options are shown as they are, others in quotes. */
function printable(name: string): string {
  return /^[\w$-]{1,40}$/.test(name) ? name : `[${quote(name)}]`;
}

/**
 * A group that `false` switches off, and `true` on with its defaults; null where it is off.
 *
 * @param byDefault whether it is on where it is left out.
 */
export function switchable<T>(of: Rule<T>, byDefault: 'on' | 'off'): Rule<T | null> {
  return {
    takes: `true, false, or ${of.takes}`,
    read(found, place) {
      const value = found === undefined ? byDefault === 'on' : (toBoolean(found) ?? found);
      if (value === false) return null;
      return of.read(value === true ? undefined : value, place);
    },
  };
}

/** Groups by any name. What an entry leaves out is taken from the group that the record itself stands in. */
export function namedGroups<T>(of: Rule<T>): Rule<ReadonlyMap<string, T>> {
  return {
    takes: 'an object of options by name',
    read(found, place, _base, siblings) {
      if (found === undefined) return new Map();
      if (typeof found !== 'object' || found === null || classNameOf(found) !== null) {
        place.report(
          'It takes an object of options by name.',
          describeFound(found, false),
          'Correct it, or leave it out.',
        );
        return new Map();
      }
      return new Map(
        Object.entries(found).map(([name, own]) => [
          name,
          of.read(own, place.at(printable(name), found), siblings as T),
        ]),
      );
    },
  };
}

/** The setting in another form. */
export function mapped<T, U>(rule: Rule<T>, form: (setting: T) => U): Rule<U> {
  return { takes: rule.takes, read: (found, place) => form(rule.read(found, place)) };
}

/** `null` is a value of its own, and no mistake. */
export function nullable<T>(rule: Rule<T>): Rule<T | null> {
  return {
    takes: `${rule.takes}, or null`,
    read: (found, place) => (found === null ? null : rule.read(found, place)),
  };
}
