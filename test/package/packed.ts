import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

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

/** Where the run keeps its pack, which its global setup makes and its teardown removes. */
const { TEST_PACK_FOLDER = '', TEST_BUILT = '' } = process.env;

/** Longest wait for the worker that packs, milliseconds. */
const PATIENCE = 120_000;

/** The package, packed once for the whole run and unpacked into a directory of the caller's own. */
export async function packPackage(): Promise<PackedPackage> {
  const packed = await packedOnce();
  const scratch = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-package-'));
  const tarball = join(scratch, 'nestjs-maestrano.tgz');
  cpSync(packed, tarball);
  execFileSync('tar', ['-xzf', tarball, '-C', scratch]);
  return {
    tarball,
    folder: join(scratch, 'package'),
    scratch,
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  };
}

/** The tarball of this run. One worker makes it; others that ask meanwhile wait for it. */
async function packedOnce(): Promise<string> {
  const [tarball, failure] = [join(TEST_PACK_FOLDER, 'package.tgz'), join(TEST_PACK_FOLDER, 'failed')];
  if (isFirst()) {
    try {
      // Under its name only once it is whole.
      renameSync(pack(), tarball);
    } catch (error) {
      writeFileSync(failure, '');
      throw error;
    }
  }
  for (const end = performance.now() + PATIENCE; !existsSync(tarball); await pause(200)) {
    if (existsSync(failure) || performance.now() > end)
      throw new Error('Another test file was to pack the package, and could not.');
  }
  return tarball;
}

function isFirst(): boolean {
  try {
    mkdirSync(join(TEST_PACK_FOLDER, 'source'));
    return true;
  } catch {
    return false;
  }
}

/**
 * Compiles and packs into a directory of its own: the checkout's dist may be in use, or older. Where TEST_BUILT says that
 * it was built right now, as CI does, it is taken.
 */
function pack(): string {
  const source = join(TEST_PACK_FOLDER, 'source');
  if (TEST_BUILT === '1') cpSync(join(ROOT, 'dist'), join(source, 'dist'), { recursive: true });
  else compile(join(source, 'dist'));
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs']) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(source, name), { recursive: true });
  }
  const packed = execFileSync(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', TEST_PACK_FOLDER],
    { cwd: source, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [{ filename }] = JSON.parse(packed.toString()) as [{ filename: string }];
  return join(TEST_PACK_FOLDER, filename);
}

function compile(folder: string): void {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  // Types are checked by `npm run lint`.
  const options = ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', folder];
  execFileSync(process.execPath, [tsc, ...options], { cwd: ROOT });
  for (const tool of ['bundle.mjs', 'schematics.mjs', 'llms.mjs'])
    execFileSync(process.execPath, [join(ROOT, 'tools', tool), folder], { cwd: ROOT });
}
