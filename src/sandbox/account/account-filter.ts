import { parsePlatformDate } from '../../utils/dates.js';

type Wire = Record<string, unknown>;
type Test = (left: number | string, right: number | string) => boolean;

/** Suffixes of a filter's name, longest first (protocol §8.5). */
const OPERATORS: readonly (readonly [suffix: string, test: Test])[] = [
  ['_strictly_before', (left, right) => left < right],
  ['_strictly_lower_than', (left, right) => left < right],
  ['_strictly_after', (left, right) => left > right],
  ['_strictly_greater_than', (left, right) => left > right],
  ['_before', (left, right) => left <= right],
  ['_lower_than', (left, right) => left <= right],
  ['_after', (left, right) => left >= right],
  ['_greater_than', (left, right) => left >= right],
];

/** The old sandbox's column names, beside the names of the interface. */
const COLUMNS: Readonly<Record<string, string>> = {
  uid: 'id',
  geo_country_code: 'country',
  company: 'company_name',
};

function comparable(value: unknown): number | string {
  if (typeof value === 'number') return value;
  const text = String(value);
  const moment = parsePlatformDate(text);
  if (moment) return moment.getTime();
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function filterOf(name: string): { attribute: string; test: Test } {
  for (const [suffix, test] of OPERATORS) {
    if (name.endsWith(suffix)) return { attribute: name.slice(0, -suffix.length), test };
  }
  return { attribute: name, test: (left, right) => left === right };
}

/**
 * The records that fit every filter of a query (protocol §8.5). An unknown attribute fits nothing, and a list is
 * silently empty, as on the platform.
 */
export function filterRecords(records: readonly Wire[], query: URLSearchParams): Wire[] {
  let fitting = [...records];
  for (const [name, value] of query) {
    const { attribute, test } = filterOf(name);
    const field = COLUMNS[attribute] ?? attribute;
    const wanted = comparable(value);
    fitting = fitting.filter((record) => {
      const found = record[field];
      return found !== undefined && found !== null && test(comparable(found), wanted);
    });
  }
  return fitting;
}
