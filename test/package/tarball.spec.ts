import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { type PackedPackage, packPackage } from './packed.js';
import { packageOf, ROOT } from './source-files.js';

interface Manifest {
  readonly name: string;
  readonly bin: Record<string, string>;
  readonly exports: Record<string, string | { readonly types: string; readonly default: string }>;
  readonly typesVersions: { readonly '*': Record<string, readonly string[]> };
  readonly dependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
  readonly peerDependenciesMeta: Record<string, { readonly optional?: boolean }>;
}

let packed: PackedPackage;
let manifest: Manifest;

beforeAll(async () => {
  packed = await packPackage();
  manifest = JSON.parse(readFileSync(join(packed.folder, 'package.json'), 'utf8')) as Manifest;
}, 240_000);
afterAll(() => packed?.remove());

const files = (): string[] =>
  readdirSync(packed.folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(packed.folder, name)).isFile(),
  );

interface Import {
  readonly specifier: string;
  readonly dynamic: boolean;
}

/** Read once: most files are reached from each entry. */
const imports = new Map<string, readonly Import[]>();

/** Specifiers that a compiled or declaration file imports. */
function importsOf(path: string): readonly Import[] {
  const known = imports.get(path);
  if (known) return known;
  const text = readFileSync(path, 'utf8');
  const found = ts.preProcessFile(text, true, false).importedFiles.map(({ fileName, pos }) => ({
    specifier: fileName,
    dynamic: /import\(\s*$/.test(text.slice(Math.max(0, pos - 200), pos)),
  }));
  imports.set(path, found);
  return found;
}

/** The file that a specifier means: declarations refer to each other as if they were scripts. */
function fileOf(path: string, importer: string): string {
  return importer.endsWith('.d.ts') ? path.replace(/\.js$/, '.d.ts') : path;
}

/** Every file reachable from an entry by relative imports that are not dynamic. */
function closure(entry: string): string[] {
  const seen = new Set<string>();
  const walk = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { specifier, dynamic } of importsOf(path)) {
      if (!specifier.startsWith('.') || (dynamic && path.endsWith('.js'))) continue;
      walk(fileOf(join(dirname(path), specifier), path));
    }
  };
  walk(join(packed.folder, entry));
  return [...seen];
}

const packagesOf = (paths: readonly string[], withDynamic = false): string[] =>
  [
    ...new Set(
      paths
        .flatMap(importsOf)
        .filter(({ specifier, dynamic }) => !specifier.startsWith('.') && (withDynamic || !dynamic))
        .map(({ specifier }) => packageOf(specifier)),
    ),
  ].sort();

const entries = (): [string, { types: string; default: string }][] =>
  Object.entries(manifest.exports).filter(
    (entry): entry is [string, { types: string; default: string }] => typeof entry[1] !== 'string',
  );

