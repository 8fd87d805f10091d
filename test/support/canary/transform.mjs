import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

import swc from '@swc/jest';

import { WATCH_POINTS } from './watch-points.mjs';

const SOURCES = join(import.meta.dirname, '..', '..', '..', 'src') + sep;
const IMPORTS_LOGGER = /^import \{[^}]*\bLogger\b[^}]*\} from '@nestjs\/common';$/m;
const OWN = createHash('sha1')
  .update(readFileSync(import.meta.filename))
  .update(Object.keys(WATCH_POINTS).join());

/**
 * Jest's transformation of TypeScript, with a line behind the sources that the canary watches (watch-points.mjs): the
 * exported name is put in place of the watched one. Only tests see it; what is published is not touched.
 */
export default {
  createTransformer(options) {
    const transformer = swc.createTransformer(options);
    const own = OWN.copy().update(Object.values(WATCH_POINTS).flatMap(Object.keys).join()).digest('hex');
    return {
      ...transformer,
      process: (source, file, rest) => transformer.process(source + epilogue(source, file), file, rest),
      processAsync: (source, file, rest) =>
        transformer.processAsync(source + epilogue(source, file), file, rest),
      getCacheKey: (source, ...rest) => transformer.getCacheKey(source, ...rest) + own,
    };
  },
};

function epilogue(source, file) {
  if (!file.startsWith(SOURCES)) return '';
  const path = file.slice(SOURCES.length).replaceAll(sep, '/');
  const lines = Object.keys(WATCH_POINTS[path] ?? {}).map((name) => {
    if (!new RegExp(`^export (?:async |abstract )*(?:class|function) ${name}\\b`, 'm').test(source))
      throw new Error(`src/${path} exports no ${name}: correct test/support/canary/watch-points.mjs.`);
    return `${name} = globalThis.__canary?.watch(${JSON.stringify(path)}, '${name}', ${name}) ?? ${name};`;
  });
  if (IMPORTS_LOGGER.test(source)) lines.push('globalThis.__canary?.logger(Logger);');
  return lines.map((line) => `\n${line}`).join('');
}
