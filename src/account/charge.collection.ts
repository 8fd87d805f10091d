import { type AccountErrorFacts, MaestranoInvalidRequestError } from '../errors/account.error.js';
import type { AccountCallOptions } from './account-client.service.js';
import { AccountCollection, type AccountScope } from './account.collection.js';
import { type AccountEntity, type Fields, mayComeFrom, type Payload } from './fields.js';
import { createOnce, type CreationSettings } from './ledger/charge-creation.js';
import type { ChargeLedger } from './ledger/charge-ledger.service.js';
import { settleOnce } from './ledger/charge-settlement.js';
import type { ChargeResource } from './resources/charge.js';

/** What `createOnce` needs. */
export interface ChargeMemory {
  readonly ledger: ChargeLedger;
  readonly settings: CreationSettings;
}

/** Charges of one kind: bills, or recurring bills. */
export class ChargeCollection<T extends AccountEntity, F extends Fields, I> extends AccountCollection<
  T,
  F,
  ChargeResource<T, F, I>
> {
  /** @internal Collections are made by the services. */
  constructor(
    scope: AccountScope,
    resource: () => Promise<ChargeResource<T, F, I>>,
    private readonly memory: ChargeMemory,
  ) {
    super(scope, resource);
  }

  /**
   * Charges the group. Sent once: after a failure it is repeated only when it provably never left this machine.
   * When it fails with an error of `sent` other than `no`, the charge may exist; {@link createOnce} finds out.
   *
   * @throws MaestranoInvalidRequestError (`account.invalidInput`) before anything is sent, with messages by field.
   * @throws MaestranoInvalidRequestError (`account.invalidRequest`) when the marketplace rejects it.
   */
  async create(input: I, options?: AccountCallOptions): Promise<T> {
    const { resource, calls } = await this.open();
    return calls.create(resource.toPayload(input, contextOf(calls.marketplace.name, resource.name)), options);
  }

  /**
   * Charges the group exactly once for each key, however often it is called, on however many instances (with a
   * store that they share). After an ambiguous failure the group's charges are looked up before anything is sent
   * again, and a new one of the same price with other contents, which the server may have changed, is not charged again. May take as long as the `account.createOnce.deadlineMs` option.
   *
   * @param key names this charge for ever: an invoice number, a job id. One key for one charge.
   * @returns the charge, whether it was made now or by an earlier call.
   * @throws MaestranoCreationUndecidedError when it could not be found out whether the charge exists: call again later.
   * @throws MaestranoCreationKeyConflictError when the key stands for a charge with other contents.
   * @throws MaestranoCreationInProgressError when another call for the group with this price did not end in time.
   * @throws MaestranoCreationStoreError when the store failed.
   */
  async createOnce(key: string, input: I, options: AccountCallOptions = {}): Promise<T> {
    const { resource, calls } = await this.open();
    const context = contextOf(calls.marketplace.name, resource.name);
    checkKey(key, context);
    const payload = resource.toPayload(input, context);
    // By group alone: a filter that a server does not know gives an empty list, which would look like "not charged".
    const group = new URLSearchParams({ group_id: String(payload.group_id) });
    const price: Payload = { price_cents: payload.price_cents ?? 0 };
    const { ledger, settings } = this.memory;
    return createOnce(ledger, settings, {
      key,
      payload,
      context,
      options,
      scope: { marketplace: context.marketplace, resource: resource.name },
      create: (call) => calls.create(payload, call),
      retrieve: (id, call) => calls.retrieve(id, call),
      // A server that changed texts or currency kept the price.
      listOfPrice: async (call) =>
        (await calls.list(group, call)).filter(({ raw }) => mayComeFrom(resource.fields, price, raw)),
      isEqual: ({ raw }) => mayComeFrom(resource.fields, payload, raw),
    });
  }

  /**
   * Decides by hand about a key that {@link createOnce} could not decide: `id` is the charge that it stands for,
   * null says that there is none, so that the next `createOnce` sends it.
   *
   * @throws MaestranoInvalidRequestError when the key is not undecided; MaestranoNotFoundError when there is no such charge.
   */
  async settleOnce(key: string, id: string | null, options?: AccountCallOptions): Promise<void> {
    const { resource, calls } = await this.open();
    const context = contextOf(calls.marketplace.name, resource.name);
    checkKey(key, context);
    if (id !== null) await calls.retrieve(id, options);
    const { ledger, settings } = this.memory;
    const scope = { marketplace: context.marketplace, resource: resource.name };
    await settleOnce(ledger, settings, { key, chargeId: id, context, scope });
  }

  /**
   * Cancels what is not invoiced yet; cancelling twice is a success (protocol §8.4).
   *
   * @throws MaestranoNotFoundError, MaestranoInvalidRequestError when it is invoiced already.
   */
  async cancel(id: string, options?: AccountCallOptions): Promise<T> {
    const { calls } = await this.open();
    return calls.cancel(id, options);
  }
}

function contextOf(marketplace: string, resource: string): AccountErrorFacts {
  return { marketplace, operation: `POST account/${resource}` };
}

function checkKey(key: string, details: AccountErrorFacts): void {
  if (typeof key === 'string' && /^[^\p{C}]{1,200}$/u.test(key)) return;
  throw new MaestranoInvalidRequestError('account.invalidInput', {
    message: 'the key is not usable.',
    ...details,
    fields: { key: ['must be 1 to 200 printable characters'] },
  });
}
