import { Inject, Injectable } from '@nestjs/common';

import { milliseconds } from '../clock/duration.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import type { SandboxConnecRecord, SandboxExternalId } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { checkManner, type ConnecManner, kept, writtenOver } from './connec-manner.js';
import { asExternalIds, CONNEC_PROVIDER, idList, mapReferences, sameExternalId } from './external-ids.js';
import { HiddenChanges } from './hidden-changes.js';
import { withLineIds } from './line-ids.js';

type Document = Record<string, unknown>;

/** Whose records are meant. */
export interface ConnecScope {
  readonly marketplace: string;
  readonly groupId: string;
}

/** What somebody else does to the next record that is written. */
interface Intervention extends ConnecScope {
  readonly resource: string;
  readonly changes: Document;
}

/** Fields that Connec! keeps itself; what a client sends in them is ignored (protocol §9.4). */
const OWN_FIELDS = new Set([
  'id',
  'created_at',
  'updated_at',
  'group_id',
  'channel_id',
  'resource_type',
  'opts',
]);

/** Reads and writes Connec! records: identifiers, references, timestamps (protocol §9.4, §9.7). */
@Injectable()
export class ConnecRecords {
  readonly #listeners = new Set<(record: SandboxConnecRecord) => void>();
  readonly #hidden = new HiddenChanges();
  readonly #interventions: Intervention[] = [];
  #manner: ConnecManner = {};
  #second: string | null = null;

  constructor(
    @Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions,
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
  ) {}

  get manner(): ConnecManner {
    return this.#manner;
  }

  /** @throws SandboxError `sandbox.duration` */
  set manner(manner: ConnecManner) {
    checkManner(manner);
    this.#manner = manner;
    this.#second = null;
  }

  /** Back to what nobody asked for otherwise. */
  reset(): void {
    this.manner = {};
    this.#interventions.length = 0;
    this.#hidden.clear();
  }

  /** Has somebody else change the next record of a resource that is written, before the writer has its response. */
  intervene(scope: ConnecScope, resource: string, changes: Document): void {
    this.#interventions.push({ ...scope, resource, changes });
  }

