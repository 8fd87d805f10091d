import type { MaestranoStore } from './maestrano-store.js';
import { StoreWithDeadline } from './store-with-deadline.js';

/** What a store in the application's own database adds: the same store inside a transaction. */
export interface TransactionalStore {
  /**
   * The store inside an open transaction of the application: what it writes is there when that commits.
   *
   * @param transaction the object that the database library hands to the work of a transaction.
   * @throws MaestranoSqlError `sql.transaction` for anything else.
   */
  within(transaction: unknown): MaestranoStore;
  /**
   * Begins a transaction for the work: commits when it resolves, rolls back when it rejects.
   *
   * @param work gets the store inside the transaction, and the library's own object of it.
   */
  transaction<T>(work: (store: MaestranoStore, transaction: unknown) => Promise<T>): Promise<T>;
}

/** The store as one that can be used inside transactions of the application; null where it cannot. */
export function transactional(store: MaestranoStore): TransactionalStore | null {
  const inner = store instanceof StoreWithDeadline ? store.inner : store;
  const can =
    'within' in inner &&
    typeof inner.within === 'function' &&
    'transaction' in inner &&
    typeof inner.transaction === 'function';
  return can ? (inner as MaestranoStore & TransactionalStore) : null;
}
