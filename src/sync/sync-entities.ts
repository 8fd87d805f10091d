import { MaestranoSyncError } from '../errors/sync.error.js';
import type { SyncEntity } from './fields/entity-definition.js';

/**
 * The entities in the order in which they refer to each other: what is referred to first. Where they refer to each other
 * in a circle, the order given decides.
 *
 * @throws MaestranoSyncError `sync.declaration` for two of one name, or a reference to an entity that is not there
 */
export function ordered(entities: readonly SyncEntity[]): readonly SyncEntity[] {
  const byName = new Map<string, SyncEntity>();
  for (const entity of entities) {
    if (byName.has(entity.name)) {
      throw new MaestranoSyncError('sync.declaration', {
        message: `Two entities are named "${entity.name}".`,
        entity: entity.name,
      });
    }
    byName.set(entity.name, entity);
  }
  const done = new Set<SyncEntity>();
  const visit = (entity: SyncEntity): void => {
    if (done.has(entity)) return;
    done.add(entity);
    for (const { refers, name } of entity.rules) {
      if (refers === null) continue;
      const referred = byName.get(refers);
      if (referred === undefined) {
        throw new MaestranoSyncError('sync.declaration', {
          message: `The field "${name}" of "${entity.name}" refers to "${refers}", which is not synchronized.`,
          entity: entity.name,
          fields: [name],
        });
      }
      visit(referred);
      order.push(...(order.includes(referred) ? [] : [referred]));
    }
    if (!order.includes(entity)) order.push(entity);
  };
  const order: SyncEntity[] = [];
  for (const entity of entities) visit(entity);
  return order;
}
