import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ROOT } from './source-files.js';

/** The package as npm would publish it. */
export interface PackedPackage {
  /** The .tgz. */
  readonly tarball: string;
  /** Its content, unpacked. */
  readonly folder: string;
  /** A directory to work in. */
  readonly scratch: string;
  remove(): void;
}

/** Compiles and packs into a directory of its own: the checkout's dist may be in use, or older. */
export function packPackage(): PackedPackage {
  const scratch = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-package-'));
  const source = join(scratch, 'source');
  mkdirSync(source);
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(source, 'dist')], {
    cwd: ROOT,
  });
  for (const tool of ['schematics.mjs', 'llms.mjs'])
    execFileSync(process.execPath, [join(ROOT, 'tools', tool), join(source, 'dist')], { cwd: ROOT });
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs']) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(source, name), { recursive: true });
  }
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', scratch], {
    cwd: source,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename }] = JSON.parse(packed.toString()) as [{ filename: string }];
  const tarball = join(scratch, filename);
  execFileSync('tar', ['-xzf', tarball, '-C', scratch]);
  return {
    tarball,
    folder: join(scratch, 'package'),
    scratch,
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  };
}