  /** What was announced by {@link intervene} happens to the record that was written. */
  afterWrite(record: SandboxConnecRecord): SandboxConnecRecord {
    const index = this.#interventions.findIndex(
      ({ marketplace, groupId, resource }) =>
        marketplace === record.marketplace && groupId === record.groupId && resource === record.resource,
    );
    const [next] = index < 0 ? [] : this.#interventions.splice(index, 1);
    return next ? this.update(record, next.changes) : record;
  }

  /** Records of a list as they are seen at this moment: changes may become visible late. */
  visible(scope: ConnecScope, resource: string): SandboxConnecRecord[] {
    const now = this.clock.now().getTime();
    return this.list(scope, resource).flatMap((record) => this.#hidden.seen(record, now) ?? []);
  }

  /** A record as whoever asks for it by its id sees it at this moment; null when it is not there yet. */
  glance(record: SandboxConnecRecord): SandboxConnecRecord | null {
    if (this.#manner.hideIn !== 'everywhere') return record;
    return this.#hidden.seen(record, this.clock.now().getTime());
  }

  /** Calls back after every change of a record. */
  onChange(listener: (record: SandboxConnecRecord) => void): void {
    this.#listeners.add(listener);
  }

  /** The channel of a company: its organisation. */
  channel({ marketplace, groupId }: ConnecScope): string {
    return this.state.group(marketplace, groupId)?.orgUid ?? '';
  }

  list({ marketplace, groupId }: ConnecScope, resource: string): SandboxConnecRecord[] {
    return this.state.connec.list(marketplace, groupId, resource);
  }

  get({ marketplace, groupId }: ConnecScope, resource: string, id: string): SandboxConnecRecord | undefined {
    return this.state.connec.get(marketplace, groupId, resource, id);
  }

  /** The record that one of several external ids names. */
  byExternalId(
    scope: ConnecScope,
    resource: string,
    ids: readonly SandboxExternalId[],
  ): SandboxConnecRecord | undefined {
    const own = ids.find((one) => one.provider === CONNEC_PROVIDER);
    if (own) return this.get(scope, resource, own.id);
    return this.state.connec.byExternalId(scope.marketplace, scope.groupId, resource, ids);
  }

  /** Adds a record. `at` dates it; now, unless given. It has a new id unless one is given. */
  create(
    scope: ConnecScope,
    resource: string,
    entity: Document,
    at = this.#stamp(),
    id = this.state.random.uuid(),
  ): SandboxConnecRecord {
    const record: SandboxConnecRecord = {
      ...scope,
      resource,
      id,
      externalIds: [],
      document: {},
      createdAt: at,
      updatedAt: at,
    };
    this.state.connec.add(record);
    return this.#write(record, entity, at, true);
  }

  /** Changes the fields that are given; external ids are added to the known ones. */
  update(record: SandboxConnecRecord, entity: Document): SandboxConnecRecord {
    return this.#write(record, entity, this.#stamp());
  }

  /** Takes other records into one: their external ids go over, they themselves vanish (protocol §9.8). */
  merge(
    record: SandboxConnecRecord,
    others: readonly SandboxConnecRecord[],
    entity: Document,
  ): SandboxConnecRecord {
    for (const other of others) {
      record.externalIds.push(...other.externalIds);
      this.state.connec.delete(other);
    }
    this.state.connec.index(record);
    return this.update(record, entity);
  }

  /** A record as it is sent; with external ids, identifiers are lists (protocol §9.4, §9.7). */
  wire(record: SandboxConnecRecord, externalIds: boolean): Document {
    const channel = this.channel(record);
    const document = externalIds
      ? (mapReferences(record.document, this.#unfold(record)) as Document)
      : record.document;
    const id = externalIds ? idList(record, channel) : record.id;
    if (this.options.behaviour === 'like-2016') {
      return { ...document, id, group_id: record.groupId, type: record.resource };
    }
    return {
      type: record.resource,
      ...document,
      id,
      group_id: record.groupId,
      channel_id: channel,
      resource_type: record.resource,
      created_at: record.createdAt,
      updated_at: record.updatedAt,
    };
  }

  #stamp(): string {
    if (!this.#manner.sameSecond) return this.clock.iso();
    return (this.#second ??= this.clock.iso());
  }

  #write(record: SandboxConnecRecord, entity: Document, at: string, isNew = false): SandboxConnecRecord {
    const { hideFor, unchangedMoves, newIds } = this.#manner;
    const own = Object.fromEntries(Object.entries(entity).filter(([name]) => !OWN_FIELDS.has(name)));
    const given = kept(own, this.#manner);
    if (hideFor !== undefined) {
      this.#hidden.hide(record, this.clock.now().getTime() + milliseconds(hideFor), isNew);
    }
    const before =
      unchangedMoves === false && !isNew ? JSON.stringify([record.document, record.externalIds]) : '';
    if (Array.isArray(given['lines'])) given['lines'] = withLineIds(record, given['lines']);
    const folded = mapReferences(given, (reference) => this.#fold(record, reference)) as Document;
    record.document = writtenOver(record.document, folded, this.#manner);
    for (const id of asExternalIds(entity['id']) ?? []) {
      const known = record.externalIds.some((one) => sameExternalId(one, id));
      if (known || id.provider === CONNEC_PROVIDER) continue;
      const others = record.externalIds.filter(
        ({ provider, realm }) => newIds !== 'replace' || provider !== id.provider || realm !== id.realm,
      );
      record.externalIds = [...others, id];
    }
    this.state.connec.index(record);
    if (before !== '' && before === JSON.stringify([record.document, record.externalIds])) return record;
    record.updatedAt = at;
    for (const listener of this.#listeners) listener(record);
    return record;
  }

  /** A reference as it is stored: the Connec! id, when a list of ids leads to a known record. */
  #fold(scope: ConnecScope, reference: unknown): unknown {
    const ids = asExternalIds(reference);
    if (!ids) return reference;
    const own = ids.find((one) => one.provider === CONNEC_PROVIDER);
    if (own) return own.id;
    return this.state.connec.findExternal(scope.marketplace, scope.groupId, ids)?.id ?? reference;
  }

  /** A stored reference as a list of ids. */
  #unfold(scope: SandboxConnecRecord): (reference: unknown) => unknown {
    const channel = this.channel(scope);
    return (reference) => {
      if (typeof reference !== 'string') return reference;
      const line = scope.lineIds?.[reference];
      if (line) return [...line, { id: reference, provider: CONNEC_PROVIDER, realm: channel }];
      const record = this.state.connec.find(scope.marketplace, scope.groupId, reference);
      if (record) return idList(record, channel);
      return [{ id: reference, provider: CONNEC_PROVIDER, realm: channel }];
    };
  }
}
