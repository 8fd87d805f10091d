import { MaestranoSyncError } from '../../errors/sync.error.js';
import { withoutValues } from './history-values.js';
import { LinkOrder } from './link-order.js';
import type { SyncHoldKind, SyncLink } from './sync-link.js';
import {
  NEW_GROUP,
  NEW_STREAM,
  type SyncCommit,
  type SyncCounts,
  type SyncGroupChanges,
  type SyncGroupPage,
  type SyncGroupState,
  type SyncHint,
  type SyncHistoryEntry,
  type SyncLease,
  type SyncLinkPage,
  type SyncRef,
  type SyncScope,
  SyncStore,
  type SyncStream,
} from './sync-store.js';

/** History entries kept for each link. */
const HISTORY = 20;

/** Everything of one entity of one scope. */
class EntityRows {
  readonly links = new Map<string, SyncLink>();
  readonly byApp = new Map<string, string>();
  readonly byConnec = new Map<string, string>();
  readonly byExternal = new Map<string, string>();
  readonly order = new LinkOrder();
  readonly byMatch = new Map<string, Set<string>>();
  readonly byWaiting = new Map<string, Set<string>>();
  readonly history = new Map<string, SyncHistoryEntry[]>();
  stream: SyncStream = NEW_STREAM;

  find(ref: SyncRef): SyncLink | null {
    const key =
      'key' in ref
        ? ref.key
        : 'app' in ref
          ? this.byApp.get(ref.app)
          : 'connec' in ref
            ? this.byConnec.get(ref.connec)
            : this.byExternal.get(ref.external);
    return (key === undefined ? undefined : this.links.get(key)) ?? null;
  }

  remove(key: string): void {
    const link = this.links.get(key);
    if (link === undefined) return;
    this.links.delete(key);
    this.order.rest(link);
    if (link.app.id !== null) this.byApp.delete(link.app.id);
    if (link.connec.id !== null) this.byConnec.delete(link.connec.id);
    if (link.externalId !== null) this.byExternal.delete(link.externalId);
    for (const one of link.matchKeys) left(this.byMatch, one, key);
    if (link.waitsFor !== null) left(this.byWaiting, link.waitsFor, key);
  }

  put(link: SyncLink): void {
    const ids = [
      [this.byApp, link.app.id],
      [this.byConnec, link.connec.id],
      [this.byExternal, link.externalId],
    ] as const;
    const isHeld = ids.some(([index, id]) => id !== null && index.has(id));
    if (isHeld) throw new MaestranoSyncError('sync.duplicateLink');
    for (const [index, id] of ids) if (id !== null) index.set(id, link.key);
    this.links.set(link.key, link);
    this.order.add(link);
    for (const one of link.matchKeys) added(this.byMatch, one, link.key);
    if (link.waitsFor !== null) added(this.byWaiting, link.waitsFor, link.key);
  }
}

function added(index: Map<string, Set<string>>, under: string, key: string): void {
  index.set(under, (index.get(under) ?? new Set()).add(key));
}

function left(index: Map<string, Set<string>>, under: string, key: string): void {
  const keys = index.get(under);
  keys?.delete(key);
  if (keys?.size === 0) index.delete(under);
}

/** Everything of one scope. */
class ScopeRows {
  token = 0;
  until = 0;
  held = false;
  group: SyncGroupState = NEW_GROUP;
  hintCount = 0;
  readonly hints = new Map<string, SyncHint>();
  readonly entities = new Map<string, EntityRows>();

  entity(name: string): EntityRows {
    const rows = this.entities.get(name) ?? new EntityRows();
    this.entities.set(name, rows);
    return rows;
  }
}

/**
 * Keeps everything in the memory of this process: for tests and development. Nothing is evicted, and everything is over
 * with the process, so that the next one begins with a first synchronization.
 */
export class MemorySyncStore extends SyncStore {
  readonly durability = 'memory';
  readonly #scopes = new Map<string, ScopeRows>();

  async acquire(scope: SyncScope, ttlMs: number): Promise<SyncLease | null> {
    const rows = this.#rows(scope);
    if (rows.held && rows.until > Date.now()) return null;
    rows.token += 1;
    rows.held = true;
    rows.until = Date.now() + ttlMs;
    return { scope, token: rows.token, until: rows.until };
  }

  async renew(lease: SyncLease, ttlMs: number): Promise<SyncLease | null> {
    const rows = this.#rows(lease.scope);
    if (!rows.held || rows.token !== lease.token) return null;
    rows.until = Date.now() + ttlMs;
    return { ...lease, until: rows.until };
  }

  async release(lease: SyncLease): Promise<void> {
    const rows = this.#rows(lease.scope);
    if (rows.token === lease.token) rows.held = false;
  }

  async commit(lease: SyncLease, changes: SyncCommit): Promise<void> {
    const rows = this.#rowsOf(lease);
    const entity = rows.entity(changes.entity);
    const { links = [], removed = [] } = changes;
    const before = [...removed, ...links.map(({ key }) => key)].flatMap((key) => entity.links.get(key) ?? []);
    for (const { key } of before) entity.remove(key);
    try {
      for (const link of links) entity.put(link);
    } catch (error) {
      for (const { key } of links) entity.remove(key);
      for (const link of before) entity.put(link);
      throw error;
    }
    entity.order.forget(removed.filter((key) => !entity.links.has(key)));
    for (const key of removed) entity.history.delete(key);
    if (changes.stream) entity.stream = changes.stream;
    for (const id of changes.hints ?? []) rows.hints.delete(id);
    for (const entry of changes.history ?? []) {
      const entries = entity.history.get(entry.key) ?? [];
      entity.history.set(entry.key, [entry, ...entries].slice(0, HISTORY));
    }
    const { keys = [], before: moment = 0 } = changes.forgetValues ?? {};
    for (const key of keys) {
      const entries = entity.history.get(key);
      if (entries) entity.history.set(key, [...withoutValues(entries, moment)]);
    }
  }

