import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { ROOT, sourceFiles } from './source-files.js';

const TEXT = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');

/** Everything in backticks, once. */
const NAMES = [...new Set([...TEXT.matchAll(/`([^`\n]+)`/g)].map(([, name]) => name!))];
const FILE_NAMES = new Set(sourceFiles().map(({ path }) => basename(path)));

/** The text between a heading and the next one of any level. */
function section(heading: string): string {
  const [, body = ''] = TEXT.split(`${heading}\n`);
  return body.split(/^#/m)[0] ?? '';
}

/** Paths are below `src`, those of tests and tools below the checkout; a bare name is a file somewhere below `src`. */
function exists(name: string): boolean {
  if (existsSync(join(ROOT, 'src', name)) || existsSync(join(ROOT, name))) return true;
  return !name.includes('/') && FILE_NAMES.has(name);
}

describe('docs/architecture.md', () => {
  it('names files that exist', () => {
    const files = NAMES.filter((name) => /^[\w./-]+\.(ts|mjs|js)$/.test(name));
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((name) => !exists(name))).toEqual([]);
  });

  it('names folders that exist', () => {
    const folders = NAMES.filter((name) => /^[\w.-]+(\/[\w.-]+)*\/$/.test(name));
    const ofLayers = [...section('## Layers').matchAll(/`([\w.-]+)`/g)].map(([, name]) => name!);
    expect(folders.length).toBeGreaterThan(10);
    expect([...folders, ...ofLayers].filter((name) => !exists(name))).toEqual([]);
  });

  it('places every folder of the sources in a layer, or beside them', () => {
    const text = section('## Layers');
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(folders.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  it.each(['A login', 'A notification', 'A removal', 'A charge'])('walks through %s in six steps', (walk) => {
    const steps = [...section(`### ${walk}`).matchAll(/^(\d+)\. /gm)].map(([, number]) => number);
    expect(steps).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('names a file in every step of a walk', () => {
    const steps = ['A login', 'A notification', 'A removal', 'A charge'].flatMap((walk) =>
      section(`### ${walk}`)
        .split(/^(?=\d+\. )/m)
        .filter((step) => /^\d/.test(step)),
    );
    const bare = steps.filter((step) => !/`[\w./-]+\.ts`/.test(step)).map((step) => step.slice(0, 40));
    expect(bare).toEqual([]);
  });
});
