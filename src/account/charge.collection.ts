import {
  type AccountErrorFacts,
  MaestranoCreationError,
  MaestranoInvalidRequestError,
} from '../errors/account.error.js';
import type { MaestranoEvents } from '../events/maestrano-events.service.js';
import type { AccountCallOptions } from './account-client.service.js';
import { AccountCollection, type AccountScope } from './account.collection.js';
import { type AccountEntity, type Fields, mayComeFrom, type Payload } from './fields.js';
import type { ChargeIntents } from './ledger/charge-intents.service.js';
import { createOnce, type CreationSettings } from './ledger/charge-creation.js';
import { type ChargeInspection, inspectOnce } from './ledger/charge-inspection.js';
import type { ChargeLedger, LedgerScope } from './ledger/charge-ledger.service.js';
import { settleOnce } from './ledger/charge-settlement.js';
import type { ChargeResource } from './resources/charge.js';

/** What `createOnce` needs. */
export interface ChargeMemory {
  readonly ledger: ChargeLedger;
  readonly intents: ChargeIntents;
  readonly events: MaestranoEvents;
  readonly settings: CreationSettings;
}

/** What became of the charges that were recorded in transactions: see {@link ChargeCollection.createRecorded}. */
export interface RecordedCharges<T> {
  readonly created: readonly T[];
  /** Those that stay recorded, with what `createOnce` threw. */
  readonly failed: readonly { readonly key: string; readonly error: unknown }[];
}

