import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { PACKAGE_VERSION } from '../../src/utils/package-version.js';
import { packageOf, ROOT, sourceFiles, type SourceFile } from './source-files.js';

/** Imports go from a later line to an earlier one; folders of one line see each other unless told otherwise. */
const LAYERS: readonly (readonly string[])[] = [
  ['errors', 'interfaces', 'utils', 'maestrano.constants.ts'],
  ['views'],
  ['settings'],
  ['marketplace'],
  ['http', 'stores', 'security', 'adapters', 'events'],
  ['routing'],
  ['session'],
  ['sso', 'metadata', 'webhooks', 'synchronization', 'account', 'connec'],
  ['telemetry', 'health', 'handle'],
  ['maestrano-options.interface.ts', 'maestrano.module-definition.ts', 'maestrano.module.ts'],
  ['index.ts'],
];
const FEATURES = LAYERS.find((layer) => layer.includes('connec'))!;
/** The layers as far as the one of this folder. */
function upTo(folder: string): readonly string[] {
  return LAYERS.slice(0, LAYERS.findIndex((layer) => layer.includes(folder)) + 1).flat();
}
/** Rooms of a folder: imports go from a later one to an earlier one. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  routing: ['table', 'dispatch', 'mounting', 'early'],
};
/** Subpath exports stand outside the layers: what each may import. */
const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  redis: upTo('connec'),
  bullmq: upTo('connec'),
  sql: upTo('connec'),
  'pg-queue': [...upTo('connec'), 'sql'],
  sync: [...upTo('health'), 'sql'],
  usage: [...upTo('connec'), 'sql'],
  console: [...upTo('health'), 'sql', 'usage', 'sync'],
  sandbox: upTo('views'),
  testing: [...LAYERS.flat(), 'sandbox', 'sql', 'usage', 'sync'],
  cli: [...LAYERS.flat(), 'sandbox', 'testing', 'redis', 'bullmq', 'sql', 'pg-queue', 'sync'],
};

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional?: boolean }>;
};
const files = sourceFiles();
const byPath = new Map(files.map((file) => [file.path, file]));
const area = (path: string): string => path.split('/')[0]!;
const layerOf = (name: string): number => LAYERS.findIndex((layer) => layer.includes(name));

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (OUTSIDE[from]) return OUTSIDE[from].includes(to);
  const [upper, lower] = [layerOf(from), layerOf(to)];
  if (upper < 0 || lower < 0 || lower > upper) return false;
  return lower < upper || !FEATURES.includes(from);
}

/** The first circle found by following `next`, as a list of names. */
function circle(names: readonly string[], next: (name: string) => readonly string[]): string[] {
  const done = new Set<string>();
  const walk = (name: string, path: readonly string[]): string[] => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return [];
    done.add(name);
    for (const one of next(name)) {
      const found = walk(one, [...path, name]);
      if (found.length > 0) return found;
    }
    return [];
  };
  for (const name of names) {
    const found = walk(name, []);
    if (found.length > 0) return found;
  }
  return [];
}

const violations = (check: (file: SourceFile) => readonly string[]): string[] =>
  files.flatMap((file) => check(file).map((text) => `${file.path}: ${text}`));

