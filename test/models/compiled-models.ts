import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { transformSync } from '@swc/core';

import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { MODEL_NAMES, type ModelName, type ScenarioResult } from './scenario.js';

const ROOT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

const FILES = [
  ...MODEL_NAMES.map((name) => `test/models/${name}-model.ts`),
  ...[
    'charge-market',
    'machine',
    'models',
    'run-models',
    'scenario',
    'search',
    'stepped-store',
    'virtual-clock',
  ].map((name) => `test/models/${name}.ts`),
  ...['settings', 'marketplaces', 'usage/usage-world'].map((name) => `test/support/${name}.ts`),
];

/** A rule taken out of a source: what stands there once, and what instead. */
export type Edit = readonly [cut: string, by: string];

/** The models over a copy of the sources, which may be changed. */
export class CompiledModels {
  readonly #sources: CompiledSources;

  constructor(name: string) {
    this.#sources = compileSources(name, ...FILES);
  }

  remove(): void {
    this.#sources.remove();
  }

  /** Searches models, or one scenario of one, until something does not hold. */
  async search(
    size: 'short' | 'full',
    models: readonly ModelName[],
    scenario?: string,
  ): Promise<ScenarioResult[]> {
    const script = this.#sources.path('test/models/run-models.ts');
    const given = [script, size, models.join(), ...(scenario === undefined ? [] : [scenario])];
    const { stdout } = await run(process.execPath, given, { maxBuffer: 2 ** 26 });
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as ScenarioResult);
  }

  /** Does something with a changed source. */
  async changed<T>(source: string, edits: readonly Edit[], work: () => Promise<T>): Promise<T> {
    const path = this.#sources.path(source);
    const whole = readFileSync(path, 'utf8');
    const { code } = transformSync(changedText(source, edits), {
      swcrc: false,
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        keepClassNames: true,
      },
      module: { type: 'es6' },
    });
    writeFileSync(path, code);
    try {
      return await work();
    } finally {
      writeFileSync(path, whole);
    }
  }
}

/** @throws when what is to be taken out is not there, or several times. */
export function changedText(source: string, edits: readonly Edit[]): string {
  let text = readFileSync(join(ROOT, source), 'utf8');
  for (const [cut, by] of edits) {
    const times = text.split(cut).length - 1;
    if (times !== 1) throw new Error(`${source} has ${times} times: ${cut}`);
    text = text.replace(cut, () => by);
  }
  return text;
}
