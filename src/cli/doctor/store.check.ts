import { MaestranoError } from '../../errors/maestrano.error.js';
import type { NotificationQueue } from '../../connec/notifications/notification-queue.js';
import type { MaestranoStore } from '../../stores/maestrano-store.js';
import { MemoryStore } from '../../stores/memory-store.js';
import { StoreWithDeadline, storeKind } from '../../stores/store-with-deadline.js';
import { type Finding, ok, trouble } from './finding.js';

/**
 * Whether the application's store responds and has what it needs; of SQL stores, whether the tables are right, of Redis
 * and of memory, whether it may forget what must be kept.
 */
export async function checkStore(store: MaestranoStore): Promise<Finding[]> {
  const kind = storeKind(store);
  try {
    await store.check();
    await store.ping();
    const found = inProcess(store)
      ? `${kind}: state is kept in the process, which is not for production`
      : `${kind} responds and has what it needs`;
    return [ok('store', null, found), ...warningsAs('store', await store.warnings())];
  } catch (error) {
    if (error instanceof MaestranoError)
      return [trouble('error', 'store', null, error.message, error.remedy)];
    return [trouble('error', 'store', null, `${kind} does not respond`, 'Start it, or correct its address.')];
  }
}

/** Whether the application's queue responds, and whether its Redis may forget what was acknowledged. */
export async function checkQueue(queue: NotificationQueue): Promise<Finding[]> {
  const kind = queue.constructor.name;
  try {
    const { waiting, active, delayed, dead } = await queue.counts();
    const found = `${kind} responds: ${waiting + active + delayed} notifications wait, ${dead} were given up`;
    return [ok('queue', null, found), ...warningsAs('queue', await queue.warnings())];
  } catch {
    return [trouble('error', 'queue', null, `${kind} does not respond`, 'Start it, or correct its address.')];
  }
}

function inProcess(store: MaestranoStore): boolean {
  return (store instanceof StoreWithDeadline ? store.inner : store) instanceof MemoryStore;
}

function warningsAs(subject: string, warnings: readonly string[]): Finding[] {
  return warnings.map((warning) =>
    trouble('warning', subject, null, warning, 'Correct it before going live.'),
  );
}