  async links(scope: SyncScope, entity: string, refs: readonly SyncRef[]): Promise<(SyncLink | null)[]> {
    const rows = this.#rows(scope).entity(entity);
    return refs.map((ref) => rows.find(ref));
  }

  async due(scope: SyncScope, entity: string, before: number, limit: number): Promise<SyncLink[]> {
    const rows = this.#rows(scope).entity(entity);
    return rows.order.dueBy(before, limit).map((key) => rows.links.get(key)!);
  }

  async page(
    scope: SyncScope,
    entity: string,
    query: { readonly after?: string; readonly limit: number; readonly hold?: SyncHoldKind },
  ): Promise<SyncLinkPage> {
    const { after, limit, hold } = query;
    const rows = this.#rows(scope).entity(entity);
    const links: SyncLink[] = [];
    for (const key of rows.order.after(after)) {
      const link = rows.links.get(key);
      if (link === undefined || (hold !== undefined && link.hold?.kind !== hold)) continue;
      if (links.length === limit) return { links, next: links.at(-1)?.key ?? null };
      links.push(link);
    }
    return { links, next: null };
  }

  async count(scope: SyncScope, entity: string, now: number): Promise<SyncCounts> {
    const links = [...this.#rows(scope).entity(entity).links.values()];
    const holds: Partial<Record<SyncHoldKind, number>> = {};
    for (const { hold } of links) if (hold) holds[hold.kind] = (holds[hold.kind] ?? 0) + 1;
    return {
      links: links.length,
      due: links.filter(({ dueAt }) => dueAt !== null && dueAt <= now).length,
      gone: links.filter(({ gone }) => gone !== null).length,
      holds,
    };
  }

  async waiting(
    scope: SyncScope,
    records: readonly string[],
  ): Promise<{ readonly entity: string; readonly link: SyncLink }[]> {
    return [...this.#rows(scope).entities].flatMap(([entity, { links, byWaiting }]) =>
      [...new Set(records)]
        .flatMap((record) => [...(byWaiting.get(record) ?? [])])
        .map((key) => ({ entity, link: links.get(key)! })),
    );
  }

  async matching(scope: SyncScope, entity: string, keys: readonly string[]): Promise<SyncLink[]> {
    const rows = this.#rows(scope).entity(entity);
    const found = new Set(keys.flatMap((key) => [...(rows.byMatch.get(key) ?? [])]));
    return [...found].map((key) => rows.links.get(key)!);
  }

  async stream(scope: SyncScope, entity: string): Promise<SyncStream> {
    return this.#rows(scope).entity(entity).stream;
  }

  async hint(scope: SyncScope, hints: readonly Omit<SyncHint, 'id'>[]): Promise<void> {
    const rows = this.#rows(scope);
    for (const hint of hints) {
      rows.hintCount += 1;
      const id = String(rows.hintCount);
      rows.hints.set(id, { ...hint, id });
    }
  }

  async hints(scope: SyncScope, entity: string, limit: number): Promise<SyncHint[]> {
    return [...this.#rows(scope).hints.values()].filter((hint) => hint.entity === entity).slice(0, limit);
  }

  async group(scope: SyncScope): Promise<SyncGroupState> {
    return this.#rows(scope).group;
  }

  async groups(
    app: string,
    { after, limit }: { readonly after?: string; readonly limit: number },
  ): Promise<SyncGroupPage> {
    const found = [...this.#scopes]
      .filter(([key, { group }]) => group !== NEW_GROUP && (after === undefined || key > after))
      .map(([key, { group }]) => ({ key, names: JSON.parse(key) as [string, string, string], group }))
      .filter(({ names }) => names[0] === app)
      .toSorted((one, other) => (one.key < other.key ? -1 : 1));
    const page = found.slice(0, limit);
    return {
      groups: page.map(({ names, group }) => ({ marketplace: names[1], groupUid: names[2], state: group })),
      next: found.length > limit ? page.at(-1)!.key : null,
    };
  }

  async setGroup(scope: SyncScope, changes: SyncGroupChanges, lease?: SyncLease): Promise<SyncGroupState> {
    const rows = lease ? this.#rowsOf(lease) : this.#rows(scope);
    rows.group = { ...rows.group, ...(typeof changes === 'function' ? changes(rows.group) : changes) };
    return rows.group;
  }

  async history(scope: SyncScope, entity: string, key: string, limit: number): Promise<SyncHistoryEntry[]> {
    return (this.#rows(scope).entity(entity).history.get(key) ?? []).slice(0, limit);
  }

  async forget(scope: SyncScope): Promise<void> {
    const rows = new ScopeRows();
    rows.token = this.#rows(scope).token + 1;
    this.#scopes.set(keyOf(scope), rows);
  }

  async ping(): Promise<void> {}

  /** The rows of a lease's scope. @throws MaestranoSyncError `sync.leaseLost` for an older one */
  #rowsOf({ scope, token }: SyncLease): ScopeRows {
    const rows = this.#rows(scope);
    if (rows.token === token) return rows;
    throw new MaestranoSyncError('sync.leaseLost', { marketplace: scope.marketplace, group: scope.group });
  }

  #rows(scope: SyncScope): ScopeRows {
    const key = keyOf(scope);
    const rows = this.#scopes.get(key) ?? new ScopeRows();
    this.#scopes.set(key, rows);
    return rows;
  }
}

function keyOf({ app, marketplace, group }: SyncScope): string {
  return JSON.stringify([app, marketplace, group]);
}
