import { createHash } from 'node:crypto';

import { ConnecError } from '../../errors/connec.error.js';
import { queryString } from './connec-query.js';

/** Where a page begins: an offset, or a path that the server gave and that proved to be inside the collection. */
export type ConnecPosition =
  { readonly skip: number; readonly top: number | null } | { readonly path: string };

/** The `pagination` object of an answer, read defensively (protocol §9.5). */
export interface ConnecPagination {
  readonly skip: number | null;
  readonly top: number | null;
  readonly total: number | null;
  /** As it came; never followed before it was checked. */
  readonly next: string | null;
}

/** A collection with its query: what a `next` link must lead to, and what a cursor belongs to. */
export class ConnecCollection {
  /** Identifies marketplace, group, resource and query in cursors. */
  readonly fingerprint: string;
  readonly #own: ReadonlySet<string>;

  constructor(
    /** Base of the server, possibly with a gateway's path. */
    private readonly host: string,
    /** Absolute path of the collection below the host. */
    readonly path: string,
    /** The query's parameters without `$top` and `$skip`. */
    private readonly parameters: readonly (readonly [string, string])[],
    owner: string,
  ) {
    this.#own = new Set(parameters.map(([name]) => name));
    const identity = JSON.stringify([owner, path, parameters]);
    this.fingerprint = createHash('sha256').update(identity).digest('base64url').slice(0, 12);
  }

  /** Path and query of the page at the position. */
  pathAt(position: ConnecPosition): string {
    if ('path' in position) return position.path;
    const window: [string, string][] = [];
    if (position.top !== null) window.push(['$top', String(position.top)]);
    if (position.skip > 0) window.push(['$skip', String(position.skip)]);
    return this.path + queryString([...this.parameters, ...window]);
  }

  /**
   * Where a `next` link leads: only its offset is taken, so that our own filter stays; a link with parameters we do
   * not know is followed as it is. Null when it leaves the server or the collection (protocol §9.5).
   */
  positionOf(next: string): ConnecPosition | null {
    let url: URL;
    let home: URL;
    try {
      home = new URL(this.host + this.path);
      url = new URL(next, home);
    } catch {
      return null;
    }
    if (url.origin !== home.origin || url.pathname !== home.pathname || url.username || url.password)
      return null;
    const names = [...url.searchParams.keys()];
    const top = wholeNumberOf(url.searchParams.get('$top'));
    const skip = wholeNumberOf(url.searchParams.get('$skip'));
    const foreign = names.some((name) => name !== '$top' && name !== '$skip' && !this.#own.has(name));
    if (!foreign && skip !== null) return { skip, top };
    return foreign ? { path: this.path + url.search } : null;
  }

  /** Text that a later call can begin at again. */
  cursorOf(position: ConnecPosition): string {
    const place = 'path' in position ? position.path : [position.skip, position.top];
    return Buffer.from(JSON.stringify([this.fingerprint, place])).toString('base64url');
  }

  /** @throws ConnecError `connec.argument` for a cursor of another group, resource or query */
  positionOfCursor(cursor: string): ConnecPosition {
    let parts: unknown;
    try {
      parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    } catch {
      parts = null;
    }
    const [fingerprint, place] = Array.isArray(parts) ? (parts as unknown[]) : [];
    const position = fingerprint === this.fingerprint ? this.#positionOfPlace(place) : null;
    if (position) return position;
    throw new ConnecError('The cursor does not belong to this collection.', {
      code: 'connec.argument',
      remedy: 'Use it with the marketplace, group, resource and query it was made for, or begin anew.',
    });
  }

  #positionOfPlace(place: unknown): ConnecPosition | null {
    if (typeof place === 'string') return this.positionOf(place);
    if (!Array.isArray(place)) return null;
    const [skip, top] = place as unknown[];
    if (!Number.isSafeInteger(skip) || (skip as number) < 0) return null;
    return { skip: skip as number, top: Number.isSafeInteger(top) ? (top as number) : null };
  }
}

/** The pagination of an answer; null when it has none. */
export function paginationOf(data: unknown): ConnecPagination | null {
  const pagination = (data as { pagination?: unknown } | null | undefined)?.pagination;
  if (typeof pagination !== 'object' || pagination === null) return null;
  const { skip, top, total, next } = pagination as Record<string, unknown>;
  return {
    skip: wholeNumberOf(skip),
    top: wholeNumberOf(top),
    total: wholeNumberOf(total),
    next: typeof next === 'string' && next !== '' ? next : null,
  };
}

function wholeNumberOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
}
