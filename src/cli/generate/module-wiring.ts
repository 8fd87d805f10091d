import { CliError } from '../../errors/cli.error.js';
import { closingBracket, maskSource } from './source-mask.js';

/**
 * Adds a module to the `imports` of the first `@Module()` of a file, and its import statement. The rest of the file
 * stays as it is. A file that mentions the module already comes back unchanged.
 *
 * @throws CliError `cli.application` when there is no `@Module({…})` with a list of imports to add to.
 */
export function wireModule(source: string, name: string, specifier: string): string {
  if (new RegExp(`\\b${name}\\b`).test(maskSource(source))) return source;
  return addImportStatement(addToImports(source, name), name, specifier);
}

function addToImports(source: string, name: string): string {
  const mask = maskSource(source);
  const decorator = /@Module\s*\(\s*\{/.exec(mask);
  if (!decorator) throw byHand(name, 'It has no @Module({ … }).');
  const open = decorator.index + decorator[0].length - 1;
  const close = closingBracket(mask, open);
  if (close < 0) throw byHand(name, 'Its @Module({ … }) has no end.');
  const key = propertyAt(mask, open, close, 'imports');
  if (key === null) {
    const indent = /\n([ \t]+)\S/.exec(source.slice(open, close))?.[1] ?? '  ';
    const rest = source.slice(open + 1);
    const newline = rest.startsWith('\n') || rest.trimStart().startsWith('}') ? '' : `\n${indent}`;
    const end = rest.trimStart().startsWith('}') ? '\n' : '';
    return `${source.slice(0, open + 1)}\n${indent}imports: [${name}],${newline}${end}${end ? rest.trimStart() : rest}`;
  }
  const list = key + /^imports\s*:\s*/.exec(mask.slice(key))![0].length;
  if (mask[list] !== '[') throw byHand(name, 'Its imports are no list.');
  const first = source.slice(list + 1);
  const blank = /^\s*/.exec(first)![0];
  if (first.slice(blank.length).startsWith(']'))
    return `${source.slice(0, list + 1)}${name}${first.slice(blank.length)}`;
  return `${source.slice(0, list + 1)}${blank}${name},${blank || ' '}${first.slice(blank.length)}`;
}

/** Where a property of the object between the brackets begins, not of one nested in it. */
function propertyAt(mask: string, open: number, close: number, name: string): number | null {
  for (let index = open + 1; index < close; index += 1) {
    if ('([{'.includes(mask[index]!)) index = closingBracket(mask, index);
    else if (new RegExp(`^${name}\\s*:`).test(mask.slice(index)) && !/[\w$.]/.test(mask[index - 1]!))
      return index;
  }
  return null;
}

/** After the last import of the file, in the file's own quotes and with its own habit of semicolons. */
function addImportStatement(source: string, name: string, specifier: string): string {
  const imports = [...source.matchAll(/^import\b[^;'"]*(?:from\s*)?(['"])[^'"\n]*\1(;?)[^\n]*\n/gm)];
  const last = imports.at(-1);
  const quote = last?.[1] ?? "'";
  const end = last ? (last[2] ?? '') : ';';
  const line = `import { ${name} } from ${quote}${specifier}${quote}${end}\n`;
  const position = last ? last.index + last[0].length : 0;
  return source.slice(0, position) + line + source.slice(position);
}

function byHand(name: string, why: string): CliError {
  return new CliError('cli.application', {
    message: `The root module was not changed. ${why}`,
    remedy: `Add ${name} to its imports by hand.`,
  });
}
