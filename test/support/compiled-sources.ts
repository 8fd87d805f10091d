import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

import { transformFileSync } from '@swc/core';

const ROOT = join(import.meta.dirname, '..', '..');

/** Sources as JavaScript, for processes of their own. */
export interface CompiledSources {
  /** Path of a compiled file, such as `test/support/queue-instance.ts`. */
  path(source: string): string;
  remove(): void;
}

/**
 * Compiles `src` and some files of the tests as jest does, into a folder below node_modules, where bare imports
 * resolve. Takes half a second; `dist` may be old or absent.
 */
export function compileSources(name: string, ...entries: readonly string[]): CompiledSources {
  const folder = join(ROOT, 'node_modules', '.cache', `${name}-${process.pid}`);
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(
      (file) => file.endsWith('.ts') && !file.startsWith(`sandbox${sep}`) && !file.startsWith(`cli${sep}`),
    )
    .map((file) => join(ROOT, 'src', file));
  for (const source of [...sources, ...entries.map((entry) => join(ROOT, entry))]) {
    const { code } = transformFileSync(source, {
      swcrc: false,
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        keepClassNames: true,
      },
      module: { type: 'es6' },
    });
    const target = compiled(folder, relative(ROOT, source));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return {
    path: (source) => compiled(folder, source),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function compiled(folder: string, source: string): string {
  return join(folder, source.replace(/\.ts$/, '.js'));
}
