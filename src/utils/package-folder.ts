import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A package as it is installed. */
export interface InstalledPackage {
  readonly name: string;
  readonly folder: string;
  readonly version: string;
}

/**
 * The folders where this package is found from the program and from the working directory, the likeliest first. Asking
 * the module for its own address would keep CommonJS test runners from loading the package.
 */
export function* packageFolders(): Iterable<string> {
  for (const from of [process.argv[1], join(process.cwd(), 'index.js')]) {
    if (from === undefined) continue;
    try {
      yield dirname(createRequire(from).resolve('nestjs-maestrano/package.json'));
    } catch {
      // Not installed there: the next one.
    }
  }
}

/** The copy of a package that code in this folder loads; null when there is none or it does not tell its version. */
export function installedPackage(name: string, folder: string): InstalledPackage | null {
  try {
    const manifest = createRequire(join(folder, 'index.js')).resolve(`${name}/package.json`);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' ? { name, folder: dirname(manifest), version } : null;
  } catch {
    return null;
  }
}