describe('the packed package', () => {
  it('holds what it should and nothing else', () => {
    const allowed =
      /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|docs\/.+\.md|docs\/[\w-]+\.svg|dist\/llms\.txt|dist\/.+\.(?:js|d\.ts|css|html|svg)|dist\/schematics\/\w+\.json)$/;
    expect(files().filter((name) => !allowed.test(name))).toEqual([]);
    expect(files()).toEqual(
      expect.arrayContaining([
        'README.md',
        'LICENSE',
        'CHANGELOG.md',
        'SECURITY.md',
        'dist/index.js',
        'dist/cli/main.js',
        'docs/reference/protocol.md',
        'docs/reference/saml.md',
        'dist/schematics/collection.json',
        'dist/schematics/package.json',
        'dist/llms.txt',
        'docs/overview.svg',
      ]),
    );
    // Every guide of the checkout is there to be read offline.
    const guides = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.md'),
    );
    expect(guides.filter((name) => !existsSync(join(packed.folder, 'docs', name)))).toEqual([]);
    // Only the owner can name these: until then they are left out rather than made up.
    for (const name of ['repository', 'homepage', 'bugs', 'author'])
      expect(manifest).not.toHaveProperty(name);
  });

  it('has documents whose links lead to files of the package', () => {
    const dead = files()
      .filter((name) => name.endsWith('.md') || name === 'dist/llms.txt')
      .flatMap((name) => {
        const text = readFileSync(join(packed.folder, name), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
        return [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)]
          .map(([, target = '']) => target)
          .filter((target) => !/^[a-z]+:/.test(target))
          .filter((target) => !existsSync(join(packed.folder, dirname(name), target)))
          .map((target) => `${name}: ${target}`);
      });
    expect(dead).toEqual([]);
  });

  it('has the reference that the comments of its declarations cite', () => {
    const entry = readFileSync(join(packed.folder, 'dist/index.d.ts'), 'utf8');
    const named = [...entry.matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([path]) => path);
    expect(named).toEqual(['docs/reference/protocol.md', 'docs/reference/saml.md']);
    expect(named.filter((path) => !existsSync(join(packed.folder, path)))).toEqual([]);
  });

  it('is small', () => {
    const bytes = files().reduce((sum, name) => sum + statSync(join(packed.folder, name)).size, 0);
    expect(bytes).toBeLessThan(6_000_000);
  });

  it('has every file that its manifest names', () => {
    const named = [
      ...Object.values(manifest.exports).flatMap((target) =>
        typeof target === 'string' ? [target] : Object.values(target),
      ),
      ...Object.values(manifest.bin),
      ...Object.values(manifest.typesVersions['*']).flat(),
    ];
    expect(named.filter((path) => !existsSync(join(packed.folder, path)))).toEqual([]);
    const subpaths = entries()
      .map(([name]) => name.slice(2))
      .filter(Boolean);
    expect(Object.keys(manifest.typesVersions['*']).sort()).toEqual(subpaths.sort());
  });

  it('can run its command', () => {
    for (const path of Object.values(manifest.bin)) {
      expect(readFileSync(join(packed.folder, path), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });

  it('imports only what it declares, and files that are there', () => {
    const declared = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
    const wrong = files()
      .filter((name) => /\.(?:js|d\.ts)$/.test(name))
      .flatMap((name) =>
        importsOf(join(packed.folder, name))
          .filter(({ specifier }) =>
            specifier.startsWith('.')
              ? !existsSync(fileOf(join(packed.folder, dirname(name), specifier), name))
              : !specifier.startsWith('node:') &&
                (!declared.includes(packageOf(specifier)) || builtinModules.includes(specifier)),
          )
          .map(({ specifier }) => `${name}: ${specifier}`),
      );
    expect(wrong).toEqual([]);
  });

  it('shows applications no type of a package that they need not know', () => {
    // undici: private members of the transport, which no signature that applications call mentions. axios: what the
    // `http.configure` option is given.
    const known: Record<string, string[]> = {
      '.': ['@nestjs/common', '@nestjs/core', 'axios', 'rxjs', 'undici'],
      './testing': ['@nestjs/common', '@nestjs/core', 'axios', 'rxjs', 'undici'],
      './sandbox': ['@nestjs/common', '@nestjs/core', 'rxjs'],
      './redis': ['@nestjs/common', '@nestjs/core', 'ioredis', 'rxjs'],
      './bullmq': ['@nestjs/common', '@nestjs/core', 'axios', 'bullmq', 'ioredis', 'rxjs', 'undici'],
      './sql': ['@nestjs/common', '@nestjs/core', 'rxjs'],
      './pg-queue': ['@nestjs/common', '@nestjs/core', 'axios', 'rxjs', 'undici'],
      './sync': ['@nestjs/common', '@nestjs/core', 'axios', 'rxjs', 'undici'],
      './console': ['@nestjs/common', '@nestjs/core', 'axios', 'rxjs', 'undici'],
      './usage': ['@nestjs/common', '@nestjs/core', 'axios', 'rxjs', 'undici'],
    };
    for (const [name, { types }] of entries()) {
      const leaked = packagesOf(closure(types), true).filter(
        (found) => !found.startsWith('node:') && !known[name]?.includes(found),
      );
      expect({ name, leaked }).toEqual({ name, leaked: [] });
    }
  });

  it('loads heavy and optional packages only when they are used', () => {
    const heavy = [
      '@node-saml/node-saml',
      '@opentelemetry/api',
      'axios',
      'bullmq',
      'ioredis',
      'jose',
      'undici',
      'xml-crypto',
      '@nestjs/axios',
    ];
    expect(packagesOf(closure('dist/index.js')).filter((name) => heavy.includes(name))).toEqual([]);
    const parsers = ['@ruby/prism', 'php-parser', 'yaml', 'typescript'];
    const command = packagesOf(closure('dist/chunks/import.command.js'));
    expect(command.filter((name) => parsers.includes(name))).toEqual([]);
    // What a deployment does not use is in files of its own.
    const source = closure('dist/index.js')
      .map((path) => readFileSync(path, 'utf8'))
      .join();
    expect(source).toContain('class MaestranoModule ');
    for (const elsewhere of ['Sandbox', 'MaestranoTestingModule', 'RedisStore', 'ExplainableSaml'])
      expect({ elsewhere, there: source.includes(`class ${elsewhere} `) }).toEqual({
        elsewhere,
        there: false,
      });
  });

  it('is few scripts, for each costs every start half a millisecond, and keeps the names of classes', () => {
    expect(closure('dist/index.js').length).toBeLessThan(45);
    const scripts = files().filter((name) => name.endsWith('.js'));
    const renamed = scripts.filter((name) =>
      /\bclass \w+\$\d/.test(readFileSync(join(packed.folder, name), 'utf8')),
    );
    expect(renamed).toEqual([]);
  });

  it('keeps the comments of its declarations', () => {
    const roots = entries().map(([, { types }]) => join(packed.folder, types));
    const { NodeNext } = ts.ModuleKind;
    const options = {
      skipLibCheck: true,
      types: [],
      module: NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    };
    const program = ts.createProgram(roots, options);
    const checker = program.getTypeChecker();
    const bare = roots.flatMap((root) => {
      const module = checker.getSymbolAtLocation(program.getSourceFile(root)!)!;
      return checker
        .getExportsOfModule(module)
        .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
        .filter((symbol) => symbol.getDocumentationComment(checker).length === 0)
        .map((symbol) => `${relative(packed.folder, root)}: ${symbol.name}`);
    });
    expect(bare).toEqual([]);
  });

  it('tells nothing of the machine it was made on', () => {
    const reported = files().filter((name) =>
      /\/work\/|\/tmp\/|\/home\/\w+\//.test(readFileSync(join(packed.folder, name), 'utf8')),
    );
    expect(reported).toEqual([]);
  });
});
