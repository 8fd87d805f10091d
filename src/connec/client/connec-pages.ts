import { createHash } from 'node:crypto';

import { MaestranoConnecError } from '../../errors/connec.error.js';
import { isRecord } from '../../utils/values.js';
import { queryString } from './connec-query.js';

/** Where a page begins: an offset, or a path that the server gave and that proved to be inside the collection. */
export type ConnecPosition =
  { readonly skip: number; readonly top: number | null } | { readonly path: string };

/** The `pagination` object of a response, read defensively (protocol §9.5). */
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

  /** @throws MaestranoConnecError `connec.argument` for a cursor of another group, resource or query */
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
    throw new MaestranoConnecError('connec.argument', {
      message: 'The cursor does not belong to this collection.',
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

/** One page of a collection. */
export interface ConnecPage<T> {
  readonly records: readonly T[];
  /** Records in all, as the server said with this page; null when it does not say. */
  readonly total: number | null;
  /** Where the next page begins: hand it to `after` to go on later. Null on the last page. */
  readonly cursor: string | null;
}

/** A page as it was fetched, and where the one after it begins. */
export interface FetchedPage<T> {
  readonly records: readonly T[];
  readonly pagination: ConnecPagination | null;
}

/** How a collection is read. */
export interface ConnecPagesOptions {
  /** Cursor of the page read last; reading goes on behind it. */
  readonly after?: string | null;
  /** Pages under way at once, 1 to 16; the client's `pageConcurrency` by default. */
  readonly concurrency?: number;
  /** Most pages to read before giving up with `connec.pagination`; 100,000 by default. */
  readonly maxPages?: number;
  /** Ends the iteration, and whatever is under way for it, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds for one attempt at a page. */
  readonly timeoutMs?: number;
}

/** What the iteration needs to know of its collection. */
export interface PageSource<T> {
  readonly collection: ConnecCollection;
  readonly start: ConnecPosition;
  readonly concurrency: number;
  readonly maxPages: number;
  readonly signal?: AbortSignal | undefined;
  fetch(position: ConnecPosition, signal: AbortSignal): Promise<FetchedPage<T>>;
}

interface Prefetched<T> {
  readonly position: ConnecPosition;
  readonly page: Promise<FetchedPage<T>>;
}

/** Reads the one page at the source's start. */
export async function readPage<T>(source: PageSource<T>): Promise<ConnecPage<T>> {
  const signal = source.signal ?? new AbortController().signal;
  const { records, pagination } = await source.fetch(source.start, signal);
  return toPage(
    source,
    records,
    pagination,
    nextPosition(source.collection, source.start, records.length, pagination),
  );
}

/**
 * Reads the pages of a collection in order, several under way at once.
 *
 * The first page has total and page size; from then on up to `concurrency` pages are requested ahead by offset.
 * What the server's `next` says always decides: a prefetched page whose offset is not the one `next` names is thrown
 * away and fetched anew, so the result is that of following `next` one by one. Memory holds `concurrency` pages.
 */
export async function* readPages<T>(source: PageSource<T>): AsyncGenerator<ConnecPage<T>, void, undefined> {
  const ended = new AbortController();
  const signal = source.signal ? AbortSignal.any([source.signal, ended.signal]) : ended.signal;
  const ahead: Prefetched<T>[] = [];
  const fetch = (position: ConnecPosition): Prefetched<T> => {
    const page = source.fetch(position, signal);
    // Awaited when its turn comes; until then a failure must not count as unhandled.
    page.catch(() => undefined);
    return { position, page };
  };
  try {
    let position: ConnecPosition | null = source.start;
    for (let count = 1; position !== null; count += 1) {
      source.signal?.throwIfAborted();
      if (count > source.maxPages) throw endless(`more than ${source.maxPages} pages were read`);
      if (ahead[0] && !samePosition(ahead[0].position, position)) ahead.length = 0;
      const { page } = ahead.shift() ?? fetch(position);
      const { records, pagination } = await page;
      const following = nextPosition(source.collection, position, records.length, pagination);
      if (following)
        prefetch(ahead, position, following, pagination?.total ?? null, source.concurrency, fetch);
      yield toPage(source, records, pagination, following);
      position = following;
    }
  } finally {
    ended.abort();
  }
}

function toPage<T>(
  source: PageSource<T>,
  records: readonly T[],
  pagination: ConnecPagination | null,
  following: ConnecPosition | null,
): ConnecPage<T> {
  const cursor = following && source.collection.cursorOf(following);
  return { records, total: pagination?.total ?? null, cursor };
}

/** Fills the window with the offsets that follow, as far as the total reaches. */
function prefetch<T>(
  ahead: Prefetched<T>[],
  current: ConnecPosition,
  following: ConnecPosition,
  total: number | null,
  concurrency: number,
  fetch: (position: ConnecPosition) => Prefetched<T>,
): void {
  if (ahead[0] && !samePosition(ahead[0].position, following)) ahead.length = 0;
  if (ahead.length === 0) ahead.push(fetch(following));
  if ('path' in following || 'path' in current || total === null) return;
  const step = following.skip - current.skip;
  for (let i = ahead.length; i < concurrency; i += 1) {
    const skip = following.skip + i * step;
    if (skip >= total) return;
    ahead.push(fetch({ skip, top: following.top }));
  }
}

/**
 * Where the page after this one begins, or null when this is the last: the server says so by leaving `next` out. A
 * `next` that leads elsewhere is not followed but rebuilt from the numbers beside it (protocol §9.5).
 */
function nextPosition(
  collection: ConnecCollection,
  position: ConnecPosition,
  received: number,
  pagination: ConnecPagination | null,
): ConnecPosition | null {
  if (!pagination?.next) return null;
  const skip = 'skip' in position ? position.skip : pagination.skip;
  const next = collection.positionOf(pagination.next) ?? rebuilt(skip, received, pagination);
  if (next === null) return null;
  if ('skip' in next && skip !== null && next.skip <= skip)
    throw endless('the next page is not behind this one');
  if ('path' in next && 'path' in position && next.path === position.path) {
    throw endless('the next page is this one');
  }
  return next;
}

/** Behind what was received; null when that was everything. */
function rebuilt(
  skip: number | null,
  received: number,
  { top, total }: ConnecPagination,
): ConnecPosition | null {
  if (skip === null || total === null || (received === 0 && skip < total)) {
    throw endless('the link to the next page leads outside of the collection');
  }
  return skip + received < total ? { skip: skip + received, top } : null;
}

function samePosition(a: ConnecPosition, b: ConnecPosition): boolean {
  if ('path' in a || 'path' in b) return 'path' in a && 'path' in b && a.path === b.path;
  return a.skip === b.skip && a.top === b.top;
}

function endless(why: string): MaestranoConnecError {
  return new MaestranoConnecError('connec.pagination', {
    message: `The pages of the collection do not come to an end: ${why}.`,
    remedy: 'Narrow the query, raise maxPages, or report the response to the marketplace.',
  });
}

/** The pagination of a response; null when it has none. */
export function paginationOf(data: unknown): ConnecPagination | null {
  const pagination = isRecord(data) ? data.pagination : null;
  if (!isRecord(pagination)) return null;
  const { skip, top, total, next } = pagination;
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
