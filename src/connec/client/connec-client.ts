import type { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { ConnecSettings } from '../../settings/maestrano-settings.js';
import { isRecord } from '../../utils/values.js';
import type { ConnecPosted, ConnecPostOptions, ConnecRawRequest } from './connec-calls.interface.js';
import { type ConnecBatchResults, type ConnecOperation, sendBatch } from './connec-batch.js';
import {
  type ChangedSource,
  type ConnecChangedOptions,
  type ConnecChangedPage,
  readChanged,
} from './changed-records.js';
import {
  ConnecCollection,
  type ConnecPage,
  type ConnecPagesOptions,
  type PageSource,
  paginationOf,
  readPage,
  readPages,
} from './connec-pages.js';
import {
  type ConnecQuery,
  filterText,
  pathSegment,
  queryParameters,
  queryString,
  relativePath,
} from './connec-query.js';
import type { ConnecChanges, ConnecRecordOf, ConnecResourceName } from './connec-resources.interface.js';
import {
  type ConnecCall,
  type ConnecCallOptions,
  type ConnecResponse,
  ConnecTransport,
  fromEnvelope,
  listFromEnvelope,
  toEnvelope,
} from './connec-transport.js';

const MAX_CONCURRENCY = 16;
const DEFAULT_MAX_PAGES = 100_000;
const DEFAULT_TOP = 100;
const DEFAULT_OVERLAP_MS = 120_000;

/**
 * One customer group's data on one marketplace (protocol §9). Get one from `ConnecService.for()`; it holds no
 * connection and may be made for every call.
 *
 * Every method rejects with a `MaestranoConnecError` when Connec! rejects the request, and with a `MaestranoHttpError` when no response came.
 * GET is repeated after a failure; POST and PUT only when nothing was sent.
 */
export class ConnecClient {
  readonly #transport: ConnecTransport;
  /** `/api/v2/cld-4` */
  readonly #scope: string;

  constructor(
    http: MaestranoHttp,
    /** The snapshot the client works with. */
    readonly marketplace: Marketplace,
    /** `cld-…` */
    readonly group: string,
    settings: ConnecSettings['client'],
  ) {
    this.#transport = new ConnecTransport(http, marketplace, group, settings);
    this.#scope = `${marketplace.connec.basePath}/${pathSegment(group, 'group id')}`;
  }

  /** One record by its Connec! id. The singular `company` has none. */
  get(resource: 'company', options?: ConnecCallOptions): Promise<ConnecRecordOf<'company'>>;
  get<R extends ConnecResourceName>(
    resource: R,
    id: string,
    options?: ConnecCallOptions,
  ): Promise<ConnecRecordOf<R>>;
  async get<R extends ConnecResourceName>(
    resource: R,
    idOrOptions?: string | ConnecCallOptions,
    options?: ConnecCallOptions,
  ): Promise<ConnecRecordOf<R>> {
    const [id, call] = typeof idOrOptions === 'object' ? [undefined, idOrOptions] : [idOrOptions, options];
    const operation = id === undefined ? 'GET connec/:group/:resource' : 'GET connec/:group/:resource/:id';
    const path = this.#path(resource, id);
    return this.#record(resource, { ...call, method: 'GET', path, operation });
  }

  /** Creates a record, or merges it into one that smart merge finds. Leave `id` out, or give external ids. */
  async post<R extends ConnecResourceName>(
    resource: R,
    record: ConnecChanges<R>,
    options: ConnecPostOptions = {},
  ): Promise<ConnecPosted<ConnecRecordOf<R>>> {
    const { matchingFields, ...call } = options;
    const operation = 'POST connec/:group/:resource';
    const body = toEnvelope(resource, record, matchingFields);
    const path = this.#path(resource);
    const response = await this.#transport.send({ ...call, method: 'POST', path, operation, body });
    const outcome = response.status === 201 ? 'created' : 'merged';
    return { outcome, record: this.#read(resource, operation, response) };
  }

  /** Changes the given fields of a record and resolves with all of it. The singular `company` has no id. */
  put(
    resource: 'company',
    changes: ConnecChanges<'company'>,
    options?: ConnecCallOptions,
  ): Promise<ConnecRecordOf<'company'>>;
  put<R extends ConnecResourceName>(
    resource: R,
    id: string,
    changes: ConnecChanges<R>,
    options?: ConnecCallOptions,
  ): Promise<ConnecRecordOf<R>>;
  async put<R extends ConnecResourceName>(
    resource: R,
    idOrChanges: string | ConnecChanges<R>,
    changesOrOptions?: ConnecChanges<R> | ConnecCallOptions,
    options?: ConnecCallOptions,
  ): Promise<ConnecRecordOf<R>> {
    const named = typeof idOrChanges === 'string';
    const changes = (named ? changesOrOptions : idOrChanges) as ConnecChanges<R>;
    const call = named ? options : (changesOrOptions as ConnecCallOptions | undefined);
    const operation = named ? 'PUT connec/:group/:resource/:id' : 'PUT connec/:group/:resource';
    const path = this.#path(resource, named ? idOrChanges : undefined);
    const body = toEnvelope(resource, changes);
    return this.#record(resource, { ...call, method: 'PUT', path, operation, body });
  }

  /** One page of a collection, as the query asks for; the one behind the cursor with `after`. */
  async list<R extends ConnecResourceName>(
    resource: R,
    query: ConnecQuery<ConnecRecordOf<R>> = {},
    options: Omit<ConnecPagesOptions, 'concurrency' | 'maxPages'> = {},
  ): Promise<ConnecPage<ConnecRecordOf<R>>> {
    return readPage(this.#source(resource, query, options));
  }

  /**
   * The pages of a collection in order, several under way at once; memory holds no more than those. Store
   * `page.cursor` once a page is dealt with, and go on later with `after`. Offsets shift when records change meanwhile
   * (docs/connec.md): to read what changed use {@link ConnecClient.changedSince}.
   */
  pages<R extends ConnecResourceName>(
    resource: R,
    query: ConnecQuery<ConnecRecordOf<R>> = {},
    options: ConnecPagesOptions = {},
  ): AsyncGenerator<ConnecPage<ConnecRecordOf<R>>, void, undefined> {
    return readPages(this.#source(resource, query, options));
  }

  /** The records of a collection in order: {@link ConnecClient.pages} one by one. */
  async *records<R extends ConnecResourceName>(
    resource: R,
    query: ConnecQuery<ConnecRecordOf<R>> = {},
    options: ConnecPagesOptions = {},
  ): AsyncGenerator<ConnecRecordOf<R>, void, undefined> {
    for await (const page of this.pages(resource, query, options)) yield* page.records;
  }

  /**
   * The records that changed since a moment, page by page in the order they did; also right while they change,
   * by the reader itself too (docs/connec.md). Ends with what was there when it began. Those of the last two minutes
   * before the moment come again: use records by their id and `updated_at`.
   *
   * @param since a date, the `cursor` of a page that was dealt with, or null for all records.
   * @throws MaestranoConnecError `connec.argument` for a cursor of something else; `connec.pagination` for a server that
   *   does not order by `updated_at`
   */
  changedSince<R extends ConnecResourceName>(
    resource: R,
    since: Date | string | null,
    options: ConnecChangedOptions<ConnecRecordOf<R>> = {},
  ): AsyncGenerator<ConnecChangedPage<ConnecRecordOf<R>>, void, undefined> {
    return readChanged(this.#changes(resource, since, options));
  }

  /**
   * Sends operations fifty at a time and resolves with a result for each, in order; it rejects only for operations
   * that cannot be written down. By default each waits for the one before (`sequential`).
   */
  batch<R extends ConnecResourceName>(
    operations: readonly ConnecOperation<R>[],
    options: ConnecCallOptions & { readonly sequential?: boolean } = {},
  ): Promise<ConnecBatchResults<R>> {
    return sendBatch(this.#transport, this.#scope, operations, options);
  }

  /** A report such as `accounts_summary` with parameters such as `{ from, to, period }` (protocol §9.9). */
  async report(
    name: string,
    parameters: Readonly<Record<string, string>> = {},
    options: ConnecCallOptions = {},
  ): Promise<unknown> {
    const base = `${this.marketplace.connec.reportsPath}/${pathSegment(this.group, 'group id')}`;
    const path = `${base}/${pathSegment(name, 'report name')}${queryString(Object.entries(parameters))}`;
    const operation = 'GET connec/reports/:group/:report';
    return (await this.#transport.send({ ...options, method: 'GET', path, operation })).data;
  }

  /** Resource name to its URL, as the server lists them (protocol §9.1). Never follow them with credentials. */
  async directory(options: ConnecCallOptions = {}): Promise<Record<string, string>> {
    const operation = 'GET connec/:group';
    const response = await this.#transport.send({ ...options, method: 'GET', path: this.#scope, operation });
    const links = isRecord(response.data) ? response.data._links : null;
    if (!Array.isArray(links))
      throw this.#transport.unexpected(operation, response, 'The response holds no "_links".');
    return Object.fromEntries(
      links.flatMap((link: unknown) =>
        Object.entries(isRecord(link) ? link : {}).flatMap(([name, target]) =>
          isRecord(target) && typeof target.href === 'string' ? [[name, target.href]] : [],
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
    const path = this.#path(resource, 'example');
    return this.#record(resource, { ...options, method: 'GET', path, operation });
  }

  /** The JSON schema of a resource, the same for all groups (protocol §9.1). */
  async jsonSchema(resource: ConnecResourceName, options: ConnecCallOptions = {}): Promise<unknown> {
    const path = `${this.marketplace.connec.basePath}/json_schema/${pathSegment(resource, 'resource name')}`;
    const operation = 'GET connec/json_schema/:resource';
    return (await this.#transport.send({ ...options, method: 'GET', path, operation })).data;
  }

  /** Version of the server, such as `{ ci_branch: 'v1.8' }` (protocol §9.1). */
  async version(options: ConnecCallOptions = {}): Promise<Record<string, unknown>> {
    const headers = { accept: 'application/json' };
    const operation = 'GET connec/version';
    const call = { ...options, method: 'GET', path: '/version', operation, headers } as const;
    const { data } = await this.#transport.send(call);
    return (data ?? {}) as Record<string, unknown>;
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
    const path = `${this.#path(resource, id)}/merge`;
    const body = { ids: duplicateIds, ...toEnvelope(resource, changes) };
    return this.#record(resource, { ...options, method: 'PUT', path, operation, body });
  }

  /** Commits the mapping of a record for groups (protocol §9.8). */
  async commit(
    resource: ConnecResourceName,
    id: string,
    mappings: readonly { readonly group_id: string; readonly commit: boolean }[],
    options: ConnecCallOptions = {},
  ): Promise<unknown> {
    const operation = 'PUT connec/:group/:resource/:id/commit';
    const path = `${this.#path(resource, id)}/commit`;
    const body = { mappings };
    return (await this.#transport.send({ ...options, method: 'PUT', path, operation, body })).data;
  }

  /** Any other call, with the same credentials, headers, limits and errors. */
  async request(request: ConnecRawRequest): Promise<ConnecResponse> {
    const { method, scope = 'group', path, query = {}, ...call } = request;
    const base = scope === 'host' ? '' : scope === 'base' ? this.marketplace.connec.basePath : this.#scope;
    const parameters = Array.isArray(query)
      ? (query as readonly (readonly [string, string])[])
      : queryParameters(query as ConnecQuery);
    return this.#transport.send({
      ...call,
      method,
      path: `${base}/${relativePath(path)}${queryString(parameters)}`,
      operation: `${method} connec/:raw`,
    });
  }

  #path(resource: string, id?: string): string {
    const collection = `${this.#scope}/${pathSegment(resource, 'resource name')}`;
    return id === undefined ? collection : `${collection}/${pathSegment(id, 'record id')}`;
  }

  async #record<R extends ConnecResourceName>(resource: R, call: ConnecCall): Promise<ConnecRecordOf<R>> {
    return this.#read(resource, call.operation, await this.#transport.send(call));
  }

  #read<R extends ConnecResourceName>(
    resource: R,
    operation: string,
    response: ConnecResponse,
  ): ConnecRecordOf<R> {
    const record = fromEnvelope(resource, response.data);
    if (record) return record;
    const message = 'The response holds no record under the name of its resource.';
    throw this.#transport.unexpected(operation, response, message);
  }

  #changes<R extends ConnecResourceName>(
    resource: R,
    since: Date | string | null,
    options: ConnecChangedOptions<ConnecRecordOf<R>>,
  ): ChangedSource<ConnecRecordOf<R>> {
    const {
      top = DEFAULT_TOP,
      overlapMs = DEFAULT_OVERLAP_MS,
      maxPages,
      signal,
      timeoutMs,
      ...query
    } = options;
    const orderBy = { updated_at: 'asc' } as const;
    const path = this.#path(resource);
    const call = { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(signal ? { signal } : {}) };
    const operation = 'GET connec/:group/:resource';
    return {
      // Checks the query too, before the first page is asked for.
      identity: [this.marketplace.name, path, queryParameters({ ...query, orderBy })],
      since,
      top,
      overlapMs,
      maxPages: maxPages ?? DEFAULT_MAX_PAGES,
      signal,
      fetch: async (from, skip) => {
        const filter = [filterText(query), from && filterText({ where: { updated_at: { gte: from } } })]
          .filter(Boolean)
          .join(' and ');
        const parameters = queryParameters({ ...query, where: {}, filter, orderBy, top, skip });
        const response = await this.#transport.send({
          ...call,
          method: 'GET',
          path: path + queryString(parameters),
          operation,
        });
        const records = listFromEnvelope(resource, response.data);
        if (!records)
          throw this.#transport.unexpected(operation, response, 'The response holds no list of records.');
        const serverTime = Date.parse(response.headers.date ?? '');
        return {
          records,
          hasNext: paginationOf(response.data)?.next != null,
          serverTime: Number.isNaN(serverTime) ? null : serverTime,
        };
      },
    };
  }

  #source<R extends ConnecResourceName>(
    resource: R,
    query: ConnecQuery<ConnecRecordOf<R>>,
    options: ConnecPagesOptions,
  ): PageSource<ConnecRecordOf<R>> {
    const { top, skip, ...rest } = query;
    // Checks top and skip too, before the first page is asked for.
    queryParameters(query);
    const { connec, name } = this.marketplace;
    const collection = new ConnecCollection(
      connec.host ?? '',
      this.#path(resource),
      queryParameters(rest),
      name,
    );
    const concurrency = options.concurrency ?? this.#transport.settings.pageConcurrency;
    const operation = 'GET connec/:group/:resource';
    return {
      collection,
      start: options.after
        ? collection.positionOfCursor(options.after)
        : { skip: skip ?? 0, top: top ?? null },
      concurrency: Math.min(MAX_CONCURRENCY, Math.max(1, concurrency)),
      maxPages: options.maxPages ?? DEFAULT_MAX_PAGES,
      signal: options.signal,
      fetch: async (position, signal) => {
        const call = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
        const path = collection.pathAt(position);
        const response = await this.#transport.send({ ...call, method: 'GET', path, operation, signal });
        const records = listFromEnvelope(resource, response.data);
        if (!records)
          throw this.#transport.unexpected(operation, response, 'The response holds no list of records.');
        return { records, pagination: paginationOf(response.data) };
      },
    };
  }
}
