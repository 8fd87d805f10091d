import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import type { ExternalIdOwner } from '../connec/client/external-ids.js';
import type { ConnecService } from '../connec/connec.service.js';
import type { SqlExecutor } from '../sql/sql-executor.js';
import { MaestranoSyncError } from '../errors/sync.error.js';
import { settledWithin } from '../utils/settled-within.js';
import { isOwner } from './module-settings.js';
import { ConnecClientRecords } from './connec/connec-client-records.js';
import type { Paces } from './engine/pace.js';
import type { GroupSides } from './engine/sync-engine.js';
import { SYNC_DEFAULTS } from './engine/sync-settings.js';
import { SqlSyncStore } from './sql/sql-sync-store.js';
import type { SyncScope } from './store/sync-store.js';
import type { MaestranoSyncOptions } from './sync-options.interface.js';

/** The name of an application that has only one. */
const DEFAULT_APP = 'default';

const NO_MARKETPLACE = '';

/** The name of the application in everything that is kept. */
export function appOf({ app }: MaestranoSyncOptions): string {
  return app ?? DEFAULT_APP;
}

/** Whose rows a group's are. @throws MaestranoSyncError `sync.operation` for what names no group */
export function scopeOf(options: MaestranoSyncOptions, group: GroupReference): SyncScope {
  const { marketplace, groupUid } = (group ?? {}) as Partial<GroupReference>;
  if (typeof marketplace !== 'string' || typeof groupUid !== 'string' || groupUid === '')
    throw new MaestranoSyncError('sync.operation', {
      message: 'No group is named.',
      remedy: "Name it as { marketplace: 'acme', groupUid: 'cld-4' }; a session and every event have both.",
    });
  return { app: appOf(options), marketplace, group: groupUid };
}

/** Where it is noted that a person stopped the rollout: beside the groups, under a name that no marketplace has. */
export function rolloutScope(options: MaestranoSyncOptions): SyncScope {
  return { app: appOf(options), marketplace: NO_MARKETPLACE, group: 'rollout' };
}

/** Whether a row of the store is that of a company, and not one of our own notes. */
export function isCompany({ marketplace }: { readonly marketplace: string }): boolean {
  return marketplace !== NO_MARKETPLACE;
}

/** The application's database: as given, or the one in which the links are. */
export function executorOf({ executor, store }: MaestranoSyncOptions): SqlExecutor | null {
  return executor ?? (store instanceof SqlSyncStore ? store.executor : null);
}

/** Both sides of a group: its rows, its Connec! data, and the application's name of it. */
export async function sidesOf(
  options: MaestranoSyncOptions,
  connec: ConnecService,
  group: GroupReference,
  paces: Paces,
): Promise<GroupSides> {
  const scope = scopeOf(options, group);
  const owner = await ownerOf(options, group);
  const client = connec.for(group.groupUid, group.marketplace, { externalIds: true });
  return {
    scope,
    connec: new ConnecClientRecords(client, owner),
    owner,
    tenant: options.tenant?.(group) ?? group.groupUid,
    executor: executorOf(options),
    pace: paces.ofRun(group.marketplace),
  };
}

/** Whose ids ours are at Connec!, as given or as the application says in time. @throws MaestranoSyncError `sync.sideAway`, `sync.declaration` */
async function ownerOf(
  { owner, timeoutMs = SYNC_DEFAULTS.timeoutMs }: MaestranoSyncOptions,
  group: GroupReference,
): Promise<ExternalIdOwner> {
  if (typeof owner !== 'function') return owner;
  const result = Promise.resolve(owner(group));
  if (await settledWithin(timeoutMs, result)) {
    const named: unknown = await result;
    if (isOwner(named)) return named;
    throw new MaestranoSyncError('sync.declaration', {
      message: 'owner() named no `provider` and `realm`.',
      remedy: "Return the name of your ids at Connec!, such as { provider: 'my-app', realm: 'main' }.",
    });
  }
  throw new MaestranoSyncError('sync.sideAway', {
    message: `owner() did not return within ${timeoutMs} ms.`,
    marketplace: group.marketplace,
    group: group.groupUid,
  });
}
