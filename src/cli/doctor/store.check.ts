import { MaestranoError } from '../../errors/maestrano.error.js';
import type { MaestranoStore } from '../../stores/maestrano-store.js';
import { storeKind } from '../../stores/store-with-deadline.js';
import { type Finding, ok, trouble } from './finding.js';

/**
 * Whether the application's store responds and has what it needs; of SQL stores, whether the tables are right, of Redis,
 * whether it may forget what must be kept.
 */
export async function checkStore(store: MaestranoStore): Promise<Finding[]> {
  const kind = storeKind(store);
  try {
    await store.check();
    await store.ping();
    const warnings = await store.warnings();
    return [
      ok('store', null, `${kind} responds and has what it needs`),
      ...warnings.map((warning) =>
        trouble('warning', 'store', null, warning, 'Correct it before going live.'),
      ),
    ];
  } catch (error) {
    if (error instanceof MaestranoError)
      return [trouble('error', 'store', null, error.message, error.remedy)];
    return [trouble('error', 'store', null, `${kind} does not respond`, 'Start it, or correct its address.')];
  }
}
