import { installedPackage, packageFolders } from '../../utils/package-folder.js';

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

/** See saml §3.2: with older ones a forged identity was accepted, or one response took minutes. */
const NEEDED: Readonly<Record<string, string>> = {
  [SAML]: '5.1.0',
  [SIGNATURES]: '6.3.2',
  [DOCUMENTS]: '0.8.15',
};

/** What to do about old ones. */
export const OLD_LIBRARIES_REMEDY =
  `Run "npm update ${SIGNATURES} ${DOCUMENTS}" and deploy the new lock file; ` +
  'where another package holds them back, use "overrides" in package.json.';

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

/** The old ones in words, for a log or a report; null when there are none. */
export function describeOldLibraries(libraries: readonly VerifierLibrary[]): string | null {
  const old = libraries.filter((library) => library.old);
  if (old.length === 0) return null;
  const named = old.map(({ name, version, needed }) => `${name} ${version} (needed: ${needed} or newer)`);
  return `SAML responses are verified with old libraries: ${named.join(', ')}`;
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
