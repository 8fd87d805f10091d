import { randomUUID } from 'node:crypto';

import type { HttpMethod, HttpResponse, HttpTarget } from '../../http/http.types.js';
import type { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { isRecord } from '../../utils/values.js';

type Document = Readonly<Record<string, unknown>>;

/** An entry in a list of ids (protocol §9.7). */
export interface ListedId {
  readonly id: string;
  readonly provider: string;
  readonly realm: string;
}

/** A person at Connec! whom nobody else knows, made to find out how Connec! treats records. */
export class ThrowAwayRecord {
  /** Its id at Connec!, once it is there. */
  id: string | null = null;
  readonly externalId: ListedId;

  constructor(
    private readonly http: MaestranoHttp,
    private readonly target: HttpTarget,
    private readonly marketplace: Marketplace,
    private readonly group: string,
  ) {
    this.externalId = { id: randomUUID(), provider: 'nestjs-maestrano-doctor', realm: 'doctor' };
  }

  /** The address of the resource, or of the record. */
  path(id?: string): string {
    const base = `${this.marketplace.connec.basePath}/${encodeURIComponent(this.group)}/people`;
    return id === undefined ? base : `${base}/${encodeURIComponent(id)}`;
  }

  /** One request, never repeated: what comes back is the finding. */
  request(method: HttpMethod, path: string, body?: unknown): Promise<HttpResponse> {
    return this.http.request(this.target, {
      method,
      path,
      operation: `${method} doctor/connec`,
      attempts: 1,
      timeoutMs: 15_000,
      headers: { accept: 'application/vnd.api+json', 'connec-external-ids': 'true' },
      ...(body === undefined ? {} : { body }),
    });
  }

  /** Makes it, or another one: POST. */
  async post(values: Document): Promise<Document | null> {
    return documentOf(
      await this.request('POST', this.path(), { people: { id: [this.externalId], ...values } }),
    );
  }

  async put(values: Document): Promise<Document | null> {
    return documentOf(await this.request('PUT', this.path(this.id ?? ''), { people: values }));
  }

  async get(): Promise<Document | null> {
    return documentOf(await this.request('GET', this.path(this.id ?? '')));
  }

  /** Ids of people that changed since a stamp, in the order that is asked for: oldest first. */
  async changedSince(
    stamp: string,
  ): Promise<{ readonly ids: readonly string[]; readonly stamps: readonly string[] } | null> {
    const query = new URLSearchParams({
      $filter: `updated_at gte '${stamp}'`,
      $orderby: 'updated_at asc',
      $top: '100',
    });
    const { status, json } = await this.request('GET', `${this.path()}?${query.toString()}`);
    const list = isRecord(json) ? json['people'] : null;
    if (status !== 200 || !Array.isArray(list)) return null;
    const records = list.filter(isRecord);
    return {
      ids: records.flatMap((one) => idOf(one) ?? []),
      stamps: records.map((one) => String(one['updated_at'])),
    };
  }

  /** The status of a batch of so many reads of the record. */
  async batch(operations: number): Promise<number> {
    const prefix = this.marketplace.connec.basePath.replace(/\/api\/v2$/, '');
    const op = { method: 'get', url: this.path(this.id ?? '') };
    const ops = Array.from({ length: operations }, () => op);
    const { status } = await this.request('POST', `${prefix}/batch`, { sequential: false, ops });
    return status;
  }
}

/** The record of a response; null where it holds none. */
function documentOf({ status, json }: HttpResponse): Document | null {
  const record = isRecord(json) ? json['people'] : null;
  return status < 300 && isRecord(record) ? record : null;
}

/** All ids of a record. */
export function idsOf(record: Document | null): readonly ListedId[] {
  const ids = record?.['id'];
  return Array.isArray(ids) ? (ids.filter(isRecord) as unknown as ListedId[]) : [];
}

/** Connec!'s own id of a record. */
export function idOf(record: Document | null): string | null {
  const id = record?.['id'];
  if (typeof id === 'string') return id;
  return idsOf(record).find(({ provider }) => provider === 'connec')?.id ?? null;
}
