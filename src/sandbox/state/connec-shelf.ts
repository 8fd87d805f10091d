import { Collection } from './collection.js';
import type { SandboxConnecRecord, SandboxExternalId } from './records.js';

function shelfKey(marketplace: string, groupId: string, resource: string): string {
  return `${marketplace}\n${groupId}\n${resource}`;
}

function externalKey(
  record: Pick<SandboxConnecRecord, 'marketplace' | 'groupId' | 'resource'>,
  id: SandboxExternalId,
): string {
  const { marketplace, groupId, resource } = record;
  return [shelfKey(marketplace, groupId, resource), id.provider, id.realm, id.id].join('\n');
}

/** Connec! records, kept apart by marketplace, company and resource, so that a page of one never walks the others. */
export class ConnecShelf {
  readonly #shelves = new Map<string, Collection<SandboxConnecRecord>>();
  /** By external id: the record that had it first. */
  readonly #byExternalId = new Map<string, SandboxConnecRecord>();

  add(record: SandboxConnecRecord): SandboxConnecRecord {
    const key = shelfKey(record.marketplace, record.groupId, record.resource);
    let shelf = this.#shelves.get(key);
    if (!shelf) this.#shelves.set(key, (shelf = new Collection((one: SandboxConnecRecord) => one.id)));
    this.index(record);
    return shelf.add(record);
  }

  /** Has the record be found by its external ids; call it whenever it gets one. */
  index(record: SandboxConnecRecord): void {
    for (const id of record.externalIds) {
      const key = externalKey(record, id);
      const holder = this.#byExternalId.get(key);
      if (holder === undefined || this.#stored(holder) !== holder) this.#byExternalId.set(key, record);
    }
  }

  /** The record of a resource that has one of the external ids. */
  byExternalId(
    marketplace: string,
    groupId: string,
    resource: string,
    ids: readonly SandboxExternalId[],
  ): SandboxConnecRecord | undefined {
    for (const id of ids) {
      const key = externalKey({ marketplace, groupId, resource }, id);
      const found = this.#byExternalId.get(key);
      if (found && this.#stored(found) === found) return found;
      if (!found) continue;
      // Its record is gone, and another one may have had the same id all along.
      this.#byExternalId.delete(key);
      for (const record of this.list(marketplace, groupId, resource)) this.index(record);
      const next = this.#byExternalId.get(key);
      if (next) return next;
    }
    return undefined;
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
    this.#byExternalId.clear();
  }

  #stored({ marketplace, groupId, resource, id }: SandboxConnecRecord): SandboxConnecRecord | undefined {
    return this.get(marketplace, groupId, resource, id);
  }

  toJSON(): SandboxConnecRecord[] {
    return [...this.#shelves.values()].flatMap((shelf) => shelf.list());
  }
}
