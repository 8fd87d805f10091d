import { Inject, Injectable } from '@nestjs/common';

import { singularOf } from '../../utils/singular.js';
import { isRecord } from '../../utils/values.js';
import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import type { SandboxConnecRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { CONNEC_TITLES, ConnecApiException } from './connec-api.exception.js';
import { queryRecords } from './connec-query.js';
import { ConnecRecords, type ConnecScope } from './connec-records.js';
import { CONNEC_RESOURCES, exampleOf, jsonSchemaOf, SINGULAR_RESOURCE } from './connec-resources.js';
import { asExternalIds } from './external-ids.js';

type Document = Record<string, unknown>;

/** Base path of scoped addresses in responses (protocol §9.1). */
const BASE_PATH = '/connec/api/v2';

/** One request to Connec!, from a client or out of a batch. */
export interface ConnecRequest {
  readonly method: string;
  /** Name of the marketplace whose credentials were good. */
  readonly marketplace: string;
  /** What follows the base path: group, resource, id, action. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Document;
  /** Whether identifiers are lists in the response. */
  readonly externalIds: boolean;
}

/** A response of Connec!. */
export interface SandboxConnecResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What can be done to a record beside reading and writing it. */
const ACTIONS = new Set(['merge', 'commit']);

function only({ method }: ConnecRequest, ...methods: readonly string[]): void {
  if (!methods.includes(method)) throw new ConnecApiException(405, 'Method not allowed');
}

const respond = (body: unknown, status = 200, headers = {}): SandboxConnecResponse => ({
  status,
  headers,
  body,
});

/** Connec! v2: one company's business data, resource by resource (protocol §9). */
@Injectable()
export class ConnecApi {
  constructor(
    @Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions,
    private readonly state: SandboxState,
    private readonly records: ConnecRecords,
  ) {}

  /**
   * Handles one request.
   *
   * @throws ConnecApiException with the body of protocol §9.10
   */
  handle(request: ConnecRequest): SandboxConnecResponse {
    const [groupId = '', resource, id, action] = request.segments;
    if (groupId === 'json_schema') return respond(jsonSchemaOf(this.#known(resource ?? '')));
    const scope = this.#scope(request.marketplace, groupId);
    if (resource === undefined || resource === 'updates' || id === 'example') only(request, 'GET');
    if (resource === undefined) return respond(this.#directory(groupId));
    if (resource === 'updates') return this.#updates(scope, id, request);
    this.#known(resource);
    if (resource === SINGULAR_RESOURCE) return this.#company(scope, request);
    if (id === undefined) return this.#collection(scope, resource, request);
    if (id === 'example') return respond({ [resource]: exampleOf(resource) });
    return this.#record(scope, resource, id, action, request);
  }

  #collection(scope: ConnecScope, resource: string, request: ConnecRequest): SandboxConnecResponse {
    only(request, 'GET', 'POST');
    return request.method === 'GET'
      ? this.#list(scope, resource, request)
      : this.#create(scope, resource, request);
  }

  #list(scope: ConnecScope, resource: string, { query, externalIds }: ConnecRequest): SandboxConnecResponse {
    const records = this.records.visible(scope, resource);
    const wire = (record: SandboxConnecRecord): Document => this.records.wire(record, externalIds);
    if (this.options.behaviour === 'like-2016') return respond({ [resource]: records.map(wire) });
    const address = `${this.options.url}${BASE_PATH}/${scope.groupId}/${resource}`;
    // Selecting works on the plain form, whatever form is returned.
    const plain = (record: SandboxConnecRecord): Document => this.records.wire(record, false);
    const { page, pagination } = queryRecords(records, plain, query, address);
    return respond({ [resource]: page.map(wire), pagination });
  }

  #create(scope: ConnecScope, resource: string, request: ConnecRequest): SandboxConnecResponse {
    const entity = this.#entity(resource, request);
    const externalIds = asExternalIds(entity['id']);
    if (entity['id'] !== undefined && !externalIds) {
      // The old sandbox says 409 on the outside and 404 on the inside.
      const bodyStatus = this.options.behaviour === 'like-2016' ? '404' : '409';
      throw new ConnecApiException(409, CONNEC_TITLES.creationWithId, {
        anchor: `${resource}-${resource}-list-post`,
        bodyStatus,
      });
    }
    const existing =
      (externalIds &&
        this.records.manner.upsert !== false &&
        this.records.byExternalId(scope, resource, externalIds)) ||
      this.#match(scope, resource, entity);
    if (existing) return this.#show(this.records.afterWrite(this.records.update(existing, entity)), request);
    const record = this.records.afterWrite(this.records.create(scope, resource, entity));
    const location = `${this.options.url}${BASE_PATH}/${scope.groupId}/${resource}/${record.id}`;
    return respond({ [resource]: this.records.wire(record, request.externalIds) }, 201, { location });
  }

  /** The record that smart merging finds (protocol §9.8): any combination of fields, all of it equal. */
  #match(scope: ConnecScope, resource: string, entity: Document): SandboxConnecRecord | undefined {
    const combinations = (entity['opts'] as { matching_fields?: unknown } | undefined)?.matching_fields;
    if (!Array.isArray(combinations)) return undefined;
    const fields = combinations.map((one: unknown) => (Array.isArray(one) ? one : [one]).map(String));
    return this.records
      .list(scope, resource)
      .find((record) =>
        fields.some((names) =>
          names.every(
            (name) =>
              entity[name] !== undefined &&
              JSON.stringify(record.document[name]) === JSON.stringify(entity[name]),
          ),
        ),
      );
  }

  #record(
    scope: ConnecScope,
    resource: string,
    id: string,
    action: string | undefined,
    request: ConnecRequest,
  ): SandboxConnecResponse {
    const record = this.records.get(scope, resource, id);
    if (!record) throw this.#missing(resource, request.method);
    if (action !== undefined && !ACTIONS.has(action))
      throw new ConnecApiException(404, CONNEC_TITLES.notFound);
    if (request.method === 'GET' && action === undefined) {
      const seen = this.records.glance(record);
      if (seen === null) throw this.#missing(resource, request.method);
      return this.#show(seen, request);
    }
    only(request, ...(action === undefined ? ['GET', 'PUT'] : ['PUT']));
    if (action === undefined) {
      const updated = this.records.update(record, this.#entity(resource, request));
      return this.#show(this.records.afterWrite(updated), request);
    }
    return action === 'merge' ? this.#merge(scope, record, request) : this.#commit(record, request);
  }

  #merge(scope: ConnecScope, record: SandboxConnecRecord, request: ConnecRequest): SandboxConnecResponse {
    const ids = Array.isArray(request.body['ids']) ? request.body['ids'].map(String) : [];
    const others = ids.map((id) => {
      const other = this.records.get(scope, record.resource, id);
      if (!other) throw this.#missing(record.resource, 'PUT');
      return other;
    });
    const entity = (request.body[record.resource] ?? {}) as Document;
    return this.#show(this.records.merge(record, others, entity), request);
  }

  #commit(record: SandboxConnecRecord, request: ConnecRequest): SandboxConnecResponse {
    const mappings = request.body['mappings'];
    if (!Array.isArray(mappings)) throw new ConnecApiException(400, 'Missing mappings');
    return respond({ [record.resource]: { ...this.records.wire(record, request.externalIds), mappings } });
  }

  #company(scope: ConnecScope, request: ConnecRequest): SandboxConnecResponse {
    const record = this.records.list(scope, SINGULAR_RESOURCE)[0] ?? this.#newCompany(scope);
    only(request, 'GET', 'PUT');
    if (request.method === 'GET') return this.#show(record, request);
    return this.#show(this.records.update(record, this.#entity(SINGULAR_RESOURCE, request)), request);
  }

  /** Made on first access, of what the marketplace knows about the group. */
  #newCompany(scope: ConnecScope): SandboxConnecRecord {
    const group = this.state.group(scope.marketplace, scope.groupId);
    const { name, currency, timezone, country } = group ?? {};
    const known = this.options.behaviour === 'like-2016' ? {} : { name, currency, timezone, country };
    return this.records.create(scope, SINGULAR_RESOURCE, known);
  }

  /** What changed since a moment, by the names of entities, as hosted applications used to ask (protocol §7.4). */
  #updates(
    scope: ConnecScope,
    since: string | undefined,
    { query, externalIds }: ConnecRequest,
  ): SandboxConnecResponse {
    const entities = (query.get('$filter[entity]') ?? '').split(',').filter(Boolean);
    const changed: Document = {};
    for (const resource of this.state.connec.resources(scope.marketplace, scope.groupId).keys()) {
      const wanted = entities.some((one) => one.toLowerCase() === singularOf(resource).replaceAll('_', ''));
      if (entities.length > 0 && !wanted) continue;
      changed[resource] = this.records
        .visible(scope, resource)
        .filter((record) => Date.parse(record.updatedAt) > Number(since))
        .map((record) => this.records.wire(record, externalIds));
    }
    return respond(changed);
  }

  #directory(groupId: string): Document {
    const base = `${this.options.url}${BASE_PATH}/${groupId}`;
    return { _links: [...CONNEC_RESOURCES].map((name) => ({ [name]: { href: `${base}/${name}` } })) };
  }

  #show(record: SandboxConnecRecord, { externalIds }: ConnecRequest): SandboxConnecResponse {
    return respond({ [record.resource]: this.records.wire(record, externalIds) });
  }

  #entity(resource: string, { body }: ConnecRequest): Document {
    const entity = body[resource];
    if (isRecord(entity)) return entity;
    throw new ConnecApiException(400, 'Missing envelope', {
      detail: `The body must hold one object under "${resource}"`,
    });
  }

  #scope(marketplace: string, groupId: string): ConnecScope {
    if (this.state.group(marketplace, groupId)?.status === 'running') return { marketplace, groupId };
    throw new ConnecApiException(401, CONNEC_TITLES.unauthorized);
  }

  #known(resource: string): string {
    if (CONNEC_RESOURCES.has(resource)) return resource;
    throw new ConnecApiException(400, CONNEC_TITLES.unknownResource, {
      anchor: `${resource}-${resource}-list-post`,
    });
  }

  #missing(resource: string, method: string): ConnecApiException {
    if (method === 'PUT' && this.options.behaviour === 'like-2016')
      return new ConnecApiException(500, CONNEC_TITLES.internal);
    const anchor = `${resource}-${singularOf(resource)}-${method.toLowerCase()}`;
    return new ConnecApiException(404, CONNEC_TITLES.notFound, { anchor });
  }
}
