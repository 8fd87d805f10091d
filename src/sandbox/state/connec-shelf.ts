import { Collection } from './collection.js';
import type { SandboxConnecRecord, SandboxExternalId } from './records.js';

function groupKey(marketplace: string, groupId: string): string {
  return `${marketplace}\n${groupId}`;
}

function externalKey(
  record: Pick<SandboxConnecRecord, 'marketplace' | 'groupId' | 'resource'>,
  id: SandboxExternalId,
): string {
  const { marketplace, groupId, resource } = record;
  return [groupKey(marketplace, groupId), resource, id.provider, id.realm, id.id].join('\n');
}

/** Connec! records, kept apart by marketplace, company and resource, so that a page of one never walks the others. */
export class ConnecShelf {
  /** Shelves by resource, of each company. */
  readonly #groups = new Map<string, Map<string, Collection<SandboxConnecRecord>>>();
  /** By external id: the record that had it first. */
  readonly #byExternalId = new Map<string, SandboxConnecRecord>();

  add(record: SandboxConnecRecord): SandboxConnecRecord {
    const key = groupKey(record.marketplace, record.groupId);
    let group = this.#groups.get(key);
    if (!group) this.#groups.set(key, (group = new Map()));
    let shelf = group.get(record.resource);
    if (!shelf) {
      group.set(record.resource, (shelf = new Collection((one: SandboxConnecRecord) => one.id)));
    }
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
    this.#shelf(record.marketplace, record.groupId, record.resource)?.delete(record.id);
  }

  get(marketplace: string, groupId: string, resource: string, id: string): SandboxConnecRecord | undefined {
    return this.#shelf(marketplace, groupId, resource)?.get(id);
  }

  list(marketplace: string, groupId: string, resource: string): SandboxConnecRecord[] {
    return this.#shelf(marketplace, groupId, resource)?.list() ?? [];
  }

  /** Resources of which a company has records, with how many. */
  resources(marketplace: string, groupId: string): Map<string, number> {
    const shelves = [...(this.#groups.get(groupKey(marketplace, groupId)) ?? [])];
    return new Map(shelves.flatMap(([resource, { size }]) => (size > 0 ? [[resource, size] as const] : [])));
  }

  /** A company's record of any resource by its Connec! id. */
  find(marketplace: string, groupId: string, id: string): SandboxConnecRecord | undefined {
    for (const shelf of this.#groups.get(groupKey(marketplace, groupId))?.values() ?? []) {
      const record = shelf.get(id);
      if (record) return record;
    }
    return undefined;
  }

  /** A company's record of any resource by one of its external ids. */
  findExternal(
    marketplace: string,
    groupId: string,
    ids: readonly SandboxExternalId[],
  ): SandboxConnecRecord | undefined {
    for (const resource of this.#groups.get(groupKey(marketplace, groupId))?.keys() ?? []) {
      const record = this.byExternalId(marketplace, groupId, resource, ids);
      if (record) return record;
    }
    return undefined;
  }

  /** Copies of all records of a company. */
  copyOf(marketplace: string, groupId: string): SandboxConnecRecord[] {
    const shelves = this.#groups.get(groupKey(marketplace, groupId))?.values() ?? [];
    return [...shelves].flatMap((shelf) => structuredClone(shelf.list()));
  }

  /** Puts copies in the place of all records of a company. */
  restore(marketplace: string, groupId: string, records: readonly SandboxConnecRecord[]): void {
    this.#groups.delete(groupKey(marketplace, groupId));
    for (const record of records) this.add(structuredClone(record));
  }

  clear(): void {
    this.#groups.clear();
    this.#byExternalId.clear();
  }

  #shelf(
    marketplace: string,
    groupId: string,
    resource: string,
  ): Collection<SandboxConnecRecord> | undefined {
    return this.#groups.get(groupKey(marketplace, groupId))?.get(resource);
  }

  #stored({ marketplace, groupId, resource, id }: SandboxConnecRecord): SandboxConnecRecord | undefined {
    return this.get(marketplace, groupId, resource, id);
  }

  toJSON(): SandboxConnecRecord[] {
    return [...this.#groups.values()].flatMap((group) =>
      [...group.values()].flatMap((shelf) => shelf.list()),
    );
  }
}
