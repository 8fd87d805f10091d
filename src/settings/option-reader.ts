import { MaestranoConfigurationError, type ConfigurationProblem } from '../errors/configuration.error.js';

/*
 * Options are read by a small table of rules instead of class-validator, which the package has: that one is loaded with
 * the first charge only, because it is a good part of an application's start; class-transformer makes NaN of '5kb' and
 * true of 'false'; and neither hands on what was found together with a remedy that computes the right value, resolves
 * a default, or lets one marketplace's policy inherit from the registration's.
 */

/** More problems than these are counted and not listed. */
const MAX_PROBLEMS = 50;
/** Longest text of an option that an error shows. */
const MAX_SHOWN = 40;

/** What rules need beside the options themselves. */
export interface ReadingContext {
  /** The official variables of the developer platform (protocol §2.2); `process.env` by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Names that belong beside a factory, not into what it returns. */
  readonly extras?: readonly string[];
}

/** Reads one option: checks what was found, and makes the setting of it. */
export interface Rule<T> {
  /** What the option may be, in words: `a whole number from 1 to 64`. */
  readonly takes: string;
  /**
   * Never throws: what cannot be used is reported at the place, and the result then means nothing.
   *
   * @param found `undefined` where the option is left out.
   * @param base holds where the option is left out, instead of the rule's own default.
   * @param siblings settings of the same group that are read already.
   */
  read(found: unknown, place: Place, base?: T, siblings?: Readonly<Record<string, unknown>>): T;
}

/** What a rule makes of its option. */
export type SettingOf<R> = R extends Rule<infer T> ? T : never;

/** Where an option stands: `http.breaker.failures`, in the object that holds it. */
export class Place {
  readonly #problems: ConfigurationProblem[];
  readonly #counter: { total: number };

  constructor(
    readonly path: string,
    /** The object that the option was found in: what its functions see as `this`. */
    readonly owner: object | null,
    readonly context: Required<ReadingContext>,
    from?: Place,
  ) {
    this.#problems = from ? from.#problems : [];
    this.#counter = from ? from.#counter : { total: 0 };
  }

  /** The place of an option in the group that stands here. */
  at(name: string, owner: object | null): Place {
    return new Place(this.path === '' ? name : `${this.path}.${name}`, owner, this.context, this);
  }

  /** The place of an entry in the list that stands here. */
  entry(index: number): Place {
    return new Place(`${this.path}[${index}]`, null, this.context, this);
  }

  /** A place outside the options, such as an environment variable. */
  named(path: string): Place {
    return new Place(path, null, this.context, this);
  }

  /** How many problems were reported until now, at any place of the same reading. */
  get count(): number {
    return this.#counter.total;
  }

  get problems(): readonly ConfigurationProblem[] {
    return this.#problems;
  }

  /** @param found see {@link describeFound}; null where nothing was found. */
  report(message: string, found: string | null, remedy: string): void {
    this.#counter.total += 1;
    if (this.#problems.length >= MAX_PROBLEMS) return;
    this.#problems.push({
      code: 'configuration.options',
      severity: 'error',
      marketplace: null,
      key: this.path === '' ? null : this.path,
      found,
      message,
      remedy,
    });
  }
}

/**
 * Reads all options of a module with their rule.
 *
 * @param module whose options they are, for the error.
 * @throws MaestranoConfigurationError (`configuration.options`) with everything that is wrong: path, what was found, remedy.
 */
export function readOptions<T>(
  rule: Rule<T>,
  options: unknown,
  module: string,
  context: ReadingContext = {},
): T {
  const { environment = process.env, extras = [] } = context;
  const root = new Place('', null, { environment, extras });
  const settings = rule.read(options, root);
  const { count, problems } = root;
  if (count === 0) return settings;
  const more = count - problems.length;
  throw new MaestranoConfigurationError('configuration.options', {
    message: `${count === 1 ? 'One option' : `${count} options`} of ${module} cannot be used${more > 0 ? `, ${more} of them not listed here` : ''}.`,
    remedy: 'An option that is left out has its default.',
    problems,
  });
}

/**
 * What was found, for an error: short, on one line, and of what may be a secret only kind and length.
 *
 * @param shown whether texts are shown: false wherever a secret could have ended up.
 */
export function describeFound(found: unknown, shown: boolean): string {
  if (typeof found === 'string') return shown ? quote(found) : `a text of ${found.length} characters`;
  if (found === null || found === undefined || typeof found === 'boolean') return String(found);
  if (typeof found === 'number') return shown ? String(found) : 'a number';
  if (typeof found === 'bigint') return shown ? `${quoteless(String(found))}n` : 'a number';
  if (Array.isArray(found)) return `a list of ${found.length}`;
  if (typeof found !== 'object') return `a ${typeof found}`;
  const name = classNameOf(found);
  return name === null ? 'an object' : `an object of class ${quoteless(name)}`;
}

/** A text from outside, in quotes. */
export function quote(text: string): string {
  const tail = text.length > MAX_SHOWN ? ` (${text.length} characters)` : '';
  return JSON.stringify(quoteless(text)) + tail;
}

/** Control characters, line breaks and marks that reorder text could fake a log line. */
function quoteless(text: string): string {
  const short = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return short.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}

/** Null for a plain object, of whatever realm. */
export function classNameOf(value: object): string | null {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== 'object' || prototype === null) return null;
  if (Object.getPrototypeOf(prototype) === null) return null;
  const { constructor } = prototype;
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'without a name';
}
