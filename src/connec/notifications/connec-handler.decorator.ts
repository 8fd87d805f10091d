import { SetMetadata } from '@nestjs/common';

import type { ConnecNotificationContext } from '../../interfaces/connec-notification.interface.js';
import type { ConnecRecordOf, ConnecResourceName } from '../client/connec-resources.interface.js';

/** Metadata key of {@link ConnecHandler}. */
export const CONNEC_HANDLER = 'maestrano:connec-handler';

/** Metadata key of {@link ConnecTransaction}. */
export const CONNEC_TRANSACTION = 'maestrano:connec-transaction';

/** All resources. */
export const ANY_RESOURCE = '*';

/** A method that takes changed entities of a resource, or what a pipe bound to it makes of them. */
export type ConnecHandlerMethod<
  R extends ConnecResourceName = ConnecResourceName,
  Entity = ConnecRecordOf<R>,
> = (entity: Entity, context: ConnecNotificationContext) => Promise<void> | void;

/**
 * Makes a method of any provider or controller take the changed entities of a resource, one call an entity; `*` takes
 * all resources. Several methods may take the same one. Throwing has the entity repeated for that method only. Guards,
 * interceptors, pipes and filters that are bound to the method or its class run around it, global ones do not.
 *
 * ```ts
 * @ConnecHandler('invoices')
 * async onInvoice(invoice: ConnecRecordOf<'invoices'>, context: ConnecNotificationContext) { … }
 * ```
 *
 * Where a pipe makes something else of the record, its type is given: `@ConnecHandler<'invoices', InvoiceDto>('invoices')`.
 */
export function ConnecHandler<R extends ConnecResourceName, Entity = ConnecRecordOf<R>>(
  ...resources: readonly [R, ...R[]]
): <M extends ConnecHandlerMethod<R, Entity>>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void {
  return (target, key, descriptor) => {
    SetMetadata(CONNEC_HANDLER, resources)(target, key, descriptor);
  };
}

/**
 * Runs a {@link ConnecHandler} method in a transaction of your database, with a store of `nestjs-maestrano/sql`:
 * `context.tx` is the library's own object (client, EntityManager, `trx`), and that the delivery was handled is written in
 * the same transaction. What is written through it is kept exactly once; whatever else the handler does is not part of it.
 * A connection is held while the handler runs. It commits when the handler resolves, and rolls back when it throws.
 *
 * ```ts
 * @ConnecHandler('invoices')
 * @ConnecTransaction()
 * async onInvoice(invoice: ConnecRecordOf<'invoices'>, { tx }: ConnecNotificationContext) {
 *   await (tx as EntityManager).save(Invoice, toInvoice(invoice));
 * }
 * ```
 */
export function ConnecTransaction(): MethodDecorator {
  return SetMetadata(CONNEC_TRANSACTION, true);
}
