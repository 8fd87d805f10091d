import { ConnecApiException } from './connec-api.exception.js';
import { compareValues, fieldOf, readFilter } from './connec-filter.js';

type Document = Record<string, unknown>;

/** Page size unless `$top` says otherwise (protocol §9.5). */
const DEFAULT_TOP = 100;

/** The pagination object of a list (protocol §9.5). */
export interface ConnecPagination {
  readonly skip: number;
  readonly top: number;
  readonly total: number;
  /** Absolute address of the next page; absent on the last one. */
  readonly next?: string;
}

function count(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null || text === '') return fallback;
  if (/^\d+$/.test(text)) return Number(text);
  throw new ConnecApiException(400, `Invalid ${name}`, { detail: `${name} must be a whole number` });
}

function sorter(orderby: string): (left: Document, right: Document) => number {
  const keys = orderby.split(',').map((part) => {
    const [path = '', direction = 'asc'] = part.trim().split(/\s+/);
    if (!/^(asc|desc)$/i.test(direction) || path === '') throw new ConnecApiException(400, 'Invalid orderby');
    return { path, sign: direction.toLowerCase() === 'asc' ? 1 : -1 };
  });
  return (left, right) => {
    for (const { path, sign } of keys) {
      const order = compareValues(fieldOf(left, path), fieldOf(right, path));
      if (order) return sign * order;
    }
    return 0;
  };
}

function contains(value: unknown, wanted: string): boolean {
  if (typeof value === 'object' && value !== null)
    return Object.values(value).some((part) => contains(part, wanted));
  return String(value ?? '')
    .toLowerCase()
    .includes(wanted);
}

/**
 * Selects, orders and cuts a list of records as the query asks (protocol §9.5).
 *
 * @param documentOf the fields that a query is about; only asked for when the query looks at them
 * @param address the list's own, for the link to the next page
 */
export function queryRecords<T>(
  records: readonly T[],
  documentOf: (record: T) => Document,
  query: URLSearchParams,
  address: string,
): { page: T[]; pagination: ConnecPagination } {
  let list = [...records];
  const filter = query.get('$filter');
  if (filter) {
    const fits = readFilter(filter);
    list = list.filter((record) => fits(documentOf(record)));
  }
  const search = query.get('$search')?.toLowerCase();
  if (search) list = list.filter((record) => contains(documentOf(record), search));
  const orderby = query.get('$orderby');
  if (orderby) {
    const compare = sorter(orderby);
    const keyed = list.map((record) => ({ record, document: documentOf(record) }));
    list = keyed.sort((left, right) => compare(left.document, right.document)).map(({ record }) => record);
  }

  const top = count(query, '$top', DEFAULT_TOP);
  const skip = count(query, '$skip', 0);
  const total = list.length;
  const page = list.slice(skip, skip + top);
  if (top === 0 || skip + top >= total) return { page, pagination: { skip, top, total } };
  const following = new URLSearchParams(query);
  following.set('$skip', String(skip + top));
  following.set('$top', String(top));
  return { page, pagination: { skip, top, total, next: `${address}?${following.toString()}` } };
}
