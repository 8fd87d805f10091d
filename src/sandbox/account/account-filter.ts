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

/** The database's names of what records call otherwise (protocol §8.5). */
const COLUMNS: Readonly<Record<string, string>> = {
  uid: 'id',
  geo_country_code: 'country',
  company: 'company_name',
};

/** A list of the Account API. */
export type AccountList = 'bills' | 'recurring_bills' | 'groups' | 'users';

/**
 * The columns that the old sandbox filters a list by, without those that no record shows. `group_id` selects by the
 * group where there is one (protocol §8.5).
 */
const COLUMNS_2016: Readonly<Record<AccountList, readonly string[]>> = {
  bills: [
    'uid',
    'group_id',
    'description',
    'price_cents',
    'currency',
    'units',
    'period_started_at',
    'period_ended_at',
    'status',
    'third_party',
    'created_at',
    'updated_at',
  ],
  recurring_bills: [
    'uid',
    'group_id',
    'description',
    'price_cents',
    'currency',
    'period',
    'frequency',
    'cycles',
    'start_date',
    'initial_cents',
    'status',
    'created_at',
    'updated_at',
  ],
  groups: ['uid', 'name', 'free_trial_end_at', 'created_at', 'updated_at'],
  users: [
    'uid',
    'name',
    'surname',
    'email',
    'company',
    'geo_country_code',
    'sso_session',
    'created_at',
    'updated_at',
  ],
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
 *
 * @param only the list whose columns alone are known, where the old sandbox is imitated; null for every name of a record.
 */
export function filterRecords(
  records: readonly Wire[],
  query: URLSearchParams,
  only: AccountList | null,
): Wire[] {
  let fitting = [...records];
  for (const [name, value] of query) {
    const { attribute, test } = filterOf(name);
    if (only && !COLUMNS_2016[only].includes(attribute)) return [];
    const field = COLUMNS[attribute] ?? attribute;
    const wanted = comparable(value);
    fitting = fitting.filter((record) => {
      const found = record[field];
      return found !== undefined && found !== null && test(comparable(found), wanted);
    });
  }
  return fitting;
}
