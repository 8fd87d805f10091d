import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { MUTANTS } from '../models/mutants.js';
import { MODEL_NAMES } from '../models/scenario.js';
import { ROOT } from './source-files.js';

const PAGE = readFileSync(join(ROOT, 'docs/guarantees.md'), 'utf8');
const PROMISES = [...PAGE.matchAll(/^\| \[([^\]]+)\]\((#[\w-]+)\)/gm)].map(([, name = '', link = '']) => ({
  name,
  link,
}));
const FILES = [...new Set(PAGE.match(/\btest\/[\w/.-]+\.ts\b/g) ?? [])];

/** The text below a heading, until the next. */
function section(name: string): string {
  return PAGE.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';
}

describe('docs/guarantees.md', () => {
  it('names files that there are, and every model', () => {
    expect(FILES.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    expect(FILES).toEqual(expect.arrayContaining(MODEL_NAMES.map((name) => `test/models/${name}-model.ts`)));
  });

  it('has a section for each promise, with what is assumed, what breaks it, a model, and tests', () => {
    expect(PROMISES.length).toBeGreaterThanOrEqual(7);
    for (const { name, link } of PROMISES) {
      expect(link).toBe(
        `#${name
          .toLowerCase()
          .replaceAll(/[^\w ]/g, '')
          .replaceAll(' ', '-')}`,
      );
      const text = section(name);
      for (const part of ['Assumes', 'Broken by', 'Model', 'Tests'])
        expect([name, text]).toEqual([name, expect.stringContaining(`- **${part}**`)]);
    }
  });

  it('breaks every promise that has no mutants of its own in test/property', () => {
    const own = ['Two sides come together'];
    const others = PROMISES.map(({ name }) => name).filter((name) => !own.includes(name));
    expect(Object.keys(MUTANTS).toSorted()).toEqual(others.toSorted());
    const synchronization = readFileSync(join(ROOT, 'test/property/sync-mutants.spec.ts'), 'utf8');
    expect(synchronization.match(/^ {4}cut: /gm)?.length).toBeGreaterThanOrEqual(3);
  });

  it('names commands that there are, and words that they narrow something by', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    for (const [, script = '', word] of PAGE.matchAll(/npm run ([\w:]+)(?: -- (\S+))?/g)) {
      expect(Object.keys(scripts)).toContain(script);
      if (word !== undefined) expect(FILES.filter((file) => file.includes(word))).not.toEqual([]);
    }
  });
});
