import { SetMetadata } from '@nestjs/common';

import type { ConnecNotificationContext } from '../../interfaces/connec-notification.interface.js';
import type { ConnecRecordOf, ConnecResourceName } from '../client/connec-resources.interface.js';

/** Metadata key of {@link ConnecHandler}. */
export const CONNEC_HANDLER = 'maestrano:connec-handler';

/** All resources. */
export const ANY_RESOURCE = '*';

/** A method that takes changed entities of a resource. */
export type ConnecHandlerMethod<R extends ConnecResourceName = ConnecResourceName> = (
  entity: ConnecRecordOf<R>,
  context: ConnecNotificationContext,
) => Promise<void> | void;

/**
 * Makes a method of any provider or controller take the changed entities of a resource, one call an entity; `*` takes
 * all resources. Several methods may take the same one. Throwing has the entity repeated for that method only.
 *
 * ```ts
 * @ConnecHandler('invoices')
 * async onInvoice(invoice: ConnecRecordOf<'invoices'>, context: ConnecNotificationContext) { … }
 * ```
 */
export function ConnecHandler<R extends ConnecResourceName>(
  ...resources: readonly [R, ...R[]]
): <M extends ConnecHandlerMethod<R>>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void {
  return (target, key, descriptor) => {
    SetMetadata(CONNEC_HANDLER, resources)(target, key, descriptor);
  };
}
