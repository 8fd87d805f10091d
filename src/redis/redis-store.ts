import type { Cluster, Redis } from 'ioredis';

import { placeOf, readPlace } from '../stores/index-place.js';
import {
  MaestranoStore,
  type StoreCall,
  type StoreEntry,
  type StorePage,
  type StoreWrite,
} from '../stores/maestrano-store.js';
import { decodeText, encodeText } from '../stores/stored-text.js';
import { evictionPolicy } from '../utils/eviction-policy.js';
import { byHashTag } from './hash-tag.js';
import { INDEX, PLACES, WRITE, type WriteArguments } from './scripts.js';

/** How a {@link RedisStore} names its keys. */
export interface RedisStoreOptions {
  /** Put before every key, so that applications can share a Redis; `maestrano:` by default. */
  readonly prefix?: string;
  /** Whether {@link RedisStore.close} also quits the connection; false by default, since you made it. */
  readonly closeConnection?: boolean;
}

/** The commands we use, which a connection to one server and one to a cluster have alike. */
interface Commands {
  eval(script: string, keys: number, ...rest: (string | number)[]): Promise<unknown>;
  mget(keys: string[]): Promise<(string | null)[]>;
  getdel(key: string): Promise<string | null>;
  ping(): Promise<unknown>;
  info(section: string): Promise<string>;
  quit(): Promise<unknown>;
  disconnect(): void;
  readonly status: string;
  /** Of a cluster: the servers that hold keys. */
  nodes?(role: 'master'): readonly Commands[];
}

/** How long the connection may take to say goodbye, in milliseconds. */
const QUIT_MS = 1_000;

/** Where an entry stands: the name of the index, and the place in it. */
type Note = readonly [index: string, place: string];

/** Places to add to an index with their time to live, or with 0 to remove. */
type IndexChanges = Map<string, Map<string, number>>;

/**
 * Keeps everything in Redis (6.2 or newer), alone, behind Sentinel or as a Cluster, for applications that run several
 * instances. The keys of one call that share a hash tag are one command or script, several tags are several at once.
 * An entry of an index begins with a note of its place there; the index itself is a sorted set, written after the entry.
 */
export class RedisStore extends MaestranoStore {
  readonly #redis: Commands;
  readonly #prefix: string;
  readonly #closeConnection: boolean;

  constructor(redis: Redis | Cluster, options: RedisStoreOptions = {}) {
    super();
    this.#redis = redis;
    this.#prefix = options.prefix ?? 'maestrano:';
    this.#closeConnection = options.closeConnection ?? false;
  }

