import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';

import { ROOT } from './source-files.js';

/** What applications import, by specifier, and where its source is. */
export const ENTRIES: Readonly<Record<string, string>> = {
  'nestjs-maestrano': 'src/index.ts',
  'nestjs-maestrano/testing': 'src/testing/index.ts',
  'nestjs-maestrano/sandbox': 'src/sandbox/index.ts',
  'nestjs-maestrano/redis': 'src/redis/index.ts',
  'nestjs-maestrano/bullmq': 'src/bullmq/index.ts',
  'nestjs-maestrano/sql': 'src/sql/index.ts',
  'nestjs-maestrano/pg-queue': 'src/pg-queue/index.ts',
  'nestjs-maestrano/sync': 'src/sync/index.ts',
  'nestjs-maestrano/usage': 'src/usage/index.ts',
  'nestjs-maestrano/console': 'src/console/index.ts',
};

/** Types of packages that guides show and nobody here installs. */
const DOCUMENTED_MODULES = join(ROOT, 'test/package/documented-modules.d.ts');

/**
 * A program over the sources as an application sees them, plus files that exist only in memory.
 *
 * @param virtual text by path relative to the checkout.
 */
export function createProgram(virtual: ReadonlyMap<string, string> = new Map()): ts.Program {
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const paths = Object.fromEntries(Object.entries(ENTRIES).map(([name, path]) => [name, [join(ROOT, path)]]));
  const settings: ts.CompilerOptions = { ...options, noEmit: true, incremental: false, paths, rootDir: ROOT };
  const host = ts.createCompilerHost(settings, true);
  const texts = new Map([...virtual].map(([path, text]) => [join(ROOT, path), text]));
  const folders = [...texts.keys()].map((path) => join(path, '..'));
  host.fileExists = (path) => texts.has(path) || existsSync(path);
  host.readFile = (path) => texts.get(path) ?? ts.sys.readFile(path);
  host.directoryExists = (path) => folders.includes(path) || ts.sys.directoryExists(path);
  const original = host.getSourceFile.bind(host);
  host.getSourceFile = (path, ...rest) => {
    const text = texts.get(path);
    return text === undefined
      ? original(path, ...rest)
      : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  };
  const entries = Object.values(ENTRIES)
    .map((path) => join(ROOT, path))
    .filter((path) => existsSync(path));
  return ts.createProgram({
    rootNames: [...entries, DOCUMENTED_MODULES, ...texts.keys()],
    options: settings,
    host,
  });
}

/** A fenced code block of a page. */
export interface Snippet {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a Markdown page. */
export function snippetsOf(page: string): Snippet[] {
  const found: Snippet[] = [];
  const lines = readFileSync(join(ROOT, page), 'utf8').split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const fence = /^(\s*)(`{3,})(\w*)/.exec(lines[index]!);
    if (!fence) continue;
    const [, indent = '', ticks = '', language = ''] = fence;
    const start = index + 1;
    do index += 1;
    while (index < lines.length && lines[index]!.trim() !== ticks);
    const text = lines
      .slice(start, index)
      .map((line) => line.slice(indent.length))
      .join('\n');
    found.push({ page, line: start + 1, language, text });
  }
  return found;
}
