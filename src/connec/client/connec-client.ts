import { type ConnecBatchResults, type ConnecOperation, sendBatch } from './connec-batch.js';
import { listFromEnvelope, toEnvelope } from './connec-envelope.js';
import {
  type ConnecPage,
  type ConnecPagesOptions,
  type PageSource,
  readPage,
  readPages,
} from './connec-pages.js';
import { ConnecCollection, paginationOf } from './connec-position.js';
import { type ConnecQuery, queryParameters } from './connec-query.js';
import type { ConnecChanges, ConnecRecordOf, ConnecResourceName } from './connec-resources.interface.js';
import { ConnecScopedClient } from './connec-scoped-client.js';
import type { ConnecCallOptions } from './connec-transport.js';

/** What a POST did: a new record, or smart merge found one that was there (protocol §9.3, §9.8). */
export interface ConnecPosted<T> {
  readonly outcome: 'created' | 'merged';
  readonly record: T;
}

/** Options of a POST. */
export interface ConnecPostOptions extends ConnecCallOptions {
  /** Smart merge: combinations of fields that identify a record, such as `[['reference']]` (protocol §9.8). */
  readonly matchingFields?: readonly (readonly string[])[];
}

const DEFAULT_CONCURRENCY = 4;
const MAX_CONCURRENCY = 16;
const DEFAULT_MAX_PAGES = 100_000;

/**
 * One customer group's data on one marketplace (protocol §9). Get one from `ConnecService.for()`; it holds no
 * connection and may be made for every call.
 *
 * Every method rejects with a `ConnecError` when Connec! refuses, and with a `MaestranoHttpError` when no answer came.
 * GET is repeated after a failure; POST and PUT only when nothing was sent.
 */
export class ConnecClient extends ConnecScopedClient {
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
    const path = this.path(resource, id);
    return this.record(
      resource,
      operation,
      await this.transport.send({ ...call, method: 'GET', path, operation }),
    );
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
    const answer = await this.transport.send({
      ...call,
      method: 'POST',
      path: this.path(resource),
      operation,
      body,
    });
    const outcome = answer.status === 201 ? 'created' : 'merged';
    return { outcome, record: this.record(resource, operation, answer) };
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
    const path = this.path(resource, named ? idOrChanges : undefined);
    const body = toEnvelope(resource, changes);
    const answer = await this.transport.send({ ...call, method: 'PUT', path, operation, body });
    return this.record(resource, operation, answer);
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
   * `page.cursor` once a page is dealt with, and go on later with `after`. Give an `orderBy`: offsets shift when
   * records are created or removed meanwhile (docs/connec.md).
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
   * Sends operations fifty at a time and resolves with a result for each, in order; it rejects only for operations
   * that cannot be written down. By default each waits for the one before (`sequential`).
   */
  batch<R extends ConnecResourceName>(
    operations: readonly ConnecOperation<R>[],
    options: ConnecCallOptions & { readonly sequential?: boolean } = {},
  ): Promise<ConnecBatchResults<R>> {
    return sendBatch(this.transport, this.scope, operations, options);
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
      this.path(resource),
      queryParameters(rest),
      name,
    );
    const concurrency = options.concurrency ?? this.transport.options.pageConcurrency ?? DEFAULT_CONCURRENCY;
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
        const answer = await this.transport.send({ ...call, method: 'GET', path, operation, signal });
        const records = listFromEnvelope(resource, answer.data);
        if (!records)
          throw this.transport.unexpected(operation, answer, 'The answer holds no list of records.');
        return { records, pagination: paginationOf(answer.data) };
      },
    };
  }
}
