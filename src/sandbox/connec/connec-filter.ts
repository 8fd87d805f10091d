import { parsePlatformDate } from '../../utils/dates.js';
import { ConnecApiException } from './connec-api.exception.js';

type Value = string | number | boolean | null;
type Document = Readonly<Record<string, unknown>>;

/** Decides on one record. */
export type Predicate = (record: Document) => boolean;

const TOKEN =
  /\s*(?:'((?:[^']|'')*)'|\/((?:[^/\\]|\\.)*)\/([a-z]*)|(-?\d+(?:\.\d+)?)(?![\w.])|([A-Za-z_][\w.]*)|([[\],]))/y;

interface Token {
  readonly kind: 'text' | 'pattern' | 'number' | 'word' | 'sign' | 'end';
  readonly text: string;
  readonly flags?: string;
}

function reject(filter: string, detail: string): never {
  throw new ConnecApiException(400, 'Invalid filter', { detail: `${detail} in "${filter}"` });
}

function tokens(filter: string): Token[] {
  const list: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < filter.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(filter);
    if (!match) return reject(filter, `Nothing can be read at position ${at}`);
    const [, text, pattern, flags, number, word, sign] = match;
    if (text !== undefined) list.push({ kind: 'text', text: text.replaceAll("''", "'") });
    else if (pattern !== undefined) list.push({ kind: 'pattern', text: pattern, flags });
    else if (number !== undefined) list.push({ kind: 'number', text: number });
    else if (word !== undefined) list.push({ kind: 'word', text: word });
    else list.push({ kind: 'sign', text: sign as string });
  }
  return [...list, { kind: 'end', text: 'the end' }];
}

/** A field of a record; dots reach into nested objects. */
export function fieldOf(record: Document, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Document | null | undefined)?.[name], record);
}

/** Orders two values: moments as moments, numbers as numbers, the rest as text. NaN when they cannot be compared. */
export function compareValues(left: unknown, right: unknown): number {
  if (left === null || left === undefined || right === null || right === undefined) return Number.NaN;
  if (typeof left === 'number' || typeof right === 'number') return Number(left) - Number(right);
  const [first, second] = [String(left), String(right)];
  if (first === second) return 0;
  const moments = [parsePlatformDate(first), parsePlatformDate(second)] as const;
  if (moments[0] && moments[1]) return moments[0].getTime() - moments[1].getTime();
  return first < second ? -1 : 1;
}

function equals(found: unknown, wanted: Value): boolean {
  if (wanted === null) return found === null || found === undefined;
  return compareValues(found, wanted) === 0;
}

const COMPARISONS: Readonly<Record<string, (found: unknown, wanted: Value) => boolean>> = {
  eq: equals,
  ne: (found, wanted) => !equals(found, wanted),
  gt: (found, wanted) => compareValues(found, wanted) > 0,
  gte: (found, wanted) => compareValues(found, wanted) >= 0,
  lt: (found, wanted) => compareValues(found, wanted) < 0,
  lte: (found, wanted) => compareValues(found, wanted) <= 0,
};

const CONSTANTS: Readonly<Record<string, Value>> = { null: null, true: true, false: false };

/** Reads one `$filter`, left to right. */
class FilterReader {
  readonly #tokens: Token[];
  #position = 0;

  constructor(private readonly filter: string) {
    this.#tokens = tokens(filter);
  }

  read(): Predicate {
    const parts = [this.#comparison()];
    while (this.#isWord('and')) {
      this.#position++;
      parts.push(this.#comparison());
    }
    if (this.#token.kind !== 'end') reject(this.filter, `"and" expected, ${this.#token.text} found`);
    return (record) => parts.every((part) => part(record));
  }

  get #token(): Token {
    return this.#tokens[this.#position] as Token;
  }

  #isWord(text: string): boolean {
    return this.#token.kind === 'word' && this.#token.text === text;
  }

  #take(kind: Token['kind'], expected: string): Token {
    const token = this.#token;
    if (token.kind !== kind) reject(this.filter, `${expected} expected, ${token.text} found`);
    this.#position++;
    return token;
  }

  #comparison(): Predicate {
    const path = this.#take('word', 'a field').text;
    const operator = this.#take('word', 'an operator').text;
    if (operator === 'in') {
      const list = this.#list();
      return (record) => list.some((wanted) => equals(fieldOf(record, path), wanted));
    }
    if (operator === 'match') {
      const pattern = this.#pattern();
      return (record) => pattern.test(String(fieldOf(record, path) ?? ''));
    }
    const compare = COMPARISONS[operator];
    if (!compare) reject(this.filter, `Unknown operator ${operator}`);
    const wanted = this.#value();
    return (record) => compare(fieldOf(record, path), wanted);
  }

  #value(): Value {
    const token = this.#token;
    this.#position++;
    if (token.kind === 'text') return token.text;
    if (token.kind === 'number') return Number(token.text);
    if (token.kind === 'word' && token.text in CONSTANTS) return CONSTANTS[token.text] as Value;
    return reject(this.filter, `A value expected, ${token.text} found`);
  }

  #list(): Value[] {
    const open = this.#take('sign', 'A list');
    if (open.text !== '[') reject(this.filter, 'A list expected');
    const values = [this.#value()];
    while (this.#token.text === ',') {
      this.#position++;
      values.push(this.#value());
    }
    if (this.#take('sign', 'The end of the list').text !== ']')
      reject(this.filter, 'The end of the list expected');
    return values;
  }

  #pattern(): RegExp {
    const { text, flags } = this.#take('pattern', 'A pattern');
    try {
      return new RegExp(text, flags?.replaceAll(/[^imsu]/g, ''));
    } catch {
      return reject(this.filter, 'The pattern cannot be read');
    }
  }
}

/**
 * Reads a `$filter` (protocol §9.5): `eq`, `ne`, `gt`, `gte`, `lt`, `lte`, `in [...]`, `match /…/`, `null`, joined
 * by `and`; texts in single quotes, a quote inside doubled.
 *
 * @throws ConnecApiException 400 `invalid-filter`
 */
export function readFilter(filter: string): Predicate {
  return new FilterReader(filter).read();
}
