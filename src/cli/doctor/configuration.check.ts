import type { ConfigurationProblem } from '../../errors/configuration.error.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { type Finding, ok, trouble } from './finding.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Problems as findings, and each certificate with the days it has left. */
export function checkConfiguration(
  marketplaces: readonly Marketplace[],
  problems: readonly ConfigurationProblem[],
): Finding[] {
  return [
    ...problems.map(({ severity, marketplace, key, message, remedy, code }) =>
      trouble(severity, 'configuration', marketplace, `${key ? `${key}: ` : ''}${message} [${code}]`, remedy),
    ),
    ...marketplaces.map(({ name, api, sso, connec }) =>
      ok(
        'configuration',
        name,
        `id ${api.id}, hub ${api.host}, ${api.keys.length} key(s), SSO ${sso.enabled ? sso.protocol : 'off'}, ` +
          `Connec! ${connec.enabled ? connec.host : 'off'}`,
      ),
    ),
    ...marketplaces.flatMap(({ name, sso }) =>
      // Those that end soon are among the problems already.
      sso.certificates.flatMap(({ notAfter, sha256 }) => {
        const days = Math.floor((notAfter.getTime() - Date.now()) / DAY_MS);
        return days < 30
          ? []
          : [ok('certificate', name, `${sha256.slice(0, 16)}… is valid for ${days} more days`)];
      }),
    ),
  ];
}
