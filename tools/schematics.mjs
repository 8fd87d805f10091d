// Compiles the schematics for Nest's command line, which loads them with `require`: CommonJS, in a package of their own.
// Run by `npm run build` after the compiler; `node tools/schematics.mjs FOLDER` for another folder than dist.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import ts from 'typescript';

const source = join(import.meta.dirname, '../src');
const folder = join(resolve(process.argv[2] ?? 'dist'), 'schematics');
const written = new Set();

/** Compiles a file and what it imports of ours. */
function compile(path) {
  if (written.has(path)) return;
  written.add(path);
  const text = readFileSync(join(source, path), 'utf8');
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const target = join(folder, path.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, outputText);
  for (const [, specifier] of outputText.matchAll(/\brequire\("(\.[^"]+)"\)/g)) {
    compile(join(dirname(path), specifier).replace(/\.js$/, '.ts'));
  }
}

compile('cli/schematics/integration-schematic.ts');
writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
for (const name of ['collection.json', 'schema.json']) {
  copyFileSync(join(source, 'cli/schematics', name), join(folder, name));
}
