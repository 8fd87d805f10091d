import { MaestranoSyncError } from '../errors/sync.error.js';
import type { SqlExecutor } from '../sql/sql-executor.js';
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
  return order.map((entity) => withCircles(entity, byName));
}

/** The entity with its references marked that lead back to it. */
function withCircles(entity: SyncEntity, byName: ReadonlyMap<string, SyncEntity>): SyncEntity {
  const reaches = (from: string, seen: Set<string>): boolean => {
    if (from === entity.name) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return (byName.get(from)?.rules ?? []).some(({ refers }) => refers !== null && reaches(refers, seen));
  };
  const marked = new Map(
    entity.rules.map((rule) => {
      const circular = rule.refers !== null && reaches(rule.refers, new Set());
      return [rule.name, circular ? { ...rule, circular } : rule] as const;
    }),
  );
  if (![...marked.values()].some(({ circular }) => circular)) return entity;
  return {
    ...entity,
    rules: [...marked.values()],
    units: entity.units.map((unit) => unit.map(({ name }) => marked.get(name)!)),
  };
}

/** Whether there is a database for the entities that need one. @throws MaestranoSyncError `sync.declaration` */
export function checkExecutor(entities: readonly SyncEntity[], executor: SqlExecutor | null): void {
  const homeless = entities.find(({ source }) => source.needsExecutor);
  if (homeless === undefined || executor !== null) return;
  throw new MaestranoSyncError('sync.declaration', {
    message: `The table of "${homeless.name}" has no database.`,
    remedy: 'Give the module an `executor`, or use a SqlSyncStore.',
    entity: homeless.name,
  });
}
