import { MaestranoApiError, MaestranoInvalidRequestError } from '../errors/account.error.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type {
  AccountCallOptions,
  AccountClient,
  AccountRequest,
  AccountResponse,
} from './account-client.service.js';
import {
  type AccountEntity,
  type Fields,
  type FieldsOf,
  type FilterOf,
  type Payload,
  readEntity,
} from './fields.js';
import { readFilter } from './list-filter.js';

/** What makes one resource of the Account API different from another. */
export interface AccountResource<T extends AccountEntity, F extends Fields> {
  /** Path segment below `account/`. */
  readonly name: string;
  /** What its records hold. */
  readonly fields: FieldsOf<T>;
  /** What its lists are filtered by. */
  readonly filters: F;
}

/** Where the calls of a collection go: a snapshot, or whatever a name means at the moment of each call. */
export interface AccountScope {
  readonly client: AccountClient;
  readonly marketplace: () => Marketplace;
}

/** The calls of one resource on one snapshot of a marketplace (protocol §8.1). */
export class ResourceCalls<T extends AccountEntity> {
  readonly #name: string;

  constructor(
    private readonly client: AccountClient,
    readonly marketplace: Marketplace,
    private readonly resource: AccountResource<T, Fields>,
  ) {
    this.#name = resource.name;
  }

  /** Any call of the Account API. */
  send(request: AccountRequest): Promise<AccountResponse> {
    return this.client.call(this.marketplace, request);
  }

  /** @param query parameters of the server's own. */
  async list(query: URLSearchParams, options?: AccountCallOptions): Promise<readonly T[]> {
    const request = { method: 'GET', path: [this.#name], template: this.#name, query, options } as const;
    return readList(this.resource, await this.send(request));
  }

  retrieve(id: string, options?: AccountCallOptions): Promise<T> {
    return this.#one('GET', id, options);
  }

  /** @throws MaestranoInvalidRequestError (`account.invalidInput`) for an identifier that could mean another record. */
  async cancel(id: string, options?: AccountCallOptions): Promise<T> {
    // The real server takes what follows a point for a format: `bill-1.json` would cancel bill-1.
    if (typeof id === 'string' && id.includes('.')) {
      throw new MaestranoInvalidRequestError('account.invalidInput', {
        message: 'the identifier has a point, and the server may take what is before it for the identifier.',
        marketplace: this.marketplace.name,
        operation: `DELETE account/${this.#name}/:id`,
        fields: { id: ['must not contain a point'] },
      });
    }
    return this.#one('DELETE', id, options);
  }

  async create(body: Payload, options?: AccountCallOptions): Promise<T> {
    const request = { method: 'POST', path: [this.#name], template: this.#name, body, options } as const;
    return readOne(this.resource, await this.send(request));
  }

  async #one(method: 'GET' | 'DELETE', id: string, options?: AccountCallOptions): Promise<T> {
    const request = { method, path: [this.#name, id], template: `${this.#name}/:id`, options };
    const response = await this.send(request);
    const record = readOne(this.resource, response);
    if (record.id === id) return record;
    throw new MaestranoApiError('account.response', {
      message: 'the response is another record than the one that was asked for.',
      ...response.origin.details,
      remedy: 'Compare the identifier with the one that the marketplace gave.',
    });
  }
}

/** Listing and retrieving, which all resources of the Account API have (protocol §8.1). */
export class AccountCollection<
  T extends AccountEntity,
  F extends Fields,
  R extends AccountResource<T, F> = AccountResource<T, F>,
> {
  /**
   * @internal Collections are made by the services.
   * @param resource asked for at every call, so that its file can be loaded with the first one.
   */
  constructor(
    protected readonly scope: AccountScope,
    protected readonly resource: () => R | Promise<R>,
  ) {}

  /**
   * Everything that the filter lets through, at once: the API has no pages (protocol §8.3). Fields that the server has
   * no column for are looked at in what it lists (protocol §8.5).
   */
  async list(filter: FilterOf<F> = {}, options?: AccountCallOptions): Promise<readonly T[]> {
    const { resource, calls } = await this.open();
    const context = { marketplace: calls.marketplace.name, operation: `GET account/${resource.name}` };
    const { query, lets } = readFilter<T>(resource.filters, filter, context);
    return Object.freeze((await calls.list(query, options)).filter(lets));
  }

  /** The same, one by one. */
  async *iterate(filter: FilterOf<F> = {}, options?: AccountCallOptions): AsyncGenerator<T, void, undefined> {
    yield* await this.list(filter, options);
  }

  /** @throws MaestranoNotFoundError whether the server says it with 404 or, as the real one does, with 200. */
  async retrieve(id: string, options?: AccountCallOptions): Promise<T> {
    const { calls } = await this.open();
    return calls.retrieve(id, options);
  }

  /** The resource, and its calls to the marketplace as it is now: one piece of work may take several. */
  protected async open(): Promise<{ readonly resource: R; readonly calls: ResourceCalls<T> }> {
    const { client } = this.scope;
    const marketplace = this.scope.marketplace();
    const resource = await this.resource();
    return { resource, calls: new ResourceCalls(client, marketplace, resource) };
  }
}

/** @throws MaestranoApiError (`account.response`) for anything but a record. */
export function readOne<T extends AccountEntity>(
  { fields }: AccountResource<T, Fields>,
  { data, origin }: AccountResponse,
): T {
  return readEntity(fields, data, origin);
}

/** @throws MaestranoApiError (`account.response`) for anything but a list of records. */
export function readList<T extends AccountEntity>(
  { fields }: AccountResource<T, Fields>,
  { data, origin }: AccountResponse,
): readonly T[] {
  if (Array.isArray(data)) return Object.freeze(data.map((record) => readEntity(fields, record, origin)));
  throw new MaestranoApiError('account.response', {
    message: 'the response holds no list where one belongs.',
    ...origin.details,
  });
}
