import type { MaestranoStore } from './maestrano-store.js';

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

/** Whether a store can be used inside transactions of the application. */
export function isTransactional(store: MaestranoStore): store is MaestranoStore & TransactionalStore {
  return (
    'within' in store &&
    typeof store.within === 'function' &&
    'transaction' in store &&
    typeof store.transaction === 'function'
  );
}
