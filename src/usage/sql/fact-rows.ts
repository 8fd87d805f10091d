import { randomInt } from 'node:crypto';

import type { SqlRow } from '../../sql/sql-executor.js';
import { factLanes } from '../store/fact-digest.js';
import type { UsageFactRow } from '../store/usage-records.js';
import type { UsageTables } from './usage-tables.js';

/** Largest number that `randomInt` takes. */
const RECEIPTS = 2 ** 47;

/** A number that the rows of one append have, and those of no other. */
export function newReceipt(): number {
  return randomInt(RECEIPTS);
}

const JSON_COLUMNS = {
  series: 'integer',
  fact_id: 'key',
  at_ms: 'integer',
  quantity: 'integer',
  counted: 'integer',
  fact_key: 'key',
  corrects: 'key',
  corrected: 'integer',
  turn: 'integer',
  received_at: 'integer',
  statement: 'integer',
  receipt: 'integer',
  lane_a: 'integer',
  lane_b: 'integer',
} as const;

type FactColumn = keyof typeof JSON_COLUMNS;

const NAMES = Object.keys(JSON_COLUMNS) as readonly FactColumn[];

/** What a join on the rows may name. */
const JOINED: ReadonlySet<FactColumn> = new Set(['series', 'fact_id', 'at_ms']);

/** A fact in the parameters that have all rows of a statement. */
type FactValues = Readonly<Record<FactColumn, string | number | undefined>>;

/** Rows to insert: what is selected for each column, from what, and its parameters in this order. */
interface SelectedRows {
  readonly select: string;
  readonly from: string;
  readonly parameters: readonly (string | number | null)[];
}

/** A fact as a row of {@link insertFacts}. */
export function rowOf(
  series: string,
  fact: UsageFactRow,
  statement: number | null,
  receipt: number,
): FactValues {
  const [lane_a, lane_b] = factLanes(fact);
  // What is not there is null in the table, and most facts have none of it.
  return {
    series: Number(series),
    fact_id: fact.id,
    at_ms: fact.at,
    quantity: fact.quantity.toString(),
    counted: fact.counted,
    fact_key: fact.key,
    corrects: fact.corrects ?? undefined,
    corrected: fact.value?.toString(),
    turn: fact.turn,
    received_at: fact.receivedAt,
    statement: statement ?? undefined,
    receipt,
    lane_a,
    lane_b,
  };
}

/**
 * Adds facts that are not there yet, in the one order that everybody locks in; says how many were added.
 *
 * @param join a condition on the rows, `r`.
 */
export function insertFacts(tables: UsageTables, rows: readonly FactValues[], join = ''): Promise<number> {
  const isPostgres = tables.dialect === 'postgres';
  const order = isPostgres ? 'r.series, r.fact_id collate "C"' : 'r.series, r.fact_id';
  const { select, from, parameters } = isPostgres ? arraysOf(rows) : jsonOf(tables, rows);
  const text = `select ${select} from ${from} ${join} order by ${order}`;
  return tables.execute(tables.insertNew(tables.names.fact, NAMES.join(', '), text), parameters);
}

function jsonOf(tables: UsageTables, rows: readonly FactValues[]): SelectedRows {
  const select = NAMES.map((name) => `r.${name}`).join(', ');
  return { select, from: tables.rows('r', JSON_COLUMNS), parameters: [JSON.stringify(rows)] };
}

/** On PostgreSQL an array each column, as JSON would name every value of every row; what all rows share is given once. */
function arraysOf(rows: readonly FactValues[]): SelectedRows {
  const [first] = rows;
  const isShared = (name: FactColumn): boolean =>
    !JOINED.has(name) && rows.every(({ [name]: value }) => value === first?.[name]);
  const shared = new Set(NAMES.filter(isShared));
  const listed = NAMES.filter((name) => !shared.has(name));
  const typeOf = (name: FactColumn): string => (JSON_COLUMNS[name] === 'key' ? 'text' : 'bigint');
  const arrays = listed.map((name) => `?::text::${typeOf(name)}[]`).join(', ');
  return {
    select: NAMES.map((name) => (shared.has(name) ? `?::${typeOf(name)}` : `r.${name}`)).join(', '),
    from: `unnest(${arrays}) as r(${listed.join(', ')})`,
    parameters: [
      ...[...shared].map((name) => first?.[name] ?? null),
      ...listed.map((name) => arrayOf(rows, name)),
    ],
  };
}

/** A column as an array of PostgreSQL, in text. */
function arrayOf(rows: readonly FactValues[], name: FactColumn): string {
  const isText = JSON_COLUMNS[name] === 'key';
  const elements = rows.map(({ [name]: value = null }) => {
    if (value === null) return 'NULL';
    return isText ? `"${String(value).replaceAll(/["\\]/g, '\\$&')}"` : value;
  });
  return `{${elements.join(',')}}`;
}

/** Columns of a fact `f`, for `factOf`. */
export function selectedOf(tables: UsageTables): string {
  return `f.series, f.fact_id, f.at_ms, ${tables.text('f.quantity')} as quantity_text, f.counted, f.fact_key, f.corrects,
    ${tables.text('f.corrected')} as corrected_text, f.turn, f.received_at, f.statement`;
}

/** Names a fact. */
export interface FactName {
  readonly series: string;
  readonly id: string;
}

/** Facts by their names. @param without receipt of facts that are not meant; none by default. */
export async function findFacts(
  tables: UsageTables,
  names: readonly FactName[],
  without = -1,
): Promise<readonly SqlRow[]> {
  if (names.length === 0) return [];
  const wanted = tables.rows('r', { series: 'integer', fact_id: 'key' });
  return tables.query(
    `select ${selectedOf(tables)} from ${tables.names.fact} as f join ${wanted}
     on f.series = r.series and f.fact_id = r.fact_id where f.receipt <> ?${tables.latest}`,
    [JSON.stringify(names.map(({ series, id }) => ({ series: Number(series), fact_id: id }))), without],
  );
}
