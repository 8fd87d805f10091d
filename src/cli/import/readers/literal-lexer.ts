/** A piece of Ruby or PHP, as far as configurations use the languages. */
export interface Token {
  readonly kind: 'string' | 'number' | 'word' | 'symbol' | 'mark';
  readonly text: string;
  readonly line: number;
}

const WORD = /[$A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*[?!]?)*/y;
const NUMBER = /\d+(?:\.\d+)?/y;
const SYMBOL = /:[A-Za-z_]\w*/y;
const MARK = /=>|->|::|\?\?|\|\||==|!=|[()[\]{},.?:=;|+&<>!*/@-]/y;
const BLANK = /\s+/y;

/**
 * Splits Ruby or PHP into tokens without comments. Dotted names are one word, so `config.app.host` is what it reads.
 *
 * @param hashKeys whether `name: value` is a pair, as in Ruby; the name is then a symbol.
 */
export function tokenise(source: string, hashKeys: boolean): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  let line = 1;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = position;
    return pattern.exec(source)?.[0] ?? null;
  };
  const push = (kind: Token['kind'], text: string, length: number): void => {
    tokens.push({ kind, text, line });
    for (const character of source.slice(position, position + length)) if (character === '\n') line += 1;
    position += length;
  };
  while (position < source.length) {
    const comment = /#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
    const skipped = take(BLANK) ?? take(comment);
    if (skipped !== null) {
      line += skipped.split('\n').length - 1;
      position += skipped.length;
      continue;
    }
    const character = source[position]!;
    if (character === "'" || character === '"') {
      const { text, length } = readString(source, position, character);
      push('string', text, length);
      continue;
    }
    const word = take(WORD);
    if (word !== null) {
      const next = position + word.length;
      const isKey = hashKeys && !word.includes('.') && source[next] === ':' && source[next + 1] !== ':';
      push(isKey ? 'symbol' : 'word', word, word.length + (isKey ? 1 : 0));
      continue;
    }
    const symbol = hashKeys ? take(SYMBOL) : null;
    const number = take(NUMBER);
    const mark = take(MARK);
    if (symbol !== null) push('symbol', symbol.slice(1), symbol.length);
    else if (number !== null) push('number', number, number.length);
    else push('mark', mark ?? character, (mark ?? character).length);
  }
  return tokens;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0' };

/** Single quotes know two escapes in both languages, double quotes a few more. */
function readString(source: string, start: number, quote: string): { text: string; length: number } {
  let text = '';
  let position = start + 1;
  while (position < source.length && source[position] !== quote) {
    const character = source[position]!;
    const next = source[position + 1];
    if (character !== '\\' || next === undefined) {
      text += character;
      position += 1;
      continue;
    }
    if (quote === '"') text += ESCAPES[next] ?? next;
    else text += next === quote || next === '\\' ? next : `\\${next}`;
    position += 2;
  }
  return { text, length: Math.min(position + 1, source.length) - start };
}
