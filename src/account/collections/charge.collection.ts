import { type AccountErrorDetails, InvalidRequestError } from '../../errors/account.error.js';
import type { AccountCallOptions } from '../account-client.service.js';
import type { AccountScope } from '../account-scope.js';
import type { AccountEntity } from '../entities/entity-reader.js';
import type { FilterFields } from '../filters/filter-definition.js';
import type { ChargePayload, PayloadContext } from '../inputs/charge-payloads.js';
import { ChargeCreation, type ChargeGateway, type CreationSettings } from '../ledger/charge-creation.js';
import type { ChargeLedger } from '../ledger/charge-ledger.service.js';
import { settleCharge } from '../ledger/charge-settlement.js';
import { AccountCollection, readRecords, type ResourceDefinition } from './account.collection.js';

/** What makes one kind of charge different from another. */
export interface ChargeDefinition<
  T extends AccountEntity,
  F extends FilterFields,
  I,
> extends ResourceDefinition<T, F> {
  /** Checks the input and spells it as the server does. Asynchronous: class-validator is loaded when needed. */
  readonly toPayload: (input: I, context: PayloadContext) => Promise<ChargePayload>;
}

/** What `createOnce` needs. */
export interface ChargeMemory {
  readonly ledger: ChargeLedger;
  readonly settings: CreationSettings;
}

/** Charges of one kind: bills, or recurring bills. */
export class ChargeCollection<T extends AccountEntity, F extends FilterFields, I> extends AccountCollection<
  T,
  F
> {
  /** @internal Collections are made by the services. */
  constructor(
    scope: AccountScope,
    protected override readonly definition: ChargeDefinition<T, F, I>,
    private readonly memory: ChargeMemory,
  ) {
    super(scope, definition);
  }

  /**
   * Charges the group. Sent once: after a failure it is repeated only when it provably never left this machine.
   * When it fails with an error of `sent` other than `no`, the charge may exist; {@link createOnce} finds out.
   *
   * @throws InvalidRequestError (`account.invalidInput`) before anything is sent, with messages by field.
   * @throws InvalidRequestError (`account.invalidRequest`) when the marketplace refuses.
   */
  async create(input: I, options?: AccountCallOptions): Promise<T> {
    const scope = this.scope.pinned();
    const payload = await this.definition.toPayload(input, this.#context(scope));
    return this.#create(scope, payload, options);
  }

  /**
   * Charges the group exactly once for each key, however often it is called, on however many instances (with a
   * store that they share). After an ambiguous failure the group's charges are looked up before anything is sent
   * again. May take as long as the `account.createOnce.deadlineMs` option.
   *
   * @param key names this charge for ever: an invoice number, a job id. One key for one charge.
   * @returns the charge, whether it was made now or by an earlier call.
   * @throws CreationUndecidedError when it could not be found out whether the charge exists: call again later.
   * @throws CreationKeyConflictError when the key stands for a charge with other contents.
   * @throws CreationInProgressError when another call with equal contents did not end in time.
   */
  async createOnce(key: string, input: I, options: AccountCallOptions = {}): Promise<T> {
    const scope = this.scope.pinned();
    const context = this.#context(scope);
    checkKey(key, context);
    const payload = await this.definition.toPayload(input, context);
    const gateway: ChargeGateway<T> = {
      create: (body, call) => this.#create(scope, body, call),
      list: (groupId, call) => this.#ofGroup(scope, groupId, call),
      retrieve: (id, call) => this.#scoped(scope).retrieve(id, call),
    };
    const { ledger, settings } = this.memory;
    const ledgerScope = { marketplace: context.marketplace, resource: this.definition.resource };
    return new ChargeCreation(ledger, gateway, settings, ledgerScope, context, key, payload, options).run();
  }

  /**
   * Decides by hand about a key that {@link createOnce} could not decide: `id` is the charge that it stands for,
   * null says that there is none, so that the next `createOnce` sends it.
   *
   * @throws InvalidRequestError when the key is not undecided; NotFoundError when there is no such charge.
   */
  async settleOnce(key: string, id: string | null, options?: AccountCallOptions): Promise<void> {
    const scope = this.scope.pinned();
    const context = this.#context(scope);
    checkKey(key, context);
    if (id !== null) await this.#scoped(scope).retrieve(id, options);
    const { ledger, settings } = this.memory;
    const ledgerScope = { marketplace: context.marketplace, resource: this.definition.resource };
    await settleCharge(ledger, ledgerScope, context, key, id, settings.rememberMs);
  }

  /**
   * Cancels what is not invoiced yet; cancelling twice is a success (protocol §8.4).
   *
   * @throws NotFoundError, InvalidRequestError when it is invoiced already.
   */
  async cancel(id: string, options?: AccountCallOptions): Promise<T> {
    const { resource } = this.definition;
    const path = [resource, id];
    return this.readOne(
      await this.scope.call({ method: 'DELETE', path, template: `${resource}/:id`, options }),
    );
  }

  async #create(scope: AccountScope, body: ChargePayload, options?: AccountCallOptions): Promise<T> {
    const { resource } = this.definition;
    return this.readOne(
      await scope.call({ method: 'POST', path: [resource], template: resource, body, options }),
    );
  }

  async #ofGroup(scope: AccountScope, groupId: string, options?: AccountCallOptions): Promise<readonly T[]> {
    const { resource, read } = this.definition;
    // By group alone: a filter that a server does not know gives an empty list, which would look like "not charged".
    const query = new URLSearchParams({ group_id: groupId });
    const path = [resource];
    return readRecords(await scope.call({ method: 'GET', path, template: resource, query, options }), read);
  }

  #scoped(scope: AccountScope): AccountCollection<T, F> {
    return new AccountCollection(scope, this.definition);
  }

  #context(scope: AccountScope): AccountErrorDetails {
    return { marketplace: scope.marketplace.name, operation: `POST account/${this.definition.resource}` };
  }
}

function checkKey(key: string, details: AccountErrorDetails): void {
  if (typeof key === 'string' && /^[^\p{C}]{1,200}$/u.test(key)) return;
  throw new InvalidRequestError('account.invalidInput', 'the key is not usable.', {
    ...details,
    fields: { key: ['must be 1 to 200 printable characters'] },
  });
}
