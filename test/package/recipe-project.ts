import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';

import { ROOT } from './source-files.js';

/** A folder in which recipes run as a user's project does: the built package by its name, what else they import beside it. */
export class RecipeProject {
  readonly folder: string;

  /** @param name of the folder, below `artifacts`. */
  constructor(name: string) {
    this.folder = join(ROOT, 'artifacts', `${name}-${process.pid}`);
    mkdirSync(join(this.folder, 'node_modules'), { recursive: true });
    symlinkSync(ROOT, join(this.folder, 'node_modules', 'nestjs-maestrano'), 'dir');
  }

  /** Writes a file; what is TypeScript is compiled to an `.mjs` as `nest build` would. Returns its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name.replace(/\.ts$/, '.mjs'));
    const { outputText } = name.endsWith('.ts')
      ? ts.transpileModule(text, {
          compilerOptions: {
            target: ts.ScriptTarget.ES2022,
            module: ts.ModuleKind.ESNext,
            experimentalDecorators: true,
            emitDecoratorMetadata: true,
          },
        })
      : { outputText: text };
    writeFileSync(path, outputText);
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
