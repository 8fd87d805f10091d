import { InvalidRequestError } from '../../errors/account.error.js';
import { toDecimalText } from '../../utils/decimal.js';
import { parsePlatformDate } from '../../utils/platform-date.js';
import { type FilterFields, type FilterKind, filterParameter } from './filter-definition.js';

/**
 * The query of a filter. A name that the server does not know would silently give an empty list (protocol §8.5), so
 * unknown names and values of another type are refused here.
 *
 * @throws InvalidRequestError (`account.invalidInput`)
 */
export function toFilterQuery(
  fields: FilterFields,
  filter: Readonly<Record<string, unknown>>,
  context: { readonly marketplace: string; readonly operation: string },
): URLSearchParams {
  const query = new URLSearchParams();
  const problems: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(filter)) {
    if (value === undefined) continue;
    const known = filterParameter(fields, name);
    const text = known && toQueryText(known.kind, value);
    if (!known) problems[name] = ['is no filter of this list'];
    else if (text === null) problems[name] = [`must be a ${known.kind}`];
    else query.append(known.parameter, text);
  }
  const names = Object.keys(problems);
  if (names.length === 0) return query;
  throw new InvalidRequestError('account.invalidInput', `the filter is not usable: ${names.join(', ')}.`, {
    ...context,
    fields: problems,
    remedy: 'Nothing was sent: the marketplace would have answered with an empty list.',
  });
}

function toQueryText(kind: FilterKind, value: unknown): string | null {
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? String(value) : null;
    case 'number':
      return Number.isSafeInteger(value) ? String(value) : null;
    case 'decimal':
      return toDecimalText(value);
    case 'date':
      return toIsoText(value);
  }
}

/** ISO 8601 in UTC, to the second: what the server parses (protocol §8.5). */
function toIsoText(value: unknown): string | null {
  const date = value instanceof Date ? value : parsePlatformDate(value);
  if (!date || Number.isNaN(date.getTime())) return null;
  return date.toISOString();
}
