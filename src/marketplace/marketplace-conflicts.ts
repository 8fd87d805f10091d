import type { ConfigurationProblem } from '../errors/configuration.error.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { sealMarketplace } from './marketplace-serialiser.js';

/** Marketplaces that can be served side by side, and what had to be switched off for it. */
export interface ResolvedConflicts {
  readonly marketplaces: readonly Marketplace[];
  readonly problems: readonly ConfigurationProblem[];
}

/**
 * Looks at all marketplaces together. An SSO path can belong to one only: the later marketplace loses SSO,
 * and one that is being served already never loses to a newcomer. Webhook paths may be shared, because credentials
 * tell the marketplaces apart; where these are shared as well, that is reported (protocol §1.7 step 14).
 *
 * @param served names of the marketplaces that are served now.
 */
export function resolveConflicts(
  marketplaces: readonly Marketplace[],
  served: ReadonlySet<string> = new Set(),
): ResolvedConflicts {
  const problems: ConfigurationProblem[] = [];
  const excluded = findSharedPaths(marketplaces, served, problems);
  reportSharedCredentials(marketplaces, problems);
  return {
    marketplaces: marketplaces.map((marketplace) =>
      excluded.has(marketplace) ? withoutSso(marketplace) : marketplace,
    ),
    problems,
  };
}

/** The enabled marketplaces that must give way to another one with the same path. */
function findSharedPaths(
  marketplaces: readonly Marketplace[],
  served: ReadonlySet<string>,
  problems: ConfigurationProblem[],
): Set<Marketplace> {
  const owners = new Map<string, string>();
  const excluded = new Set<Marketplace>();
  const enabled = marketplaces.filter((marketplace) => marketplace.sso.enabled);
  const first = enabled.filter((marketplace) => served.has(marketplace.name));
  const others = enabled.filter((marketplace) => !served.has(marketplace.name));
  for (const marketplace of [...first, ...others]) {
    const { initPath, consumePath } = marketplace.sso;
    const own = new Map<string, string>();
    for (const [key, path] of [
      ['sso.init_path', initPath],
      ['sso.consume_path', consumePath],
    ] as const) {
      const owner = owners.get(pathKey(path)) ?? own.get(pathKey(path));
      own.set(pathKey(path), marketplace.name);
      if (owner === undefined || excluded.has(marketplace)) continue;
      excluded.add(marketplace);
      problems.push(sharedPath(marketplace.name, owner, key, path));
    }
    if (!excluded.has(marketplace)) for (const path of own.keys()) owners.set(path, marketplace.name);
  }
  return excluded;
}

function sharedPath(name: string, owner: string, key: string, path: string): ConfigurationProblem {
  return {
    code: 'configuration.sharedPath',
    severity: 'error',
    marketplace: name,
    key,
    found: `"${path}"`,
    message:
      owner === name
        ? 'Logins begin and end on one path: SSO is off.'
        : `"${owner}" has the same path, so a login could belong to either: SSO is off here.`,
    remedy: 'Give each step of each marketplace a path of its own, with its name at the end or in the query.',
  };
}

/** Equal for templates that match the same URLs; both steps of a login take GET and POST. */
function pathKey(template: string): string {
  const [path = '', query] = template.split('?', 2);
  const plain = decode(path).replace(/\/+$/, '');
  if (query === undefined) return plain;
  const parameters = new URLSearchParams(query);
  parameters.sort();
  return `${plain}?${parameters.toString()}`;
}

function decode(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function withoutSso(marketplace: Marketplace): Marketplace {
  return sealMarketplace({ ...marketplace, sso: { ...marketplace.sso, enabled: false, sloEnabled: false } });
}

function reportSharedCredentials(
  marketplaces: readonly Marketplace[],
  problems: ConfigurationProblem[],
): void {
  const owners = new Map<string, Marketplace>();
  for (const marketplace of marketplaces) {
    const pairs = marketplace.api.keys.map((key) => `${marketplace.api.id}:${key.reveal()}`);
    const other = pairs.map((pair) => owners.get(pair)).find((owner) => owner !== undefined);
    for (const pair of pairs) owners.set(pair, marketplace);
    if (!other) continue;
    const ambiguous = sharesWebhookPath(marketplace, other);
    problems.push({
      code: 'configuration.sharedCredentials',
      severity: ambiguous ? 'error' : 'warning',
      marketplace: marketplace.name,
      key: 'api.key',
      found: null,
      message: `"${other.name}" has the same id and key${ambiguous ? ' and the same webhook path, so its notifications cannot be distinguished from these' : ', so only the paths distinguish them'}.`,
      remedy: 'Use the credentials that the developer platform shows for each marketplace.',
    });
  }
}

function sharesWebhookPath(one: Marketplace, other: Marketplace): boolean {
  return (
    one.webhooks.account.groupPath === other.webhooks.account.groupPath ||
    one.webhooks.account.groupUserPath === other.webhooks.account.groupUserPath ||
    one.webhooks.connec.notificationPath === other.webhooks.connec.notificationPath
  );
}
