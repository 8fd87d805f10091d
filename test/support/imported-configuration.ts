import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runInNewContext } from 'node:vm';

import ts from 'typescript';

import { flattenParameters } from '../../src/marketplace/normaliser/parameter-names.js';
import { commandLine } from './command-line.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What one run of the `import` command did. */
export interface ImportRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Text of a file that it wrote; null when it is not there. */
  written(name: string): string | null;
  /** Loads the module that it wrote, with these variables. */
  load(env?: Environment): LoadedModule;
}

/** Exports of a written module. */
export interface LoadedModule {
  readonly marketplaces?: readonly Record<string, unknown>[];
  readonly developerPlatform?: Readonly<Record<string, unknown>>;
}

/** A directory to import in. */
export class ImportFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'import-'));

  remove(): void {
    rmSync(this.path, { recursive: true });
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const file = join(this.path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }

  async run(
    argv: string[],
    files: Readonly<Record<string, string>> = {},
    env: Environment = {},
  ): Promise<ImportRun> {
    this.write(files);
    const outcome = await commandLine(['import', ...argv], { env, cwd: this.path });
    const written = (name: string): string | null => {
      try {
        return readFileSync(join(this.path, name), 'utf8');
      } catch {
        return null;
      }
    };
    return {
      ...outcome,
      written,
      load: (variables) => load(written('maestrano.config.ts') ?? '', variables),
    };
  }
}

function load(source: string, env: Environment = {}): LoadedModule {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const exports: LoadedModule = {};
  runInNewContext(outputText, { exports, process: { env } });
  return JSON.parse(JSON.stringify(exports)) as LoadedModule;
}

/** The parameters of a loaded module, flat: marketplace, then canonical parameter. */
export function parametersOf({ marketplaces = [] }: LoadedModule): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    marketplaces.map((entry) => {
      const { marketplace, ...parameters } = Object.fromEntries(flattenParameters(entry));
      return [String(marketplace), parameters];
    }),
  );
}
