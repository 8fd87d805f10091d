import type { SyncLink, SyncSide } from '../store/sync-link.js';

/** What came of records that were seen: links that changed, and keys of those that became part of another one. */
export interface Seen {
  readonly links: readonly SyncLink[];
  readonly removed: readonly string[];
}

/** Links of a page, found together and changed one by one. */
export class LinkPage {
  readonly #links = new Map<string, SyncLink>();
  readonly #keys = {
    app: new Map<string, string>(),
    connec: new Map<string, string>(),
    external: new Map<string, string>(),
  };
  readonly #touched = new Set<string>();
  readonly #dropped = new Set<string>();

  add(links: readonly (SyncLink | null)[]): void {
    for (const link of links) if (link && !this.#links.has(link.key)) this.#keep(link);
  }

  /** The link that has the id on the side, or as our id at Connec!. */
  by(kind: SyncSide | 'external', id: string | null): SyncLink | undefined {
    const link = id === null ? undefined : this.#links.get(this.#keys[kind].get(id) ?? '');
    return link && idOf(link, kind) === id ? link : undefined;
  }

  /** The one link of an entity that has no more than one, if the side has no record in it yet. */
  without(side: SyncSide): SyncLink | undefined {
    return [...this.#links.values()].find((link) => link[side].id === null);
  }

  put(link: SyncLink): SyncLink {
    this.#keep(link);
    this.#touched.add(link.key);
    return link;
  }

  /** Takes a link out: its record is that of another one. */
  drop({ key }: SyncLink): void {
    this.#links.delete(key);
    this.#touched.delete(key);
    this.#dropped.add(key);
  }

  get seen(): Seen {
    return { links: [...this.#touched].map((key) => this.#links.get(key)!), removed: [...this.#dropped] };
  }

  #keep(link: SyncLink): void {
    this.#links.set(link.key, link);
    for (const kind of ['app', 'connec', 'external'] as const) {
      const id = idOf(link, kind);
      if (id !== null) this.#keys[kind].set(id, link.key);
    }
  }
}

function idOf(link: SyncLink, kind: SyncSide | 'external'): string | null {
  return kind === 'external' ? link.externalId : link[kind].id;
}
