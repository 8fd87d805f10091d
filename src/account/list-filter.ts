import { MaestranoInvalidRequestError } from '../errors/account.error.js';
import type { Field, Fields } from './fields.js';

/** A filter that was understood: what the server is asked for, and what of its list is wanted. */
export interface ListFilter<T> {
  readonly query: URLSearchParams;
  /** Whether the filter lets an entity through that the server listed. */
  readonly lets: (entity: T) => boolean;
}

/**
 * A filter as a query and as a test of what the server lists. A server is asked for what it has columns for, by the
 * second; the rest is tested here, so that a filter means the same whatever the server makes of it. A name that the
 * server does not know would silently give an empty list (protocol §8.5), so unknown names and values of another type
 * are rejected.
 *
 * @throws MaestranoInvalidRequestError (`account.invalidInput`)
 */
export function readFilter<T>(
  fields: Fields,
  filter: Readonly<Record<string, unknown>>,
  context: { readonly marketplace: string; readonly operation: string },
): ListFilter<T> {
  const query = new URLSearchParams();
  const problems: Record<string, string[]> = {};
  const tests: ((entity: Readonly<Record<string, unknown>>) => boolean)[] = [];
  for (const [name, value] of Object.entries(filter)) {
    if (value === undefined) continue;
    const known = findFilter(fields, name);
    const wanted = known && known.field.type.toQuery(value as never);
    if (!known) problems[name] = ['is no filter of this list'];
    else if (wanted === null) problems[name] = [`must be a ${known.field.type.name}`];
    else {
      const { field, property, comparison } = known;
      const { column, type, local, filter: parameter = column } = field;
      for (const [suffix, text] of local
        ? []
        : (type.widen?.(comparison, wanted) ?? [[comparison, wanted]])) {
        query.append(parameter + snakeCase(suffix), text);
      }
      tests.push((entity) => {
        const found = entity[property];
        // What a record does not show, the server knows all the same if it has a column for it.
        if (found === undefined || found === null) return !local;
        const text = type.toQuery(found as never);
        return text !== null && isBy(comparison, type.compare(text, wanted));
      });
    }
  }
  const names = Object.keys(problems);
  if (names.length === 0) {
    const lets = (entity: T): boolean =>
      tests.every((test) => test(entity as Readonly<Record<string, unknown>>));
    return { query, lets };
  }
  throw new MaestranoInvalidRequestError('account.invalidInput', {
    message: `the filter is not usable: ${names.join(', ')}.`,
    ...context,
    fields: problems,
    remedy: 'Nothing was sent: the marketplace would have responded with an empty list.',
  });
}

/** The field and comparison that a filter's name means; null for a name that the fields do not allow. */
function findFilter(
  fields: Fields,
  name: string,
): { readonly field: Field; readonly property: string; readonly comparison: string } | null {
  for (const [property, field] of Object.entries(fields)) {
    if (field.filter === false || !name.startsWith(property)) continue;
    const comparison = ['', ...field.type.suffixes].find((candidate) => name === property + candidate);
    if (comparison !== undefined) return { field, property, comparison };
  }
  return null;
}

/** Whether a difference, less than zero for a smaller value, is what a suffix asks for. */
function isBy(comparison: string, difference: number): boolean {
  switch (comparison) {
    case 'Before':
    case 'LowerThan':
      return difference <= 0;
    case 'StrictlyBefore':
    case 'StrictlyLowerThan':
      return difference < 0;
    case 'After':
    case 'GreaterThan':
      return difference >= 0;
    case 'StrictlyAfter':
    case 'StrictlyGreaterThan':
      return difference > 0;
    default:
      return difference === 0;
  }
}

/** `StrictlyAfter` to `_strictly_after`. */
function snakeCase(suffix: string): string {
  return suffix.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
