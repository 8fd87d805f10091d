import type { Token } from './literal-lexer.js';

/** A value that a configuration holds literally. */
export type Literal =
  string | number | boolean | null | readonly Literal[] | { readonly [key: string]: Literal };

/** An expression that cannot be known without running the application. */
export class UnreadableExpression extends Error {}

/** What a name such as `ENV['X']` or `config.environment` stands for. */
export interface Names {
  /** Value of an environment variable; null when it is not set. */
  environment(name: string): string | null;
  /** Value of any other name; undefined when it is not known. */
  lookUp(name: string): Literal | undefined;
}

/**
 * Evaluates the literal expressions that configurations of the Ruby and PHP SDKs are made of: texts, numbers, hashes
 * and arrays, environment variables with their fallbacks, and choices by environment. Nothing is ever executed.
 */
export class LiteralParser {
  position: number;

  constructor(
    private readonly tokens: readonly Token[],
    start: number,
    private readonly names: Names,
  ) {
    this.position = start;
  }

  /** @throws UnreadableExpression */
  expression(): Literal {
    const condition = this.#alternative();
    if (!this.#accept('?')) return condition;
    if (this.#accept(':')) return either(condition, this.expression());
    const yes = this.expression();
    this.#expect(':');
    const no = this.expression();
    return isTruthy(condition) ? yes : no;
  }

  #alternative(): Literal {
    let value = this.#comparison();
    while (this.#peek('||') || this.#peek('??')) {
      this.position += 1;
      const other = this.#comparison();
      if (!isTruthy(value)) value = other;
    }
    return value;
  }

  #comparison(): Literal {
    const left = this.#concatenation();
    if (this.#accept('==')) {
      this.#accept('=');
      return left === this.#concatenation();
    }
    if (this.#accept('!=')) {
      this.#accept('=');
      return left !== this.#concatenation();
    }
    return left;
  }

  #concatenation(): Literal {
    let value = this.#primary();
    while (this.#peek('+') || this.#peek('.')) {
      this.position += 1;
      value = text(value) + text(this.#primary());
    }
    return value;
  }

  #primary(): Literal {
    const token = this.tokens[this.position];
    if (!token) throw new UnreadableExpression('the file ends');
    this.position += 1;
    if (token.kind === 'string') return token.text;
    if (token.kind === 'symbol') return token.text;
    if (token.kind === 'number') return Number(token.text);
    if (token.kind === 'word') return this.#word(token.text);
    if (token.text === '(') return this.#closed(this.expression(), ')');
    if (token.text === '[') return this.#collection(']');
    if (token.text === '{') return this.#collection('}');
    throw new UnreadableExpression(token.text);
  }

  #word(word: string): Literal {
    const lower = word.toLowerCase();
    if (lower === 'true' || lower === 'false') return lower === 'true';
    if (lower === 'nil' || lower === 'null') return null;
    if (lower === 'array' && this.#accept('(')) return this.#collection(')');
    if (word === 'ENV' || word === '$_ENV' || word === '$_SERVER') {
      this.#expect('[');
      return this.#closed(this.names.environment(text(this.expression())), ']');
    }
    if (word === 'ENV.fetch' || word === 'getenv' || word === 'env') {
      this.#expect('(');
      const value = this.names.environment(text(this.expression()));
      const fallback = this.#accept(',') ? this.expression() : null;
      return this.#closed(value ?? fallback, ')');
    }
    const known = this.names.lookUp(word);
    if (known === undefined) throw new UnreadableExpression(word);
    return known;
  }

  /** A hash when its first entry is a pair, else a list. */
  #collection(end: string): Literal {
    const list: Literal[] = [];
    const pairs: Record<string, Literal> = {};
    let isHash = end === '}';
    while (!this.#accept(end)) {
      const isSymbolKey = this.tokens[this.position]?.kind === 'symbol';
      const key = this.expression();
      const arrow = this.#accept('=>');
      if (arrow || (isSymbolKey && end === '}')) {
        isHash = true;
        pairs[text(key)] = this.expression();
      } else list.push(key);
      if (!this.#accept(',') && !this.#peek(end)) throw new UnreadableExpression('an entry');
    }
    return isHash ? pairs : list;
  }

  #closed(value: Literal, end: string): Literal {
    this.#expect(end);
    return value;
  }

  #peek(mark: string): boolean {
    const token = this.tokens[this.position];
    return token?.kind === 'mark' && token.text === mark;
  }

  #accept(mark: string): boolean {
    if (!this.#peek(mark)) return false;
    this.position += 1;
    return true;
  }

  #expect(mark: string): void {
    if (!this.#accept(mark)) throw new UnreadableExpression(this.tokens[this.position]?.text ?? 'the end');
  }
}

function either(value: Literal, fallback: Literal): Literal {
  return isTruthy(value) ? value : fallback;
}

function isTruthy(value: Literal): boolean {
  return value !== null && value !== false && value !== '';
}

function text(value: Literal): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return '';
  throw new UnreadableExpression('a list where a text is expected');
}
