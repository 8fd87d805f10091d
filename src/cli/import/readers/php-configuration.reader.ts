import type { JsonObject } from '../../../interfaces/marketplace-input.interface.js';
import { isRecord } from '../../../utils/values.js';
import type { ImportedSource, ReaderContext } from '../imported-source.js';
import { platformOf } from './json.reader.js';
import { tokenise, type Token } from './literal-lexer.js';
import { LiteralParser, type Names, UnreadableExpression } from './literal-parser.js';

/**
 * Reads PHP: `Maestrano::configure(array(…))`, `Maestrano::with('preset')->configure([…])`, or a file that returns
 * such an array.
 */
export function readPhpConfiguration(source: string, context: ReaderContext): ImportedSource {
  const tokens = tokenise(source, false);
  const marketplaces = new Map<string, JsonObject>();
  const unreadable: string[] = [];
  let platform: ImportedSource['platform'] = null;
  const names: Names = {
    environment: (name) => context.env[name] ?? null,
    lookUp: () => undefined,
  };
  for (let index = 0; index < tokens.length; index += 1) {
    const block = blockAt(tokens, index);
    if (!block) continue;
    const parser = new LiteralParser(tokens, block.start, names);
    try {
      const value = parser.expression();
      index = parser.position - 1;
      if (!isRecord(value)) continue;
      platform = platformOf(value) ?? platform;
      if (!platformOf(value)) marketplaces.set(block.name ?? context.defaultName, value);
    } catch (error) {
      if (!(error instanceof UnreadableExpression)) throw error;
      unreadable.push(`line ${tokens[index]!.line}: ${error.message}`);
    }
  }
  return { file: context.file, sdk: 'php', marketplaces, platform, unreadable };
}

/** Where an array that configures something begins, and for which preset. */
function blockAt(tokens: readonly Token[], index: number): { start: number; name: string | null } | null {
  const at = (offset: number): string | undefined => tokens[index + offset]?.text;
  const word = (at(0) ?? '').replace(/^.*\\/, '');
  if (word === 'return') return { start: index + 1, name: null };
  if (word === 'Maestrano::configure' && at(1) === '(') return { start: index + 2, name: null };
  const scoped = word === 'Maestrano::with' && at(1) === '(' && at(3) === ')' && at(4) === '->';
  if (scoped && at(5) === 'configure' && at(6) === '(') return { start: index + 7, name: at(2) ?? null };
  return null;
}
