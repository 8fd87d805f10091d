import { isInsecure, missingPlaceholders, normaliseHost, normalisePath } from '../../utils/address.js';
import { toBoolean } from '../../utils/values.js';
import { invisibleIn, trimInvisible } from '../../utils/visible-text.js';
import type { ParameterName } from './parameter-names.js';
import type { ProblemCollector } from './problem-collector.js';

/** How one marketplace is to be read. */
export interface ReadingContext {
  /** Whether this process serves real customers: the public-key certificate is rejected then. */
  readonly production: boolean;
  /** First segments of the conventional layout, without slashes around. */
  readonly routePrefix: string;
}

/** Reads single parameters of one flattened entry, coerced and checked; what is wrong goes to the collector. */
export class ParameterReader {
  constructor(
    readonly parameters: ReadonlyMap<string, unknown>,
    readonly problems: ProblemCollector,
    readonly context: ReadingContext,
  ) {}

  has(key: ParameterName): boolean {
    return this.parameters.has(key);
  }

  /** Whether the configuration says anything at all about a section. */
  hasSection(prefix: 'connec' | 'sso'): boolean {
    return [...this.parameters.keys()].some((key) => key.startsWith(`${prefix}.`));
  }

  text(key: ParameterName): string | null {
    const value = this.parameters.get(key);
    if (value === undefined) return null;
    const text = toText(value);
    if (text === null) this.#wrongKind(key, value, 'a text');
    else this.#reportInvisible(key, text);
    return text;
  }

  /** Every text of a parameter that may be one or a list; entries that are none are reported and left out. */
  texts(key: ParameterName): string[] {
    const value = this.parameters.get(key);
    if (value === undefined) return [];
    const texts: string[] = [];
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      const text = toText(item);
      if (text !== null) {
        this.#reportInvisible(key, text);
        texts.push(text);
      } else if (item !== null && item !== '') this.#wrongKind(key, item, 'a text or a list of texts');
    }
    return [...new Set(texts)];
  }

  /** The value of a switch; null when it is neither yes nor no. */
  flag(key: ParameterName, fallback: boolean): boolean | null {
    const value = this.parameters.get(key);
    if (value === undefined) return fallback;
    const flag = toBoolean(value);
    if (flag === null) this.#wrongKind(key, value, 'true or false');
    return flag;
  }

  /** One of a few words, in any case; null when it is none of them. */
  choice<T extends string>(key: ParameterName, choices: readonly T[], fallback: T): T | null {
    const text = this.has(key) ? (this.text(key) ?? '') : fallback;
    const choice = choices.find((candidate) => candidate === text.toLowerCase());
    if (choice === undefined && text)
      this.#wrongKind(key, text, choices.map((word) => `"${word}"`).join(' or '));
    return choice ?? null;
  }

  /** Milliseconds from seconds; the fallback, in seconds, when the value is unusable. */
  seconds(key: ParameterName, fallback: number): number {
    const value = this.parameters.get(key);
    if (value === undefined) return fallback * 1000;
    const seconds = toNumber(value);
    if (seconds !== null && seconds > 0 && seconds <= 3600) return Math.ceil(seconds * 1000);
    this.#wrongKind(key, value, 'a number of seconds, more than 0 and at most 3600');
    return fallback * 1000;
  }

  /** A base URL; null when it is absent or unusable. */
  host(key: ParameterName, fallback: string | null, allowPath = false): string | null {
    const text = this.has(key) ? this.text(key) : fallback;
    if (text === null) return null;
    const result = normaliseHost(text, allowPath);
    if ('reason' in result) {
      this.problems.report({
        code: 'configuration.host',
        key,
        found: text,
        message: result.reason,
        remedy: result.remedy,
      });
      return null;
    }
    if (!allowPath && this.context.production && isInsecure(result.url)) {
      this.problems.report({
        code: 'configuration.insecureHost',
        severity: 'warning',
        key,
        found: text,
        message: 'The host is plain http: credentials and sessions cross the network readable.',
        remedy: 'Use https.',
      });
    }
    return result.url;
  }

  /** A path or template; the fallback when it is absent or unusable. */
  path<T extends string | null>(
    key: ParameterName,
    fallback: T,
    placeholders: readonly string[] = [],
  ): string | T {
    const text = this.text(key);
    if (text === null) return fallback;
    const result = normalisePath(text, this.problems.marketplace ?? '');
    if ('reason' in result) {
      this.problems.report({
        code: 'configuration.path',
        key,
        found: text,
        message: result.reason,
        remedy: result.remedy,
      });
      return fallback;
    }
    const missing = missingPlaceholders(result.path, placeholders);
    if (missing.length === 0) return result.path;
    const named = missing.map((name) => `:${name}`).join(' and ');
    this.problems.report({
      code: 'configuration.placeholder',
      key,
      found: text,
      message: `The template lacks ${named}.`,
      remedy: `Put ${named} where the id stands in the path or in its query.`,
    });
    return fallback;
  }

  missing(key: ParameterName, consequence: string, remedy = `Add ${key}.`): void {
    this.problems.report({
      code: 'configuration.missing',
      key,
      message: `The parameter is missing: ${consequence}.`,
      remedy,
    });
  }

  /** What stands at the ends is gone already. Of a certificate only its base64 is read. */
  #reportInvisible(key: ParameterName, text: string): void {
    const found = key === 'sso.x509_certificate' ? [] : invisibleIn(text, true);
    if (found.length === 0) return;
    this.problems.report({
      code: 'configuration.value',
      severity: 'warning',
      key,
      message: `The value holds characters that nobody sees: ${found.join(', ')}.`,
      remedy: 'Type it anew, or copy it from a plain text.',
    });
  }

  #wrongKind(key: ParameterName, found: unknown, expected: string): void {
    this.problems.report({
      code: 'configuration.value',
      key,
      found,
      message: `The value is not ${expected}.`,
      remedy: 'Correct the value, or leave the parameter out to get the default.',
    });
  }
}

/** A number from a number or a numeric text such as `"300.0"`; null for anything else. */
function toNumber(value: unknown): number | null {
  const text = typeof value === 'string' ? trimInvisible(value) : '';
  const number = text === '' ? value : Number(text);
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** The text without invisible ends from a text or a number; null for anything else and for blanks. */
function toText(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') return null;
  return trimInvisible(value) || null;
}