  override async getMany(keys: readonly string[], call?: StoreCall): Promise<(string | null)[]> {
    this.checkKeys(keys);
    return this.waitFor(call, async () => (await this.#read(keys)).map((stored) => textOf(stored)));
  }

  override async writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
    this.checkWrites(writes);
    return this.waitFor(call, () => this.#write(writes));
  }

  override async take(key: string, call?: StoreCall): Promise<string | null> {
    this.checkKeys([key]);
    return this.waitFor(call, async () => {
      const stored = await this.#redis.getdel(this.#prefix + key);
      const changes: IndexChanges = new Map();
      note(changes, noteOf(stored), 0);
      await this.#change(changes);
      return textOf(stored);
    });
  }

  override async page(
    index: string,
    from: { readonly before?: string; readonly limit: number },
    call?: StoreCall,
  ): Promise<StorePage> {
    this.checkPage(index, from.limit);
    return this.waitFor(call, () => this.#page(index, from.before, from.limit));
  }

  override ping(call?: StoreCall): Promise<void> {
    return this.waitFor(call, async () => {
      await this.#redis.ping();
    });
  }

  /** A server that evicts forgets what was charged, and what was acknowledged. */
  override warnings(call?: StoreCall): Promise<readonly string[]> {
    return this.waitFor(call, async () => {
      const servers = this.#redis.nodes?.('master') ?? [this.#redis];
      const memory = await Promise.all(servers.map((server) => server.info('memory')));
      const policies = new Set(memory.flatMap((text) => evictionPolicy(text) ?? []));
      return Array.from(
        policies,
        (policy) =>
          `Redis may evict keys (maxmemory-policy ${policy}), also of charges and notifications that must not be ` +
          'forgotten: set maxmemory-policy to noeviction.',
      );
    });
  }

  /** A connection that is lost has nobody to say goodbye to; it would go on connecting and keep the process. */
  override async close(): Promise<void> {
    if (!this.#closeConnection) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, QUIT_MS)));
    try {
      if (this.#redis.status === 'ready') await Promise.race([this.#redis.quit(), patience]);
    } finally {
      clearTimeout(timer);
      this.#redis.disconnect();
    }
  }

  async #read(keys: readonly string[]): Promise<(string | null)[]> {
    const names = keys.map((key) => this.#prefix + key);
    const found: (string | null)[] = Array.from(keys, () => null);
    const reading = byHashTag(names).map(async (positions) => {
      const values = await this.#redis.mget(positions.map((position) => names[position]!));
      positions.forEach((position, at) => (found[position] = values[at] ?? null));
    });
    await Promise.all(reading);
    return found;
  }

  async #write(writes: readonly StoreWrite[]): Promise<boolean[]> {
    const names = writes.map(({ key }) => this.#prefix + key);
    const wrote: boolean[] = Array.from(writes, () => false);
    const changes: IndexChanges = new Map();
    const writing = byHashTag(names).map(async (positions) => {
      const keys = positions.map((position) => names[position]!);
      const rest = positions.flatMap((position) => argumentsOf(writes[position]!));
      const result = (await this.#redis.eval(WRITE, keys.length, ...keys, ...rest)) as (number | string)[];
      positions.forEach((position, at) => {
        wrote[position] = result[at * 2] === 1;
        if (!wrote[position]) return;
        const { key, value, ttlMs, index } = writes[position]!;
        note(changes, parseNote(String(result[at * 2 + 1])), 0);
        if (index && value !== null) note(changes, [index.name, placeOf(index.at, key)], milliseconds(ttlMs));
      });
    });
    await Promise.all(writing);
    await this.#change(changes);
    return wrote;
  }

  async #change(changes: IndexChanges): Promise<void> {
    await Promise.all(
      Array.from(changes, ([index, places]) =>
        this.#redis.eval(INDEX, 2, ...this.#indexKeys(index), ...[...places].flat()),
      ),
    );
  }

  async #page(index: string, before: string | undefined, limit: number): Promise<StorePage> {
    const entries: StoreEntry[] = [];
    // One more than wanted says whether anything follows. A place whose entry is gone makes another look necessary.
    for (let cursor = before; ;) {
      const wanted = limit + 1 - entries.length;
      const start = cursor === undefined ? '+' : `(${cursor}`;
      const places = (await this.#redis.eval(
        PLACES,
        2,
        ...this.#indexKeys(index),
        start,
        wanted,
      )) as string[];
      const stored = await this.#read(places.map((place) => readPlace(place).key));
      places.forEach((place, position) => {
        const found = noteOf(stored[position] ?? null);
        const value = textOf(stored[position] ?? null);
        if (value === null || found?.[0] !== index || found[1] !== place) return;
        entries.push({ ...readPlace(place), value });
      });
      if (entries.length > limit) {
        const shown = entries.slice(0, limit);
        const last = shown.at(-1)!;
        return { entries: shown, next: placeOf(last.at, last.key) };
      }
      if (places.length < wanted) return { entries, next: null };
      cursor = places.at(-1);
    }
  }

  /** `#` begins no key that `storeKey` makes. The braces keep both sets on one node. */
  #indexKeys(index: string): [places: string, ends: string] {
    return [`${this.#prefix}#index:{${index}}`, `${this.#prefix}#index-ends:{${index}}`];
  }
}

function argumentsOf({ key, expected, value, ttlMs, index }: StoreWrite): WriteArguments {
  const expects = expected === undefined ? 'anything' : expected === null ? 'nothing' : 'text';
  const begin = index ? `\u0002${JSON.stringify([index.name, placeOf(index.at, key)])}\n` : '';
  const stored = value === null ? '' : begin + encodeText(value);
  const does = value === null ? 'remove' : 'set';
  return [expects, encodeText(expected ?? ''), does, stored, milliseconds(ttlMs)];
}

function note(changes: IndexChanges, of: Note | null, ttlMs: number): void {
  if (!of) return;
  const [index, place] = of;
  const places = changes.get(index);
  if (places) places.set(place, ttlMs);
  else changes.set(index, new Map([[place, ttlMs]]));
}

function parseNote(text: string): Note | null {
  return text === '' ? null : (JSON.parse(text) as Note);
}

function noteOf(stored: string | null): Note | null {
  if (!stored?.startsWith('\u0002')) return null;
  return parseNote(stored.slice(1, stored.indexOf('\n')));
}

function textOf(stored: string | null): string | null {
  if (stored === null) return null;
  return decodeText(stored.startsWith('\u0002') ? stored.slice(stored.indexOf('\n') + 1) : stored);
}

/** Redis rejects fractions and zero. */
function milliseconds(ttlMs: number | null): number {
  return Math.max(1, Math.round(ttlMs ?? 0));
}
