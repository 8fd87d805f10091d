import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { createProgram, ENTRIES, snippetsOf } from './program.js';
import { ROOT, sourceFiles } from './source-files.js';

const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'].filter((page) => existsSync(join(ROOT, page))),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
];

/**
 * Each page's snippets live in a folder of their own. One that begins with `// my.adapter.ts` has that name, so that
 * the others on the page can import it.
 */
function virtualFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const page of PAGES) {
    for (const { language, line, text } of snippetsOf(page)) {
      if (language !== 'ts') continue;
      const name = /^\/\/ (?:src\/)?([\w./-]+\.ts)\b/.exec(text)?.[1] ?? `line-${line}.ts`;
      const folder = `test/package/.snippets/${page.replace(/\W/g, '-')}`;
      // Keeps the compiler's line numbers those of the page.
      const path = files.has(`${folder}/${name}`) ? `${folder}/line-${line}.ts` : `${folder}/${name}`;
      files.set(path, `${'\n'.repeat(line - 1)}${text}\nexport {};\n`);
    }
  }
  return files;
}

const snippets = virtualFiles();
let program: ts.Program;

beforeAll(() => {
  program = createProgram(snippets);
}, 120_000);

describe('documentation', () => {
  it('has snippets that compile', () => {
    const wrong = [...snippets.keys()].flatMap((path) => {
      const source = program.getSourceFile(join(ROOT, path));
      if (!source) return [`${path}: not part of the program`];
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ start = 0, messageText }) =>
          `${relative('test/package/.snippets', path)}:${source.getLineAndCharacterOfPosition(start).line + 1}: ` +
          ts.flattenDiagnosticMessageText(messageText, ' '),
      );
    });
    expect(wrong).toEqual([]);
  }, 120_000);

  it('has links that lead somewhere', () => {
    const dead = PAGES.flatMap((page) => {
      const text = readFileSync(join(ROOT, page), 'utf8').replace(/```[\s\S]*?```/g, '');
      return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !/^(https?:|mailto:)/.test(target))
        .filter((target) => !leads(page, target))
        .map((target) => `${page}: ${target}`);
    });
    expect(dead).toEqual([]);
  });

  it('explains every error code in docs/troubleshooting.md, and no code that does not exist', async () => {
    const codes = (await errorCodes()).sort();
    const text = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
    const explained = [...text.matchAll(/^### `([^`]+)`/gm)].map(([, code]) => code!).sort();
    expect({
      missing: codes.filter((code) => !explained.includes(code)),
      unknown: explained.filter((code) => !codes.includes(code)),
      twice: explained.filter((code, index) => explained[index + 1] === code),
    }).toEqual({ missing: [], unknown: [], twice: [] });
  });

  it('lists every code that an error is made with', async () => {
    const codes = new Set(await errorCodes());
    const families = new Set([...codes].map((code) => code.split('.')[0]));
    const used = sourceFiles().flatMap(({ path, text }) =>
      [...text.matchAll(/\bcode: '([a-z][\w-]*\.[\w.-]+)'/g)].map(([, code]) => ({ path, code: code! })),
    );
    expect(
      used
        .filter(({ code }) => !codes.has(code) || !families.has(code.split('.')[0]))
        .map(({ path, code }) => `${path}: ${code}`),
    ).toEqual([]);
  });

  it('comments everything that applications can import', () => {
    const checker = program.getTypeChecker();
    const bare = new Set<string>();
    for (const path of Object.values(ENTRIES)) {
      const source = program.getSourceFile(join(ROOT, path));
      const module = source && checker.getSymbolAtLocation(source);
      if (!module) continue;
      for (const exported of checker.getExportsOfModule(module)) {
        const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
        const declaration = symbol.declarations?.[0];
        const file = declaration?.getSourceFile().fileName ?? '';
        if (!file.startsWith(join(ROOT, 'src'))) continue;
        if (symbol.getDocumentationComment(checker).length === 0)
          bare.add(`${relative(ROOT, file)}: ${symbol.name}`);
      }
    }
    expect([...bare].sort()).toEqual([]);
  });
});

function leads(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(ROOT, file))) return false;
  if (!anchor || !file.endsWith('.md')) return true;
  const headings = [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
  return headings.includes(anchor);
}

/** The keys of every `…_ERROR_CODES` of the error families. */
async function errorCodes(): Promise<string[]> {
  const found: string[] = [];
  for (const file of readdirSync(join(ROOT, 'src/errors'))) {
    const family: Record<string, unknown> = await import(`../../src/errors/${file.replace(/\.ts$/, '.js')}`);
    for (const [key, value] of Object.entries(family)) {
      if (!key.endsWith('_ERROR_CODES')) continue;
      found.push(...Object.keys(value as object));
    }
  }
  // Two families may share a code, such as the rejections of SAML and OpenID.
  return [...new Set(found)];
}