describe('architecture', () => {
  it('places every folder in a layer', () => {
    const known = new Set([...LAYERS.flat(), ...Object.keys(OUTSIDE)]);
    expect([...new Set(files.map(({ path }) => area(path)))].filter((name) => !known.has(name))).toEqual([]);
  });

  it('imports downward only, types included', () => {
    expect(
      violations(({ path, imports }) =>
        imports
          .filter(({ target }) => target !== null && !mayImport(area(path), area(target)))
          .map(({ specifier }) => specifier),
      ),
    ).toEqual([]);
  });

  it('loads nothing of the synchronization where it is not imported (its check 28)', () => {
    const users = ['sync', 'console', 'testing', 'cli'];
    const entries = ['', ...Object.keys(OUTSIDE).filter((name) => !users.includes(name))];
    const reached = new Set(entries.map((name) => join(name, 'index.ts')));
    for (const path of reached) {
      for (const { kind, target } of byPath.get(path)!.imports)
        if (kind !== 'type' && target !== null) reached.add(target);
    }
    expect(reached.size).toBeGreaterThan(100);
    expect([...reached].filter((path) => area(path) === 'sync')).toEqual([]);
  });

  it.each(Object.entries(ROOMS))('imports downward between the rooms of %s', (folder, rooms) => {
    const room = (path: string): number => rooms.indexOf(path.split('/')[1]!);
    expect(
      violations(({ path, imports }) =>
        area(path) === folder && room(path) >= 0
          ? imports
              .filter(({ target }) => target !== null && area(target) === folder && room(target) > room(path))
              .map(({ specifier }) => specifier)
          : [],
      ),
    ).toEqual([]);
  });

  it('keeps the protocols of SSO apart: each imports what they share, and nothing of another', () => {
    const room = (path: string): string => path.split('/').slice(0, -1).join('/');
    const shared = ['sso/login', 'sso/trace'];
    expect(
      violations(({ path, imports }) =>
        room(path).startsWith('sso/')
          ? imports
              .filter(({ target }) => target !== null && area(target) === 'sso')
              .filter(({ target }) => ![room(path), ...shared].includes(room(target!)))
              .map(({ specifier }) => specifier)
          : [],
      ),
    ).toEqual([]);
  });

  it('has no import cycle between files, type imports included', () => {
    const next = (path: string): string[] =>
      (byPath.get(path)?.imports ?? [])
        .filter(({ kind, target }) => kind !== 'dynamic' && target !== null)
        .map(({ target }) => target!);
    expect(circle([...byPath.keys()], next)).toEqual([]);
  });

  it('imports files that exist, with their .js suffix', () => {
    expect(
      violations(({ imports }) =>
        imports
          .filter(
            ({ specifier, target }) => target !== null && (!specifier.endsWith('.js') || !byPath.has(target)),
          )
          .map(({ specifier }) => specifier),
      ),
    ).toEqual([]);
  });

  it('imports declared packages only', () => {
    const declared = new Set([
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.peerDependencies),
    ]);
    expect(
      violations(({ imports }) =>
        imports
          .filter(({ target }) => target === null)
          .map(({ specifier }) => specifier)
          .filter((name) =>
            name.startsWith('node:') ? !isBuiltin(name) : !declared.has(packageOf(name)) || isBuiltin(name),
          ),
      ),
    ).toEqual([]);
  });

  it('uses every declared dependency', () => {
    const used = new Set(
      files.flatMap(({ imports }) => imports.map(({ specifier }) => packageOf(specifier))),
    );
    // reflect-metadata is what decorators are compiled to; rxjs and class-transformer are peers of Nest's own packages;
    // pg-boss comes as a class that the application hands over.
    const implicit = ['reflect-metadata', 'class-transformer', 'rxjs', 'pg-boss'];
    const declared = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
    expect(declared.filter((name) => !used.has(name) && !implicit.includes(name))).toEqual([]);
  });

  it('loads optional packages only where asked for them', () => {
    const optional = Object.keys(manifest.peerDependenciesMeta).filter(
      (name) => manifest.peerDependenciesMeta[name]?.optional,
    );
    const own: Readonly<Record<string, readonly string[]>> = {
      redis: ['ioredis'],
      bullmq: ['ioredis', 'bullmq'],
      // Parsers, each in a reader that is loaded when a file of its kind is there.
      cli: ['@ruby/prism', 'php-parser', 'yaml', 'typescript'],
    };
    expect(
      violations(({ path, imports }) =>
        imports
          .filter(({ specifier, kind }) => kind === 'value' && optional.includes(packageOf(specifier)))
          .filter(({ specifier }) => !own[area(path)]?.includes(packageOf(specifier)))
          .map(({ specifier }) => specifier),
      ),
    ).toEqual([]);
  });

  it('keeps files under 400 lines', () => {
    expect(
      violations(({ text }) => {
        const lines = text.trimEnd().split('\n').length;
        return lines > 400 ? [`${lines} lines`] : [];
      }),
    ).toEqual([]);
  });

  it('names files by topic and kind, in kebab case', () => {
    expect(
      violations(({ path }) =>
        /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+(-[a-z]+)*)?\.ts$/.test(basename(path)) ? [] : ['name'],
      ),
    ).toEqual([]);
  });

  it('keeps services, guards, modules and controllers in files of their kind', () => {
    expect(
      violations(({ path, ast }) =>
        exportedClasses(ast)
          .map(
            (name) =>
              [name, /(Service|Guard|Module|Controller|Interceptor|Filter)$/.exec(name)?.[1]] as const,
          )
          .filter(([, kind]) => kind !== undefined)
          .filter(([name, kind]) => !isNamed(basename(path), name.slice(0, -kind!.length), kind!))
          .map(([name]) => name),
      ),
    ).toEqual([]);
  });

  it('exports one class a file and at most one companion; a family of errors or of DTOs counts as one', () => {
    expect(
      violations(({ path, ast }) => {
        const classes = exportedClasses(ast);
        return classes.length > 2 && !/\.(error|dto|entity|entities)\.ts$/.test(path)
          ? [classes.join(', ')]
          : [];
      }),
    ).toEqual([]);
  });

  it('has no inner barrels and no export of everything', () => {
    const entries = [
      '',
      'redis/',
      'bullmq/',
      'sql/',
      'pg-queue/',
      'sync/',
      'usage/',
      'console/',
      'sandbox/',
      'testing/',
    ].map((folder) => `${folder}index.ts`);
    expect(
      violations(({ path, text }) => [
        ...(basename(path) === 'index.ts' && !entries.includes(path) ? ['an inner index.ts'] : []),
        ...(/^export \* from/m.test(text) ? ['export *'] : []),
      ]),
    ).toEqual([]);
  });

  it('leaves nothing unfinished, and gives a reason with every silenced rule', () => {
    expect(
      violations(({ text }) => [
        ...(/\b(TODO|FIXME|XXX|HACK)\b/.exec(text)?.slice(0, 1) ?? []),
        ...(/(?:eslint|oxlint)-disable(?:-next-line|-line)?(?: [\w@/,-]+)?(?: ?\*\/)?$/m
          .exec(text)
          ?.slice(0, 1) ?? []),
        ...(/@ts-(?:ignore|nocheck)/.exec(text) ?? []),
        ...(/\/work\/|\.\.\/shared\b|issue \d+\b/.exec(text) ?? []),
      ]),
    ).toEqual([]);
  });

  it('names its version as the manifest does', () => {
    expect(PACKAGE_VERSION).toBe(manifest.version);
  });

  it('can be loaded by CommonJS test runners: no import.meta, no top-level await outside the command', () => {
    expect(
      violations(({ path, ast }) => {
        const waits = ast.statements.some((node) =>
          /^(?:export )?(?:const \w+ = )?await /.test(node.getText(ast)),
        );
        const meta = path.startsWith('cli/') || !ast.getText().includes('import.meta') ? [] : ['import.meta'];
        return waits && path !== 'cli/main.ts' ? ['await', ...meta] : meta;
      }),
    ).toEqual([]);
  });

  it('makes nothing request-scoped', () => {
    expect(
      violations(({ text }) => (/scope:\s*Scope\.(REQUEST|TRANSIENT)/.test(text) ? ['scoped'] : [])),
    ).toEqual([]);
  });
});

function isBuiltin(name: string): boolean {
  return builtinModules.includes(name.replace(/^node:/, ''));
}

function exportedClasses(ast: ts.SourceFile): string[] {
  return ast.statements
    .filter(ts.isClassDeclaration)
    .filter((node) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
    .map((node) => node.name?.text ?? 'default');
}

/** `OpenIdClient` of kind `Service` is at home in `open-id-client.service.ts` and in `openid-client.service.ts`. */
function isNamed(file: string, topic: string, kind: string): boolean {
  return file.replaceAll('-', '') === `${topic}.${kind}.ts`.toLowerCase();
}
