import { SetMetadata } from '@nestjs/common';

import type { ConnecNotificationContext } from '../../interfaces/connec-notification.interface.js';
import type { ConnecRecordOf, ConnecResourceName } from '../client/connec-resources.interface.js';

/** Metadata key of {@link ConnecHandler}. */
export const CONNEC_HANDLER = 'maestrano:connec-handler';

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
