import { decodeSegment, type PathTemplate } from './path-template.js';

interface Node<T> {
  literals: Map<string, Node<T>> | null;
  placeholder: Node<T> | null;
  routes: Route<T>[] | null;
}

interface Route<T> {
  readonly template: PathTemplate;
  readonly value: T;
}

/** A request's URL taken apart: what templates are compared with. */
export interface RequestTarget {
  /** Decoded. */
  readonly segments: readonly string[];
  /** Parsed only where a template asks for it. */
  readonly query: () => URLSearchParams;
}

/** Takes a URL apart; null where it cannot be decoded. */
export function parseRequestTarget(url: string): RequestTarget | null {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '') continue;
    const decoded = decodeSegment(segment);
    if (decoded === null) return null;
    segments.push(decoded);
  }
  let query: URLSearchParams | null = null;
  return {
    segments,
    // A marketplace appends "?group_id=" also to a path that has a query already (protocol §4.1).
    query: () => (query ??= new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1).replaceAll('?', '&'))),
  };
}

/** A template that fits a path, with the placeholders it found. */
export interface TrieMatch<T> {
  readonly value: T;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * Templates by segment. Looking one up costs the same whether it holds ten templates or a hundred thousand; a
 * literal segment goes before a placeholder, and of templates with one path the one with more query conditions.
 */
export class RouteTrie<T> {
  readonly #root: Node<T> = emptyNode();

  add(template: PathTemplate, value: T): void {
    let node = this.#root;
    for (const segment of template.segments) {
      if (segment === null) {
        node = node.placeholder ??= emptyNode();
        continue;
      }
      const literals = (node.literals ??= new Map<string, Node<T>>());
      let next = literals.get(segment);
      if (!next) literals.set(segment, (next = emptyNode()));
      node = next;
    }
    const routes = (node.routes ??= []);
    routes.push({ template, value });
    routes.sort((a, b) => b.template.queryLiterals.length - a.template.queryLiterals.length);
  }

  /** All values of the most specific path that fits, those with most query conditions alone. */
  find(target: RequestTarget): readonly TrieMatch<T>[] {
    return this.#walk(this.#root, target, 0, []);
  }

  #walk(
    node: Node<T>,
    target: RequestTarget,
    index: number,
    values: readonly string[],
  ): readonly TrieMatch<T>[] {
    const segment = target.segments[index];
    if (segment === undefined) return node.routes ? fitting(node.routes, target, values) : [];
    const literal = node.literals?.get(segment);
    if (literal) {
      const found = this.#walk(literal, target, index + 1, values);
      if (found.length > 0) return found;
    }
    if (!node.placeholder) return [];
    return this.#walk(node.placeholder, target, index + 1, [...values, segment]);
  }
}

function emptyNode<T>(): Node<T> {
  return { literals: null, placeholder: null, routes: null };
}

function fitting<T>(
  routes: readonly Route<T>[],
  target: RequestTarget,
  values: readonly string[],
): TrieMatch<T>[] {
  const matches: TrieMatch<T>[] = [];
  let conditions = 0;
  for (const { template, value } of routes) {
    // Sorted by the number of query conditions: what asks for fewer than the first that fits is less specific.
    if (template.queryLiterals.length < conditions) break;
    const params: Record<string, string> = {};
    template.paramNames.forEach((name, position) => (params[name] = values[position] ?? ''));
    const { queryLiterals, queryParams } = template;
    if (queryLiterals.length > 0 || queryParams.length > 0) {
      const given = target.query();
      if (queryLiterals.some(([name, expected]) => given.get(name) !== expected)) continue;
      if (queryParams.some(([name]) => !given.get(name))) continue;
      for (const [name, param] of queryParams) params[param] = given.get(name) ?? '';
    }
    conditions = queryLiterals.length;
    matches.push({ value, params });
  }
  return matches;
}