/** Recorded charges that are looked at together. */
const RECORDED_PAGE = 100;

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
    const context = contextOf(calls.marketplace.name, resource.name);
    const payload = resource.toPayload(input, context);
    const charge = await calls.create(payload, options);
    this.#emit({ marketplace: calls.marketplace.name, resource: resource.name }, payload, charge, null);
    return charge;
  }

  /**
   * Charges the group exactly once for each key, however often it is called, on however many instances (with a
   * store that they share). After an ambiguous failure the group's charges are looked up before anything is sent
   * again, and a new one of the same price with other contents, which the server may have changed, is not charged again. May take as long as the `account.createOnce.deadlineMs` option.
   *
   * With `tx`, the charge is only recorded in that transaction of yours (store of `nestjs-maestrano/sql`), and nothing is
   * sent: it is there when you commit, and never was when you roll back. {@link createRecorded}, or a call with the same
   * key and without `tx`, makes it.
   *
   * @param key names this charge for ever: an invoice number, a job id. One key for one charge.
   * @returns the charge, whether it was made now or by an earlier call; null with `tx`.
   * @throws MaestranoCreationError `account.undecided` when it could not be found out whether the charge exists: call
   *   again later. `account.keyConflict` when the key stands for a charge with other contents. `account.inProgress` when
   *   another call for the group with this price did not end in time.
   * @throws MaestranoCreationStoreError when the store failed.
   */
  async createOnce(key: string, input: I, options: { readonly tx: unknown }): Promise<null>;
  async createOnce(key: string, input: I, options?: AccountCallOptions): Promise<T>;
  async createOnce(
    key: string,
    input: I,
    options: AccountCallOptions & { readonly tx?: unknown } = {},
  ): Promise<T | null> {
    const { resource, calls } = await this.open();
    const context = contextOf(calls.marketplace.name, resource.name);
    checkKey(key, context);
    const payload = resource.toPayload(input, context);
    if (!('tx' in options)) return this.#createOnce(key, payload, options);
    const scope: LedgerScope = { marketplace: calls.marketplace.name, resource: resource.name };
    if (await this.memory.intents.record(scope, { key, payload }, options.tx)) return null;
    throw new MaestranoCreationError('account.keyConflict', {
      message: 'the key was recorded before for a charge with other contents.',
      ...context,
      remedy: 'Use one key for one charge; nothing was recorded.',
    });
  }

  /**
   * Makes the charges that {@link createOnce} recorded in transactions, newest first. Call it after a commit, and now and then
   * from a job for those whose process died; any number of instances may do so at once.
   *
   * @returns what was made, and what stays recorded with its error. Never rejects for a single charge.
   */
  async createRecorded(options: AccountCallOptions = {}): Promise<RecordedCharges<T>> {
    const { resource, calls } = await this.open();
    const scope = { marketplace: calls.marketplace.name, resource: resource.name };
    const created: T[] = [];
    const failed: { key: string; error: unknown }[] = [];
    for (let before: string | undefined; ;) {
      const { intents, next } = await this.memory.intents.page(scope, before, RECORDED_PAGE);
      for (const { key, payload } of intents) {
        if (options.signal?.aborted) return { created, failed };
        try {
          created.push(await this.#createOnce(key, payload, options));
        } catch (error) {
          failed.push({ key, error });
        }
      }
      if (next === null) return { created, failed };
      before = next;
    }
  }

  async #createOnce(key: string, payload: Payload, options: AccountCallOptions): Promise<T> {
    const { resource, calls } = await this.open();
    const context = contextOf(calls.marketplace.name, resource.name);
    // By group alone: a filter that a server does not know gives an empty list, which would look like "not charged".
    const group = new URLSearchParams({ group_id: String(payload.group_id) });
    const price: Payload = { price_cents: payload.price_cents ?? 0 };
    const { ledger, intents, settings } = this.memory;
    const scope: LedgerScope = { marketplace: calls.marketplace.name, resource: resource.name };
    let isNew = false;
    const charge = await createOnce(ledger, settings, {
      key,
      payload,
      context,
      options,
      scope,
      create: (call) => {
        isNew = true;
        return calls.create(payload, call);
      },
      retrieve: (id, call) => calls.retrieve(id, call),
      // A server that changed texts or currency kept the price.
      listOfPrice: async (call) =>
        (await calls.list(group, call)).filter(({ raw }) => mayComeFrom(resource.fields, price, raw)),
      isEqual: ({ raw }) => mayComeFrom(resource.fields, payload, raw),
    });
    // The key is done: an intent that is left is found again, and done at once. One with other contents was not made.
    await intents.remove(scope, key, payload).catch(() => false);
    if (isNew) this.#emit(scope, payload, charge, key);
    return charge;
  }

  #emit(scope: LedgerScope, { group_id }: Payload, { id }: AccountEntity, key: string | null): void {
    const { marketplace, resource } = scope;
    const type = resource === 'bills' ? 'bill.created' : 'recurringBill.created';
    this.memory.events.emit({ type, marketplace, groupUid: String(group_id), id, key });
  }

  /**
   * Decides by hand about a key that {@link createOnce} could not decide: `id` is the charge that it stands for,
   * null says that there is none, so that the next `createOnce` sends it. A charge that is only recorded is forgotten with null.
   *
   * @throws MaestranoInvalidRequestError when the key is not undecided, or the charge was there before anything was sent or
   * is another key's; MaestranoNotFoundError when there is no such charge.
   */
  async settleOnce(key: string, id: string | null, options?: AccountCallOptions): Promise<void> {
    const { resource, calls } = await this.open();
    const context = contextOf(calls.marketplace.name, resource.name);
    checkKey(key, context);
    if (id !== null) await calls.retrieve(id, options);
    const { ledger, intents, settings } = this.memory;
    const scope: LedgerScope = { marketplace: calls.marketplace.name, resource: resource.name };
    const isUndecided = (await ledger.readKey(scope, key))?.state === 'open';
    if (id === null && !isUndecided && (await intents.remove(scope, key))) return;
    await settleOnce(ledger, settings, { key, chargeId: id, context, scope });
    await intents.remove(scope, key);
  }

  /**
   * Looks at a key that {@link createOnce} could not decide, beside the charges at the marketplace that it may stand for:
   * for somebody who will {@link settleOnce}.
   *
   * @throws MaestranoInvalidRequestError (`account.invalidInput`) when the key is not undecided.
   */
  async inspectOnce(key: string, options?: AccountCallOptions): Promise<ChargeInspection<T>> {
    const { resource, calls } = await this.open();
    const context = contextOf(calls.marketplace.name, resource.name);
    checkKey(key, context);
    return inspectOnce(this.memory.ledger, {
      key,
      context,
      scope: { marketplace: calls.marketplace.name, resource: resource.name },
      fields: resource.fields,
      listOfPrice: async (groupId, priceCents) => {
        const listed = await calls.list(new URLSearchParams({ group_id: groupId }), options);
        return listed.filter(({ raw }) =>
          mayComeFrom(resource.fields, { price_cents: Number(priceCents) }, raw),
        );
      },
    });
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
