import { ApiError } from '../../errors/account.error.js';
import type { AccountAnswer, AccountCallOptions } from '../account-client.service.js';
import type { AccountScope } from '../account-scope.js';
import type { AccountEntity, RecordOrigin } from '../entities/entity-reader.js';
import type { FilterFields, FilterOf } from '../filters/filter-definition.js';
import { toFilterQuery } from '../filters/filter-query.js';

/** What makes one resource of the Account API different from another. */
export interface ResourceDefinition<T extends AccountEntity, F extends FilterFields> {
  /** Path segment below `account/`. */
  readonly resource: string;
  readonly filters: F;
  readonly read: (record: unknown, origin: RecordOrigin) => T;
}

/** Listing and retrieving, which all resources of the Account API have (protocol §8.1). */
export class AccountCollection<T extends AccountEntity, F extends FilterFields> {
  /** @internal Collections are made by the services. */
  constructor(
    protected readonly scope: AccountScope,
    protected readonly definition: ResourceDefinition<T, F>,
  ) {}

  /** Everything that the filter lets through, at once: the API has no pages (protocol §8.3). */
  async list(filter: FilterOf<F> = {}, options?: AccountCallOptions): Promise<readonly T[]> {
    const scope = this.scope.pinned();
    const { resource, filters } = this.definition;
    const context = { marketplace: scope.marketplace.name, operation: `GET account/${resource}` };
    const query = toFilterQuery(filters, filter, context);
    const path = [resource];
    return this.readList(await scope.call({ method: 'GET', path, template: resource, query, options }));
  }

  /** The same, one by one. */
  async *iterate(filter: FilterOf<F> = {}, options?: AccountCallOptions): AsyncGenerator<T, void, undefined> {
    yield* await this.list(filter, options);
  }

  /** @throws NotFoundError whether the server says it with 404 or, as the real one does, with 200. */
  async retrieve(id: string, options?: AccountCallOptions): Promise<T> {
    const { resource } = this.definition;
    const path = [resource, id];
    return this.readOne(await this.scope.call({ method: 'GET', path, template: `${resource}/:id`, options }));
  }

  protected readOne({ data, origin }: AccountAnswer): T {
    return this.definition.read(data, origin);
  }

  protected readList(answer: AccountAnswer): readonly T[] {
    return readRecords(answer, this.definition.read);
  }
}

/** The records of a list. */
export function readRecords<T>(
  { data, origin }: AccountAnswer,
  read: (record: unknown, origin: RecordOrigin) => T,
): readonly T[] {
  if (Array.isArray(data)) return Object.freeze(data.map((record) => read(record, origin)));
  throw new ApiError('account.response', 'the answer holds no list where one belongs.', origin.details);
}
