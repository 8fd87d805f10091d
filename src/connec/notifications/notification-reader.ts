import { MaestranoConnecError } from '../../errors/connec.error.js';
import { MAX_CONTAINERS } from '../../routing/early/json-size.js';
import { isRecord } from '../../utils/values.js';
import { resourceKey } from './resource-key.js';

/** Entities as they came, by the resource they belong to. */
export type NotificationBody = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/** What a notification may hold. */
export interface NotificationLimits {
  readonly maxEntities: number;
  readonly maxDepth: number;
}

/** Most resources of one notification; Connec! has some 60 (protocol §9.4). */
const MAX_RESOURCES = 1_000;

/** Counts objects and lists down while they are looked at. */
interface Budget {
  left: number;
}

/** Keys that frameworks add to what they received (protocol §7.1). */
const FRAMEWORK_KEYS = new Set(['tenant', 'controller', 'action', 'connec', 'format']);

/**
 * Checks the shape of a notification, by hand: validating hundreds of entities with decorators would cost ten times
 * the request. A single object counts as a list of one, which is how `company` may come.
 *
 * @param isHandled whether anybody waits for the resource: what is beside entities in a list is an error there, and
 * passed over elsewhere.
 * @throws MaestranoConnecError `connec.notificationMalformed`, `connec.notificationTooLarge`
 */
export function readNotification(
  body: unknown,
  { maxEntities, maxDepth }: NotificationLimits,
  isHandled: (resource: string) => boolean,
): NotificationBody {
  if (!isRecord(body)) throw malformed('The body is not a JSON object.');
  // Keys are plurals, as no name is that every object inherits.
  const resources: Record<string, Readonly<Record<string, unknown>>[]> = {};
  let count = 0;
  let names = 0;
  const budget: Budget = { left: MAX_CONTAINERS };
  // JSON has no inherited keys, and for-in needs no list of them.
  for (const key in body) {
    if ((names += 1) > MAX_RESOURCES)
      throw tooMany(`${MAX_RESOURCES} resources`, 'Send fewer resources at once.');
    const value = body[key];
    if (FRAMEWORK_KEYS.has(key) || !isObject(value)) continue;
    const name = resourceKey(key);
    const isEntity = isHandled(name) ? isObject : isRecord;
    const entities: readonly unknown[] = Array.isArray(value) ? (value as unknown[]) : [value];
    if (entities.length > 0 && !entities.some(isEntity)) continue;
    const list = isHandled(name) ? entities : entities.filter(isRecord);
    count += list.length;
    if (count > maxEntities) {
      throw tooMany(`${maxEntities} entities`, 'Raise connec.notifications.maxEntities if that is meant.');
    }
    for (const entity of list) {
      if (!isRecord(entity)) throw malformed('A resource holds something other than entities.');
      if (isDeeper(entity, maxDepth, budget))
        throw malformed(`An entity is nested deeper than ${maxDepth} levels.`);
    }
    const known = resources[name];
    resources[name] = known ? known.concat(list as typeof known) : (list as Record<string, unknown>[]);
  }
  return resources;
}

/**
 * Texts, numbers, and lists of them, such as a version, are no resource; they must not cost the resources beside them. A
 * list within a list, or nothing within one, is an error where entities are waited for.
 */
function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/**
 * Whether objects and arrays are nested deeper than the levels; never recurses beyond them. Rejects the two keys by
 * which an entity that an application merges into another would change what every object inherits.
 */
function isDeeper(value: object, levels: number, budget: Budget): boolean {
  if (levels === 0) return true;
  if ((budget.left -= 1) < 0) {
    throw tooMany(`${MAX_CONTAINERS} objects and lists`, 'Send fewer entities at once.');
  }
  if (Array.isArray(value)) {
    for (const element of value as unknown[]) {
      if (typeof element === 'object' && element !== null && isDeeper(element, levels - 1, budget))
        return true;
    }
    return false;
  }
  // JSON has no inherited keys, and for-in needs no list of them.
  for (const key in value) {
    const field = (value as Record<string, unknown>)[key];
    if (key === '__proto__') throw malformed('An entity has a field "__proto__".');
    if (typeof field !== 'object' || field === null) continue;
    if (key === 'constructor' && Object.hasOwn(field, 'prototype')) {
      throw malformed('An entity has a field "constructor.prototype".');
    }
    if (isDeeper(field, levels - 1, budget)) return true;
  }
  return false;
}

function malformed(message: string): MaestranoConnecError {
  return new MaestranoConnecError('connec.notificationMalformed', {
    message: `The notification cannot be read. ${message}`,
    remedy: 'Send a JSON object of resource names, each with a list of its records.',
  });
}

function tooMany(limit: string, remedy: string): MaestranoConnecError {
  return new MaestranoConnecError('connec.notificationTooLarge', {
    message: `The notification holds more than ${limit}.`,
    remedy,
  });
}
