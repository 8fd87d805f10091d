// Joins the compiled files into a few: loading three hundred took a third of an application's start-up. Declarations
// stay as they are. Run by `npm run build` after the compiler; `node tools/bundle.mjs FOLDER` for another folder.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import { rollup } from 'rollup';

const folder = resolve(process.argv[2] ?? 'dist');
const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Every file that is loaded by its path: what the manifest names. */
const entries = [
  ...Object.values(exports).flatMap((target) => target.default ?? []),
  ...Object.values(bin),
].map((path) => join(folder, path.slice('./dist/'.length)));

const bundle = await rollup({
  input: Object.fromEntries(entries.map((file) => [relative(folder, file).replace(/\.js$/, ''), file])),
  external: (id) => !/^[./]/.test(id),
  onwarn(warning) {
    // The compiler's decorator helpers look at `this`, which a module does not have: they know.
    if (warning.code !== 'THIS_IS_UNDEFINED') throw new Error(warning.message);
  },
});
for (const file of readdirSync(folder, { recursive: true })) {
  if (file.endsWith('.js')) rmSync(join(folder, file));
}
await bundle.write({
  dir: folder,
  format: 'es',
  // What two entries share is one file: a class must not exist twice.
  chunkFileNames: 'chunks/[name]-[hash].js',
  hoistTransitiveImports: false,
});
await bundle.close();
