// Prints the software bill of materials of the package as CycloneDX: itself, its dependencies and theirs, with versions,
// licences and checksums, from the lock file; no network. `npm run --silent sbom > sbom.json`.
//
// npm makes the document, in a folder that holds nothing else: `npm sbom --omit dev` of the checkout leaves out every
// dependency that a development tool needs as well, axios among them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const read = (name) => JSON.parse(readFileSync(join(root, name), 'utf8'));
const { name, version, license, dependencies } = read('package.json');
const { packages } = read('package-lock.json');

/** Where Node.js finds a package that another one asks for: beside it, or above. */
function placeOf(dependency, from) {
  for (
    let folder = from;
    ;
    folder = folder.slice(0, folder.lastIndexOf('node_modules/')).replace(/\/$/, '')
  ) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${dependency}`;
    if (packages[place]) return place;
    if (folder === '') throw new Error(`${dependency} is not in the lock file.`);
  }
}

const wanted = new Map();
function collect(names, from) {
  for (const dependency of Object.keys(names ?? {})) {
    const place = placeOf(dependency, from);
    if (wanted.has(place)) continue;
    const { dev: _dev, devOptional: _devOptional, peerDependencies: _peers, ...entry } = packages[place];
    wanted.set(place, entry);
    collect(entry.dependencies, place);
  }
}
collect(dependencies, '');

const scratch = mkdtempSync(join(tmpdir(), 'sbom-'));
try {
  // The document is named after the folder.
  const folder = join(scratch, name);
  mkdirSync(folder);
  const manifest = { name, version, license, dependencies };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({
      name,
      version,
      lockfileVersion: 3,
      requires: true,
      packages: { '': manifest, ...Object.fromEntries(wanted) },
    }),
  );
  const argv = [
    'sbom',
    '--package-lock-only',
    '--sbom-format',
    'cyclonedx',
    '--sbom-type',
    'library',
    '--offline',
  ];
  process.stdout.write(execFileSync('npm', argv, { cwd: folder }));
} finally {
  rmSync(scratch, { recursive: true });
}
