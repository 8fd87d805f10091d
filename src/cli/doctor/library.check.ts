import {
  describeOldLibraries,
  OLD_LIBRARIES_REMEDY,
  verifierLibraries,
} from '../../sso/saml/verifier-libraries.js';
import { type Finding, ok, trouble } from './finding.js';

/** Whether the libraries that verify logins are new enough; nothing where they cannot be found. */
export function checkLibraries(libraries = verifierLibraries()): Finding[] {
  const old = describeOldLibraries(libraries);
  if (old !== null) return [trouble('warning', 'libraries', null, old, OLD_LIBRARIES_REMEDY)];
  if (libraries.length === 0) return [];
  const versions = libraries.map(({ name, version }) => `${name} ${version}`).join(', ');
  return [ok('libraries', null, `${versions} verify logins`)];
}
