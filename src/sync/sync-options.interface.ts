import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import type { ExternalIdOwner } from '../connec/client/external-ids.js';
import type { SqlExecutor } from '../sql/sql-executor.js';
import type { SyncLimits } from './engine/pace.js';
import type { SyncSettings } from './engine/sync-settings.js';
import type { SyncEntity } from './fields/entity-definition.js';
import type { SyncStore } from './store/sync-store.js';

/** What the synchronization of an application consists of. */
export interface MaestranoSyncOptions extends Partial<SyncSettings> {
  /** Entities made by `syncEntity()`. */
  readonly entities: readonly SyncEntity[];
  /** Where links are kept: durable in production. */
  readonly store: SyncStore;
  /** The database in which `table()` finds its tables; that of a SqlSyncStore by default. */
  readonly executor?: SqlExecutor;
  /**
   * Name of the application; `default` by default. Two applications that share a store need two names, and two owners of
   * external ids.
   */
  readonly app?: string;
  /**
   * Under which name the application's ids are kept at Connec! (protocol §9.7): one for all customers, or one for each.
   * It must never change.
   */
  readonly owner: ExternalIdOwner | ((group: GroupReference) => ExternalIdOwner | Promise<ExternalIdOwner>);
  /** What sources get as `context.tenant`; the group's id by default. */
  readonly tenant?: (group: GroupReference) => unknown;
  /** Lets a store run in production that may lose what it acknowledged, or that is over with the process; false by default. */
  readonly acceptDataLoss?: boolean;
  /**
   * How often a group is run again that was run before: every hour unless `everyMs` says otherwise, in milliseconds; `off` where
   * you call `run` or `start` yourself.
   */
  readonly schedule?: 'off' | { readonly everyMs: number };
  /**
   * How long a run in the background lists and writes before the other groups have their turn, in milliseconds; 30,000 by default. It
   * goes on from where it was.
   */
  readonly sliceMs?: number;
  /**
   * How fast this process may call: Connec! of each marketplace, the application's sources, and these for one company. As fast as
   * they respond by default. Of several processes each has its own: divide by their number.
   */
  readonly limits?: SyncLimits;
  /** Groups that are run at the same time in this process, 1 to 64; 4 by default. */
  readonly maxRuns?: number;
}
