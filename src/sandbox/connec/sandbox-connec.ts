import { Injectable } from '@nestjs/common';

import { SandboxError } from '../../errors/sandbox.error.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import type { SandboxConnecRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { ConnecRecords, type ConnecScope } from './connec-records.js';

type Document = Record<string, unknown>;

/** Which company's data. */
export interface ConnecTarget {
  /** Default `cld-1`. */
  readonly group?: string;
  /** The first marketplace unless given. */
  readonly marketplace?: string;
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
    const record: SandboxConnecRecord | undefined = this.records.get(scope, resource, id);
    if (!record)
      throw new SandboxError('sandbox.unknown', {
        message: `${resource} has no record ${id}.`,
        remedy: 'Leave the id out to add one.',
      });
    return this.records.wire(this.records.update(record, entity), false);
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
