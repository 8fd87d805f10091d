// Joins the compiled scripts into a few: finding and reading 250 files is most of what the module adds to an application's
// start. Declarations stay as they are. Run by `npm run build` after the compiler; `node tools/bundle.mjs FOLDER` for
// another folder than dist.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { rollup } from 'rollup';

const folder = resolve(process.argv[2] ?? 'dist');
const { exports, bin } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));

/** What is loaded by its path: the scripts that the manifest names, such as `sql/index`. */
const entries = [...Object.values(exports), ...Object.values(bin)]
  .flatMap((target) => (typeof target === 'string' ? target : target.default))
  .flatMap((path) => /^(?:\.\/)?dist\/(.+)\.js$/.exec(path)?.[1] ?? []);

const bundle = await rollup({
  input: Object.fromEntries(entries.map((name) => [name, join(folder, `${name}.js`)])),
  external: (id) => !/^[./]/.test(id),
  onLog(level, { code, message }) {
    // The compiler's decorator helpers look at `this`, which a module does not have: they know.
    if (level === 'warn' && code !== 'THIS_IS_UNDEFINED') throw new Error(message);
  },
});
for (const file of readdirSync(folder, { recursive: true })) {
  if (file.endsWith('.js')) rmSync(join(folder, file));
}
await bundle.write({
  dir: folder,
  format: 'es',
  // What two entries share is one file: a class must not exist twice.
  chunkFileNames: 'chunks/[name].js',
  hoistTransitiveImports: false,
});
await bundle.close();
