// Compiles a checkout file by file (the published scripts may be joined), so that tools see its own files and functions.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A compiled checkout: `load('index.js')` imports one of its files, `folder` is where they lie. */
export function openCheckout(path = '.') {
  const root = resolve(path);
  const folder = join(root, 'artifacts', 'compiled');
  mkdirSync(folder, { recursive: true });
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-p',
      'tsconfig.build.json',
      '--outDir',
      folder,
      '--declaration',
      'false',
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  // The checkout's own packages: a decorator of another copy of Nest would not be seen.
  const packages = createRequire(join(folder, 'index.js'));
  return {
    root,
    folder,
    load: (file) => import(pathToFileURL(join(folder, file)).href),
    package: (name) => import(pathToFileURL(packages.resolve(name)).href),
  };
}
