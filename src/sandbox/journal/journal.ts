import { Injectable } from '@nestjs/common';
import { Subject } from 'rxjs';

import type { SandboxPart } from '../http/exchange-routes.js';

/** One exchange of the sandbox with the application, secrets masked. */
export interface JournalEntry {
  readonly id: number;
  /** By the sandbox's clock, ISO 8601. */
  readonly at: string;
  /** `in`: the application called; `out`: the sandbox called. */
  readonly direction: 'in' | 'out';
  readonly part: SandboxPart;
  /** Name of the marketplace, if it is known. */
  readonly marketplace: string | null;
  readonly method: string;
  /** Template, such as `account/bills/:id`. */
  readonly route: string;
  readonly url: string;
  /** Null when no response went out or came in. */
  readonly status: number | null;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: string;
  /** Milliseconds of the machine's clock. */
  readonly durationMs: number;
  /** What was injected, as JSON; null when nothing was. */
  readonly fault: string | null;
  /** Remarks of the part: what the real platform would not accept, why a response was rejected. */
  readonly remarks: readonly string[];
}

/** What {@link Journal.find} looks for; everything that is given must fit. */
export interface JournalQuery {
  readonly direction?: 'in' | 'out';
  readonly part?: SandboxPart;
  readonly marketplace?: string;
  readonly method?: string;
  /** Whole template, or its beginning with a star: `connec/*`. */
  readonly route?: string;
  readonly status?: number;
  /** Somewhere in URL or bodies. */
  readonly text?: string;
  /** Entries after this id. */
  readonly after?: number;
}

const CAPACITY = 5_000;

/** Whether an exchange went wrong or was remarked upon. */
export function isProblem({ status, fault, remarks }: JournalEntry): boolean {
  return status === null || status >= 400 || fault !== null || remarks.length > 0;
}

/** Whether an exchange is what a query looks for. */
export function matchesQuery(entry: JournalEntry, query: JournalQuery): boolean {
  if (query.direction && entry.direction !== query.direction) return false;
  if (query.part && entry.part !== query.part) return false;
  if (query.marketplace && entry.marketplace !== query.marketplace) return false;
  if (query.method && entry.method !== query.method) return false;
  if (query.status !== undefined && entry.status !== query.status) return false;
  if (query.after !== undefined && entry.id <= query.after) return false;
  if (query.route) {
    const { route } = query;
    if (route.endsWith('*') ? !entry.route.startsWith(route.slice(0, -1)) : entry.route !== route)
      return false;
  }
  const { text } = query;
  return !text || [entry.url, entry.requestBody, entry.responseBody].some((part) => part.includes(text));
}

/** Every exchange in and out, newest last; the last 5,000 are kept. */
@Injectable()
export class Journal {
  readonly #entries: JournalEntry[] = [];
  /** The newest successful exchange of each route, Connec!'s excepted: they have as many routes as resources. */
  readonly #successes = new Map<string, JournalEntry>();
  readonly #live = new Subject<JournalEntry>();
  #lastId = 0;

  /** Entries as they happen, for the live log. */
  readonly live = this.#live.asObservable();

  record(entry: Omit<JournalEntry, 'id'>): JournalEntry {
    const numbered = { id: ++this.#lastId, ...entry };
    this.#entries.push(numbered);
    if (this.#entries.length > CAPACITY) this.#entries.shift();
    const isSuccess = numbered.status !== null && numbered.status < 400;
    if (isSuccess && numbered.part !== 'connec') this.#successes.set(numbered.route, numbered);
    this.#live.next(numbered);
    return numbered;
  }

  /** Number of the newest exchange; 0 before the first. */
  get lastId(): number {
    return this.#lastId;
  }

  /** The exchanges that fit, oldest first. */
  find(query: JournalQuery = {}): JournalEntry[] {
    return this.#entries.filter((entry) => matchesQuery(entry, query));
  }

  /** The newest exchange of a route that went well, however long ago; routes of Connec! are not kept. */
  lastSuccess(route: string): JournalEntry | undefined {
    return this.#successes.get(route);
  }

  /** One exchange by its number. */
  get(id: number): JournalEntry | undefined {
    return this.#entries.find((entry) => entry.id === id);
  }

  clear(): void {
    this.#entries.length = 0;
    this.#successes.clear();
  }

  /** Ends the live log. */
  close(): void {
    this.#live.complete();
  }
}
