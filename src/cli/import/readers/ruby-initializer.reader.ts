import type { ImportedSource, ReaderContext } from '../imported-source.js';
import { tokenise, type Token } from './literal-lexer.js';
import { type Literal, LiteralParser, type Names, UnreadableExpression } from './literal-parser.js';

/**
 * Reads a Rails initializer: `Maestrano.configure do |config|` and `Maestrano['preset'].configure do |config|` with
 * `config.<parameter> = <expression>` (protocol §1.8, §1.9). The last assignment of a parameter wins, as in Ruby.
 */
export function readRubyInitializer(source: string, context: ReaderContext): ImportedSource {
  const tokens = tokenise(source, true);
  const marketplaces = new Map<string, Record<string, Literal>>();
  const unreadable: string[] = [];
  let name = context.defaultName;
  for (let index = 0; index < tokens.length; index += 1) {
    const preset = presetAt(tokens, index);
    if (preset !== null) name = preset ?? context.defaultName;
    const parameter = assignmentAt(tokens, index);
    if (parameter === null) continue;
    const values = marketplaces.get(name) ?? {};
    marketplaces.set(name, values);
    const parser = new LiteralParser(tokens, index + 2, namesOf(values, context));
    try {
      values[parameter] = parser.expression();
      index = parser.position - 1;
    } catch (error) {
      if (!(error instanceof UnreadableExpression)) throw error;
      unreadable.push(`line ${tokens[index]!.line}: config.${parameter}`);
    }
  }
  return { file: context.file, sdk: 'ruby', marketplaces, platform: null, unreadable };
}

/** The preset that a `configure` block begins for; undefined for the un-scoped one, null when there is no block. */
function presetAt(tokens: readonly Token[], index: number): string | undefined | null {
  const at = (offset: number): string | undefined => tokens[index + offset]?.text;
  if (at(0) === 'Maestrano.configure') return undefined;
  const scoped =
    at(0) === 'Maestrano' && at(1) === '[' && at(3) === ']' && at(4) === '.' && at(5) === 'configure';
  return scoped ? (at(2) ?? null) : null;
}

/** The parameter of `config.a.b =`; null when there is something else. */
function assignmentAt(tokens: readonly Token[], index: number): string | null {
  const [word, mark] = [tokens[index], tokens[index + 1]];
  if (word?.kind !== 'word' || !word.text.startsWith('config.') || mark?.text !== '=') return null;
  return word.text.slice('config.'.length);
}

function namesOf(values: Readonly<Record<string, Literal>>, { env }: ReaderContext): Names {
  return {
    environment: (name) => env[name] ?? null,
    lookUp: (name) => {
      if (name.startsWith('config.')) return values[name.slice('config.'.length)] ?? null;
      if (name === 'Rails.env') return env['RAILS_ENV'] ?? 'production';
      if (name === 'Rails.env.production?') return (env['RAILS_ENV'] ?? 'production') === 'production';
      return undefined;
    },
  };
}
