import { Injectable } from '@nestjs/common';

import { SandboxError } from '../../errors/sandbox.error.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import type { SandboxConnecRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import type { ConnecManner } from './connec-manner.js';
import { ConnecRecords, type ConnecScope } from './connec-records.js';

type Document = Record<string, unknown>;

/** Which company's data. */
export interface ConnecTarget {
  /** Default `cld-1`. */
  readonly group?: string;
  /** The first marketplace unless given. */
  readonly marketplace?: string;
}

/** A company's data as it was. */
export interface ConnecBackup extends ConnecScope {
  /** Copies: what happens afterwards does not change them. */
  readonly records: readonly SandboxConnecRecord[];
}

/** Connec! data from the inside: what somebody else wrote, as far as the application can tell. */
@Injectable()
export class SandboxConnec {
  constructor(
    private readonly state: SandboxState,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly records: ConnecRecords,
  ) {}

  /** A company's records of a resource, plain, as the interface shows them. */
  list(resource: string, target: ConnecTarget = {}): Document[] {
    return this.records.list(this.#scope(target), resource).map((record) => this.records.wire(record, false));
  }

  /** One record, or undefined. */
  get(resource: string, id: string, target: ConnecTarget = {}): Document | undefined {
    const record = this.records.get(this.#scope(target), resource, id);
    return record && this.records.wire(record, false);
  }

  /**
   * Writes a record, new or by `id`; the application is notified if it is subscribed.
   *
   * @throws SandboxError `sandbox.unknown` when there is no record of that id
   */
  write(resource: string, entity: Document, target: ConnecTarget = {}): Document {
    const scope = this.#scope(target);
    const { id } = entity;
    if (typeof id !== 'string') return this.records.wire(this.records.create(scope, resource, entity), false);
    const record = this.#record(scope, resource, id);
    return this.records.wire(this.records.update(record, entity), false);
  }

  /** How Connec! behaves, beside what it does by default; `{}` takes everything back, and so does a reset. */
  get manner(): ConnecManner {
    return this.records.manner;
  }

  /** @throws SandboxError `sandbox.duration` */
  set manner(manner: ConnecManner) {
    this.records.manner = manner;
  }

  /**
   * Takes other records into one, as a person at the platform does with duplicates: their external ids go over, they
   * themselves are gone (protocol §9.8).
   *
   * @throws SandboxError `sandbox.unknown` when one of them is not there
   */
  merge(resource: string, winner: string, losers: readonly string[], target: ConnecTarget = {}): Document {
    const scope = this.#scope(target);
    const others = losers.map((id) => this.#record(scope, resource, id));
    return this.records.wire(this.records.merge(this.#record(scope, resource, winner), others, {}), false);
  }

  /**
   * Has somebody else change the next record of a resource that a client writes, so that the response to that write shows
   * the later state. Once for each call.
   */
  intervene(resource: string, changes: Document, target: ConnecTarget = {}): void {
    this.records.intervene(this.#scope(target), resource, changes);
  }

  /** A company's data as it is now, for {@link restoreBackup}. */
  backup(target: ConnecTarget = {}): ConnecBackup {
    const scope = this.#scope(target);
    return { ...scope, records: this.state.connec.copyOf(scope.marketplace, scope.groupId) };
  }

  /** Puts a company's data back to what it was: whatever happened since is lost, and nobody is notified. */
  restoreBackup({ marketplace, groupId, records }: ConnecBackup): void {
    this.state.connec.restore(marketplace, groupId, records);
  }

  #record(scope: ConnecScope, resource: string, id: string): SandboxConnecRecord {
    const record = this.records.get(scope, resource, id);
    if (record) return record;
    throw new SandboxError('sandbox.unknown', {
      message: `${resource} has no record ${id}.`,
      remedy: 'Look at list().',
    });
  }

  #scope({ group = 'cld-1', marketplace }: ConnecTarget): ConnecScope {
    const { name } = this.marketplaces.getOrFirst(marketplace);
    if (this.state.group(name, group)) return { marketplace: name, groupId: group };
    throw new SandboxError('sandbox.unknown', {
      message: `${name} has no group ${group}.`,
      remedy: 'Add it with sandbox.build.group().',
    });
  }
}
