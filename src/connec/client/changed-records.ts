import { createHash } from 'node:crypto';

import { MaestranoConnecError } from '../../errors/connec.error.js';
import { parsePlatformInstant } from '../../utils/dates.js';
import { connecId } from './external-ids.js';
import type { ConnecRecord } from './connec-resources.interface.js';
import type { ConnecQuery } from './connec-query.js';

/** Records that changed, in the order they did. */
export interface ConnecChangedPage<T> {
  /** At least one. */
  readonly records: readonly T[];
  /** Store it once the page is dealt with: the next reading begins there, and so does one after a crash. */
  readonly cursor: string;
}

/** How changed records are read. */
export interface ConnecChangedOptions<T = Record<string, unknown>> extends Pick<
  ConnecQuery<T>,
  'where' | 'filter' | 'search' | 'expand' | 'params'
> {
  /** Records a page; 100 by default. */
  readonly top?: number;
  /**
   * How far before the last known change to begin, in milliseconds; 120,000 by default. A record may be written with a
   * time that has passed already, and times are whole seconds.
   */
  readonly overlapMs?: number;
  /** Most requests before giving up with `connec.pagination`; 100,000 by default. */
  readonly maxPages?: number;
  /** Ends the iteration, and the request under way, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds for one attempt at a page. */
  readonly timeoutMs?: number;
}

/** A page as it was fetched. */
export interface ChangedFetch<T> {
  readonly records: readonly T[];
  /** Whether the server names a page behind it. */
  readonly hasNext: boolean;
  /** The server's clock, in milliseconds; null when it does not say. */
  readonly serverTime: number | null;
}

/** What the reading needs to know. */
export interface ChangedSource<T> {
  /** What a cursor belongs to: marketplace, group, resource and query. */
  readonly identity: readonly unknown[];
  /** A moment, a cursor, or null for all records. */
  readonly since: Date | string | null;
  readonly top: number;
  readonly overlapMs: number;
  readonly maxPages: number;
  readonly signal?: AbortSignal | undefined;
  /** Records that changed at that moment or later, in that order. */
  fetch(from: Date | null, skip: number): Promise<ChangedFetch<T>>;
}

const SECOND_MS = 1_000;
/** Most records of one second whose ids are remembered. */
const MAX_OF_ONE_SECOND = 100_000;

/**
 * Reads the records that changed since a moment, oldest change first. Each page begins at the time of the last record
 * read and never at an offset, because offsets shift when records change meanwhile, such as by the reader itself. Only
 * within one second that fills more than a page does it go by offset, again and again until a pass finds nothing new.
 * What changes after the reading began is left for the next one, so that a reader that writes comes to an end.
 */
export async function* readChanged<T extends ConnecRecord>(
  source: ChangedSource<T>,
): AsyncGenerator<ConnecChangedPage<T>, void, undefined> {
  const fingerprint = fingerprintOf(source.identity);
  let high = startOf(source.since, fingerprint);
  let from = high === null ? null : secondOf(high - source.overlapMs);
  /** The last second to read; known with the first page. */
  let until: number | null = null;
  let skip = 0;
  let isSweeping = false;
  let foundNew = false;
  /** What was handed out of the second that `from` is. */
  let seen = new Set<string>();

  for (let count = 1; ; count += 1) {
    source.signal?.throwIfAborted();
    if (count > source.maxPages) throw endless(`more than ${source.maxPages} pages were read`);
    const page = await source.fetch(from === null ? null : new Date(from), skip);
    until ??= Math.max(secondOf(page.serverTime ?? Date.now()), high ?? -Infinity);
    const limit = until;
    const changes = changesOf(page.records, from);
    const last = changes.at(-1)?.second ?? from;
    const isFull = page.hasNext || page.records.length >= source.top;

    const fresh = changes.filter(
      ({ second, version }) =>
        (second ?? -Infinity) <= limit && (second === from ? !seen.has(version) : !isSweeping),
    );
    if (fresh.length > 0) {
      high = fresh.at(-1)!.second ?? high;
      yield { records: fresh.map(({ record }) => record), cursor: cursorOf(fingerprint, high) };
    }
    if (!isSweeping && (!isFull || (last ?? -Infinity) > limit)) return;

    if (!isSweeping && last !== from) {
      from = last;
      seen = new Set();
      note(seen, changes, from);
      continue;
    }
    isSweeping = true;
    foundNew ||= fresh.length > 0;
    note(seen, fresh, from);
    if (isFull && last === from) {
      skip += page.records.length;
      continue;
    }
    // The second ends here. What changed meanwhile left it, and moved others to offsets that were read before.
    skip = 0;
    if (foundNew) {
      foundNew = false;
      continue;
    }
    from = last === from ? null : from === null ? last : from + SECOND_MS;
    if (from === null || from > limit) return;
    isSweeping = false;
    seen = new Set();
  }
}

/** A record of a page with what places it. */
interface Change<T> {
  readonly record: T;
  /** Second of its time, in milliseconds; that of the record before where it has none, null for the first of those. */
  readonly second: number | null;
  readonly version: string;
}

/** @throws MaestranoConnecError `connec.pagination` for a server that neither filters nor orders by time */
function changesOf<T extends ConnecRecord>(records: readonly T[], from: number | null): Change<T>[] {
  let second = from;
  return records.map((record) => {
    const time = parsePlatformInstant(record.updated_at);
    if (time !== null && second !== null && secondOf(time) < second) {
      throw endless('the server does not keep to the order of updated_at');
    }
    if (time !== null) second = secondOf(time);
    const version = `${connecId(record.id) ?? JSON.stringify(record)} ${record.updated_at}`;
    return { record, second, version };
  });
}

function note(seen: Set<string>, changes: readonly Change<unknown>[], from: number | null): void {
  for (const { second, version } of changes) if (second === from) seen.add(version);
  if (seen.size > MAX_OF_ONE_SECOND) {
    throw endless(`more than ${MAX_OF_ONE_SECOND} records changed in one second`);
  }
}

function secondOf(instant: number): number {
  return Math.floor(instant / SECOND_MS) * SECOND_MS;
}

function fingerprintOf(identity: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('base64url').slice(0, 12);
}

/** Text that a later call can begin at again. */
function cursorOf(fingerprint: string, high: number | null): string {
  return Buffer.from(JSON.stringify([fingerprint, high])).toString('base64url');
}

/** @throws MaestranoConnecError `connec.argument` for a cursor of something else, and for an invalid date */
function startOf(since: Date | string | null, fingerprint: string): number | null {
  if (since === null) return null;
  const high = typeof since === 'string' ? highOf(since, fingerprint) : since.getTime();
  // Records without times have a cursor that begins anew.
  if (high === null || Number.isSafeInteger(high)) return high as number | null;
  throw new MaestranoConnecError('connec.argument', {
    message: 'The moment to begin at is no date, and no cursor of this collection.',
    remedy: 'Use a cursor with the marketplace, group, resource and query it was made for, or begin anew.',
  });
}

/** Undefined for what is no cursor of the collection. */
function highOf(cursor: string, fingerprint: string): unknown {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) && parts[0] === fingerprint ? (parts as unknown[])[1] : undefined;
  } catch {
    return undefined;
  }
}

function endless(why: string): MaestranoConnecError {
  return new MaestranoConnecError('connec.pagination', {
    message: `The changed records cannot be read to their end: ${why}.`,
    remedy: 'Narrow the query, raise maxPages, or read the collection with pages().',
  });
}
