import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { EndpointDefinition, EndpointVerb } from '../endpoint.js';
import { fillPathTemplate, parsePathTemplate } from './path-template.js';
import { parseRequestTarget, RouteTrie, type TrieMatch } from './route-trie.js';

/** What the table needs to know of the marketplaces: a frozen snapshot of the registry. */
export interface RouteTableSource {
  readonly marketplaces: Iterable<Marketplace>;
  /** For conventional paths that name a marketplace. */
  find(name: string): Marketplace | null;
  /** For conventional paths that name none; null when there is no default. */
  default(): Marketplace | null;
}

/** A request's endpoint, before credentials are looked at. */
export interface RouteMatch {
  readonly endpoint: EndpointDefinition;
  /**
   * The marketplaces the route may mean: one where the route says it all; several where their templates are the
   * same and credentials tell them apart; `any` where the route names none; empty for a name nobody has.
   */
  readonly candidates: readonly Marketplace[] | 'any';
  readonly params: Readonly<Record<string, string>>;
}

interface Entry {
  readonly endpoint: EndpointDefinition;
  /** Null for the conventional layout. */
  readonly marketplace: Marketplace | null;
}

/**
 * Finds endpoint and marketplace of a URL: the marketplaces' own templates first, then the conventional layout.
 * Immutable; a refresh builds a new one. Holds nothing for a marketplace that keeps to the convention.
 */
export class RouteTable {
  readonly #configured = new RouteTrie<Entry>();
  readonly #conventional = new RouteTrie<Entry>();
  readonly #source: RouteTableSource;

  constructor(endpoints: readonly EndpointDefinition[], prefix: string, source: RouteTableSource) {
    this.#source = source;
    for (const endpoint of endpoints) {
      const conventional = endpoint.conventional.map((path) => `/${prefix}/${path}`);
      for (const path of conventional) {
        this.#conventional.add(parsePathTemplate(path), { endpoint, marketplace: null });
      }
      const named = conventional.filter((path) => path.includes(':marketplace'));
      for (const marketplace of source.marketplaces) {
        const usual = new Set(named.map((path) => fillPathTemplate(path, { marketplace: marketplace.name })));
        for (const path of new Set(endpoint.configured(marketplace))) {
          if (path === null || usual.has(path)) continue;
          this.#configured.add(parsePathTemplate(path), { endpoint, marketplace });
        }
      }
    }
  }

  /** The endpoint of a URL, or null when it is none of ours. */
  match(verb: string, url: string): RouteMatch | null {
    const target = parseRequestTarget(url);
    if (!target) return null;
    const accept = (entry: Entry) => entry.endpoint.verbs.includes(verb as EndpointVerb);
    const configured = this.#configured.find(target, accept);
    if (configured[0]) return configuredMatch(configured[0], configured);
    const conventional = this.#conventional.find(target, accept);
    return conventional[0] ? this.#conventionalMatch(conventional[0]) : null;
  }

  #conventionalMatch({ value, params }: TrieMatch<Entry>): RouteMatch {
    const { marketplace: name, ...rest } = params;
    if (name !== undefined) {
      // `metadata/uat.json` is `metadata/uat`: the platform's consumers put a format behind paths (protocol §3.1).
      const marketplace = this.#source.find(name) ?? this.#source.find(name.replace(/\.json$/, ''));
      return { endpoint: value.endpoint, candidates: marketplace ? [marketplace] : [], params: rest };
    }
    if (value.endpoint.access === 'basic') {
      return { endpoint: value.endpoint, candidates: 'any', params: rest };
    }
    const marketplace = this.#source.default();
    return { endpoint: value.endpoint, candidates: marketplace ? [marketplace] : [], params: rest };
  }
}

/** All marketplaces whose template for the endpoint of the first fits as well as the first does. */
function configuredMatch(first: TrieMatch<Entry>, matches: readonly TrieMatch<Entry>[]): RouteMatch {
  const { endpoint } = first.value;
  const candidates: Marketplace[] = [];
  for (const { value } of matches) {
    if (value.endpoint === endpoint && value.marketplace) candidates.push(value.marketplace);
  }
  return { endpoint, candidates, params: first.params };
}
