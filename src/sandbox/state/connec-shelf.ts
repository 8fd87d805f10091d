import { Collection } from './collection.js';
import type { SandboxConnecRecord } from './records.js';

function shelfKey(marketplace: string, groupId: string, resource: string): string {
  return `${marketplace}\n${groupId}\n${resource}`;
}

/** Connec! records, kept apart by marketplace, company and resource, so that a page of one never walks the others. */
export class ConnecShelf {
  readonly #shelves = new Map<string, Collection<SandboxConnecRecord>>();

  add(record: SandboxConnecRecord): SandboxConnecRecord {
    const key = shelfKey(record.marketplace, record.groupId, record.resource);
    let shelf = this.#shelves.get(key);
    if (!shelf) this.#shelves.set(key, (shelf = new Collection((one: SandboxConnecRecord) => one.id)));
    return shelf.add(record);
  }

  delete(record: SandboxConnecRecord): void {
    this.#shelves.get(shelfKey(record.marketplace, record.groupId, record.resource))?.delete(record.id);
  }

  get(marketplace: string, groupId: string, resource: string, id: string): SandboxConnecRecord | undefined {
    return this.#shelves.get(shelfKey(marketplace, groupId, resource))?.get(id);
  }

  list(marketplace: string, groupId: string, resource: string): SandboxConnecRecord[] {
    return this.#shelves.get(shelfKey(marketplace, groupId, resource))?.list() ?? [];
  }

  /** Resources of which a company has records, with how many. */
  resources(marketplace: string, groupId: string): Map<string, number> {
    const prefix = shelfKey(marketplace, groupId, '');
    const found = new Map<string, number>();
    for (const [key, shelf] of this.#shelves) {
      if (key.startsWith(prefix) && shelf.size > 0) found.set(key.slice(prefix.length), shelf.size);
    }
    return found;
  }

  /** A company's record of any resource by its Connec! id. */
  find(marketplace: string, groupId: string, id: string): SandboxConnecRecord | undefined {
    for (const resource of this.resources(marketplace, groupId).keys()) {
      const record = this.get(marketplace, groupId, resource, id);
      if (record) return record;
    }
    return undefined;
  }

  clear(): void {
    this.#shelves.clear();
  }

  toJSON(): SandboxConnecRecord[] {
    return [...this.#shelves.values()].flatMap((shelf) => shelf.list());
  }
}
