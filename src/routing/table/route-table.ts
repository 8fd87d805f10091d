import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { EndpointDefinition } from '../endpoint.js';
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

/** The templates of one verb. */
interface Templates {
  readonly configured: RouteTrie<Entry>;
  readonly conventional: RouteTrie<Entry>;
}

/**
 * Finds endpoint and marketplace of a URL: the marketplaces' own templates first, then the conventional layout.
 * Immutable; a refresh builds a new one. Holds nothing for a marketplace that keeps to the convention.
 */
export class RouteTable {
  readonly #verbs = new Map<string, Templates>();
  readonly #source: RouteTableSource;

  constructor(endpoints: readonly EndpointDefinition[], prefix: string, source: RouteTableSource) {
    this.#source = source;
    for (const endpoint of endpoints) {
      const conventional = endpoint.conventional.map((path) => `/${prefix}/${path}`);
      for (const path of conventional) this.#add('conventional', path, { endpoint, marketplace: null });
      const named = conventional.filter((path) => path.includes(':marketplace'));
      for (const marketplace of source.marketplaces) {
        const usual = new Set(named.map((path) => fillPathTemplate(path, { marketplace: marketplace.name })));
        for (const path of new Set(endpoint.configured(marketplace))) {
          if (path === null || usual.has(path)) continue;
          this.#add('configured', path, { endpoint, marketplace });
        }
      }
    }
  }

  /** The endpoint of a URL, or null when it is none of ours. */
  match(verb: string, url: string): RouteMatch | null {
    const templates = this.#verbs.get(servingVerb(verb));
    const target = templates && parseRequestTarget(url);
    if (!target) return null;
    const configured = templates.configured.find(target);
    if (configured[0]) return configuredMatch(configured[0], configured);
    const conventional = templates.conventional.find(target);
    return conventional[0] ? this.#conventionalMatch(conventional[0]) : null;
  }

  #add(layout: keyof Templates, path: string, entry: Entry): void {
    const template = parsePathTemplate(path);
    for (const verb of entry.endpoint.verbs) {
      let templates = this.#verbs.get(verb);
      if (!templates) {
        templates = { configured: new RouteTrie(), conventional: new RouteTrie() };
        this.#verbs.set(verb, templates);
      }
      templates[layout].add(template, entry);
    }
  }

  #conventionalMatch({ value: { endpoint }, params }: TrieMatch<Entry>): RouteMatch {
    const { marketplace: name, ...others } = params;
    if (name === undefined) {
      if (endpoint.access === 'basic') return { endpoint, candidates: 'any', params };
      const marketplace = this.#source.default();
      return { endpoint, candidates: marketplace ? [marketplace] : [], params };
    }
    // `metadata/uat.json` is `metadata/uat`: the platform's consumers put a format behind paths (protocol §3.1).
    const marketplace = this.#source.find(name) ?? this.#source.find(name.replace(/\.json$/, ''));
    return { endpoint, candidates: marketplace ? [marketplace] : [], params: others };
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

/** Both HTTP adapters serve HEAD by what serves GET. */
export function servingVerb(verb: string): string {
  return verb === 'HEAD' ? 'GET' : verb;
}
