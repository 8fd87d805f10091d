import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { type Finding, ok, trouble } from './finding.js';

/** A package as it is installed. */
interface InstalledPackage {
  readonly name: string;
  readonly folder: string;
  readonly version: string;
}

/** A library that verifies responses, as it is installed. */
export interface VerifierLibrary {
  readonly name: string;
  readonly version: string;
  /** The oldest version without a known way to forge a login or to stall the process. */
  readonly needed: string;
  readonly old: boolean;
}

const SAML = '@node-saml/node-saml';
const SIGNATURES = 'xml-crypto';
const DOCUMENTS = '@xmldom/xmldom';

/** With older ones a forged identity was accepted, or one response took minutes (saml §3.2). */
const NEEDED: Readonly<Record<string, string>> = {
  [SAML]: '5.1.0',
  [SIGNATURES]: '6.3.2',
  [DOCUMENTS]: '0.8.15',
};

const REMEDY =
  `Run "npm update ${SIGNATURES} ${DOCUMENTS}" and deploy the new lock file; ` +
  'where another package holds them back, use "overrides" in package.json.';

/** Whether the libraries that verify logins are new enough; nothing where they cannot be found. */
export function checkLibraries(libraries = verifierLibraries()): Finding[] {
  if (libraries.length === 0) return [];
  const old = libraries.filter((library) => library.old);
  if (old.length === 0) {
    const versions = libraries.map(({ name, version }) => `${name} ${version}`).join(', ');
    return [ok('libraries', null, `${versions} verify logins`)];
  }
  const named = old.map(({ name, version, needed }) => `${name} ${version} (needed: ${needed} or newer)`);
  const message = `SAML responses are verified with old libraries: ${named.join(', ')}`;
  return [trouble('warning', 'libraries', null, message, REMEDY)];
}

/**
 * node-saml and what it verifies with, each copy that it really loads: its version ranges allow old ones, and a newer
 * copy elsewhere in the tree does not help. Empty where they cannot be found, such as in a bundle; never throws.
 *
 * @param folders where this package may be installed.
 */
export function verifierLibraries(folders: Iterable<string> = packageFolders()): readonly VerifierLibrary[] {
  for (const folder of folders) {
    const saml = installedPackage(SAML, folder);
    if (!saml) continue;
    const signatures = installedPackage(SIGNATURES, saml.folder);
    const parsers = [saml, signatures].map((user) => user && installedPackage(DOCUMENTS, user.folder));
    const byFolder = new Map<string, VerifierLibrary>();
    for (const found of [saml, signatures, ...parsers]) {
      if (!found) continue;
      const { name, version } = found;
      const needed = NEEDED[name] ?? version;
      // Keyed by folder: node-saml and xml-crypto usually share their parser.
      byFolder.set(found.folder, { name, version, needed, old: isOlder(version, needed) });
    }
    return [...byFolder.values()];
  }
  return [];
}

/**
 * The folders where this package is found from the program and from the working directory, the likeliest first. Asking
 * the module for its own address would keep CommonJS test runners from loading the package.
 */
function* packageFolders(): Iterable<string> {
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
function installedPackage(name: string, folder: string): InstalledPackage | null {
  try {
    const manifest = createRequire(join(folder, 'index.js')).resolve(`${name}/package.json`);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' ? { name, folder: dirname(manifest), version } : null;
  } catch {
    return null;
  }
}

/** What is not three numbers is not older than anything. */
function isOlder(version: string, than: string): boolean {
  const found = numbersOf(version);
  for (const [index, least] of numbersOf(than).entries()) {
    const number = found[index] ?? Number.NaN;
    if (number !== least) return number < least;
  }
  return false;
}

function numbersOf(version: string): number[] {
  return version.split(/[.+-]/, 3).map(Number);
}
