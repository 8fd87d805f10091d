import type { HttpMethod } from '../../http/http.types.js';
import type { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { ConnecClientOptions } from '../../interfaces/connec-options.interface.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { fromEnvelope, isObject, toEnvelope } from './connec-envelope.js';
import { pathSegment, relativePath } from './connec-paths.js';
import { type ConnecQuery, queryParameters, queryString } from './connec-query.js';
import type { ConnecChanges, ConnecRecordOf, ConnecResourceName } from './connec-resources.interface.js';
import { type ConnecAnswer, type ConnecCallOptions, ConnecTransport } from './connec-transport.js';

/** A call in the platform's own terms, for what has no method here. */
export interface ConnecRawRequest extends ConnecCallOptions {
  readonly method: HttpMethod;
  /** Relative to the scope; each segment is encoded. Text is split at slashes. */
  readonly path: string | readonly string[];
  /** `group` (default): below the group; `base`: below the base path; `host`: below the host. */
  readonly scope?: 'group' | 'base' | 'host';
  readonly query?: ConnecQuery | readonly (readonly [string, string])[];
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a client needs to speak for one group, and the calls beside reading and writing records. */
export abstract class ConnecScopedClient {
  protected readonly transport: ConnecTransport;
  /** `/api/v2/cld-4` */
  protected readonly scope: string;

  constructor(
    http: MaestranoHttp,
    /** The snapshot the client works with. */
    readonly marketplace: Marketplace,
    /** `cld-…` */
    readonly group: string,
    options: ConnecClientOptions = {},
  ) {
    this.transport = new ConnecTransport(http, marketplace, group, options);
    this.scope = `${marketplace.connec.basePath}/${pathSegment(group, 'group id')}`;
  }

  /** A report such as `accounts_summary` with parameters such as `{ from, to, period }` (protocol §9.9). */
  async report(
    name: string,
    parameters: Readonly<Record<string, string>> = {},
    options: ConnecCallOptions = {},
  ): Promise<unknown> {
    const base = `${this.marketplace.connec.reportsPath}/${pathSegment(this.group, 'group id')}`;
    const path = `${base}/${pathSegment(name, 'report name')}${queryString(Object.entries(parameters))}`;
    return (
      await this.transport.send({
        ...options,
        method: 'GET',
        path,
        operation: 'GET connec/reports/:group/:report',
      })
    ).data;
  }

  /** Resource name to its URL, as the server lists them (protocol §9.1). Never follow them with credentials. */
  async directory(options: ConnecCallOptions = {}): Promise<Record<string, string>> {
    const operation = 'GET connec/:group';
    const answer = await this.transport.send({ ...options, method: 'GET', path: this.scope, operation });
    const links = (answer.data as { _links?: unknown } | undefined)?._links;
    if (!Array.isArray(links))
      throw this.transport.unexpected(operation, answer, 'The answer holds no "_links".');
    return Object.fromEntries(
      links.flatMap((link: unknown) =>
        Object.entries(isObject(link) ? link : {}).flatMap(([name, target]) =>
          isObject(target) && typeof target.href === 'string' ? [[name, target.href]] : [],
        ),
      ),
    );
  }

  /** A made-up record that shows the fields of a resource (protocol §9.1). */
  async example<R extends ConnecResourceName>(
    resource: R,
    options: ConnecCallOptions = {},
  ): Promise<ConnecRecordOf<R>> {
    const operation = 'GET connec/:group/:resource/example';
    const path = this.path(resource, 'example');
    return this.record(
      resource,
      operation,
      await this.transport.send({ ...options, method: 'GET', path, operation }),
    );
  }

  /** The JSON schema of a resource, the same for all groups (protocol §9.1). */
  async jsonSchema(resource: ConnecResourceName, options: ConnecCallOptions = {}): Promise<unknown> {
    const path = `${this.marketplace.connec.basePath}/json_schema/${pathSegment(resource, 'resource name')}`;
    return (
      await this.transport.send({
        ...options,
        method: 'GET',
        path,
        operation: 'GET connec/json_schema/:resource',
      })
    ).data;
  }

  /** Version of the server, such as `{ ci_branch: 'v1.8' }` (protocol §9.1). */
  async version(options: ConnecCallOptions = {}): Promise<Record<string, unknown>> {
    const headers = { accept: 'application/json' };
    const operation = 'GET connec/version';
    const answer = await this.transport.send({
      ...options,
      method: 'GET',
      path: '/version',
      operation,
      headers,
    });
    return (answer.data ?? {}) as Record<string, unknown>;
  }

  /** Merges duplicates into the record, optionally changing it on the way (protocol §9.8). */
  async merge<R extends ConnecResourceName>(
    resource: R,
    id: string,
    duplicateIds: readonly string[],
    changes: ConnecChanges<R> = {},
    options: ConnecCallOptions = {},
  ): Promise<ConnecRecordOf<R>> {
    const operation = 'PUT connec/:group/:resource/:id/merge';
    const path = `${this.path(resource, id)}/merge`;
    const body = { ids: duplicateIds, ...toEnvelope(resource, changes) };
    return this.record(
      resource,
      operation,
      await this.transport.send({ ...options, method: 'PUT', path, operation, body }),
    );
  }

  /** Commits the mapping of a record for groups (protocol §9.8). */
  async commit(
    resource: ConnecResourceName,
    id: string,
    mappings: readonly { readonly group_id: string; readonly commit: boolean }[],
    options: ConnecCallOptions = {},
  ): Promise<unknown> {
    const operation = 'PUT connec/:group/:resource/:id/commit';
    const path = `${this.path(resource, id)}/commit`;
    return (await this.transport.send({ ...options, method: 'PUT', path, operation, body: { mappings } }))
      .data;
  }

  /** Any other call, with the same credentials, headers, limits and errors. */
  async request(request: ConnecRawRequest): Promise<ConnecAnswer> {
    const { method, scope = 'group', path, query = {}, ...call } = request;
    const base = scope === 'host' ? '' : scope === 'base' ? this.marketplace.connec.basePath : this.scope;
    const parameters = Array.isArray(query)
      ? (query as readonly (readonly [string, string])[])
      : queryParameters(query as ConnecQuery);
    return this.transport.send({
      ...call,
      method,
      path: `${base}/${relativePath(path)}${queryString(parameters)}`,
      operation: `${method} connec/:raw`,
    });
  }

  protected path(resource: string, id?: string): string {
    const collection = `${this.scope}/${pathSegment(resource, 'resource name')}`;
    return id === undefined ? collection : `${collection}/${pathSegment(id, 'record id')}`;
  }

  protected record<R extends ConnecResourceName>(
    resource: R,
    operation: string,
    answer: ConnecAnswer,
  ): ConnecRecordOf<R> {
    const record = fromEnvelope(resource, answer.data);
    if (record) return record;
    throw this.transport.unexpected(
      operation,
      answer,
      'The answer holds no record under the name of its resource.',
    );
  }
}
