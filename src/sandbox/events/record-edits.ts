import { Injectable } from '@nestjs/common';

import { SandboxError } from '../../errors/sandbox.error.js';
import { isRecord } from '../../utils/values.js';
import { ConnecRecords, type ConnecScope } from '../connec/connec-records.js';
import { CONNEC_RESOURCES } from '../connec/connec-resources.js';
import { asExternalIds } from '../connec/external-ids.js';
import type { SandboxConnecRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { ConnecChanges } from '../webhooks/connec-changes.js';

type Document = Readonly<Record<string, unknown>>;

/** Has records of Connec! edited as somebody at the marketplace does, and says what they are then. */
@Injectable()
export class RecordEdits {
  constructor(
    private readonly state: SandboxState,
    private readonly records: ConnecRecords,
    private readonly changes: ConnecChanges,
  ) {}

  /** A record by `people/ID`, or the company's first one of `people`; null where the company has none. */
  chosen({ marketplace, groupId }: ConnecScope, reference: string): SandboxConnecRecord | null {
    const [resource = '', ...rest] = reference.split('/');
    const id = rest.join('/');
    const record = id
      ? this.state.connec.get(marketplace, groupId, resource, id)
      : this.state.connec.list(marketplace, groupId, resource)[0];
    if (record || (id === '' && CONNEC_RESOURCES.has(resource))) return record ?? null;
    throw new SandboxError('sandbox.unknown', {
      message: `${groupId} at ${marketplace} has no record "${reference}".`,
      remedy: 'Write RESOURCE/ID as the pages of the sandbox list them at /records.',
    });
  }

  /**
   * Writes the entities of a notification's body to Connec!, those that are not there under the id they have, and returns
   * the body with what they are then. What names no resource or no id stays as it is. Nobody is notified: the caller does.
   */
  write(scope: ConnecScope, body: Document): Record<string, unknown> {
    return this.changes.unannounced(() =>
      Object.fromEntries(
        Object.entries(body).map(([resource, list]) => [
          resource,
          CONNEC_RESOURCES.has(resource) && Array.isArray(list)
            ? list.map((one: unknown) => (isRecord(one) ? this.#written(scope, resource, one) : one))
            : list,
        ]),
      ),
    );
  }

  #written({ marketplace, groupId }: ConnecScope, resource: string, entity: Document): Document {
    const group = typeof entity['group_id'] === 'string' ? entity['group_id'] : groupId;
    const { id } = entity;
    const ids = asExternalIds(id) ?? [];
    if (!this.state.group(marketplace, group) || (typeof id !== 'string' && ids.length === 0)) return entity;
    const scope = { marketplace, groupId: group };
    const known =
      typeof id === 'string'
        ? this.records.get(scope, resource, id)
        : this.records.byExternalId(scope, resource, ids);
    const record = known
      ? this.records.update(known, entity)
      : this.records.create(scope, resource, entity, undefined, typeof id === 'string' ? id : undefined);
    return this.records.wire(record, this.state.marketplaces.get(marketplace)?.externalIds ?? false);
  }
}
