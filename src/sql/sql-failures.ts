import { MaestranoSqlError, type SqlErrorCode } from '../errors/sql.error.js';

/** SQLSTATE of PostgreSQL and MySQL, numbers of MySQL and MariaDB, names of SQLite, codes of Prisma. */
const CODES: Readonly<Partial<Record<SqlErrorCode, RegExp>>> = {
  'sql.contention':
    /^(40001|40P01|55P03|1213|1205|1020|3572|P2034|SQLITE_BUSY.*|SQLITE_LOCKED.*|sqlite:(5|6|261|262|517))$/,
  'sql.tables': /^(42P01|42703|3F000|42S02|42S22|1146|1054)$/,
  'sql.dialect': /^(42601|42883|42704|1064|1305|1193|1046)$/,
  'sql.readOnly': /^(25006|1290|1792|1836|SQLITE_READONLY.*|sqlite:(8|1032|264|520|776|1288|1544))$/,
  'sql.timeout': /^(P2024|57014|3024|1969|PROTOCOL_SEQUENCE_TIMEOUT)$/,
};

/** Where a library gives no code: SQLite has one for everything, and pools have none. */
const MESSAGES: Readonly<Partial<Record<SqlErrorCode, RegExp>>> = {
  'sql.contention': /^database (table )?is locked/,
  'sql.tables': /no such (table|column)|has no column named/,
  'sql.dialect': /near ".*": syntax error|no such function|unrecognized token/,
  'sql.readOnly': /attempt to write a readonly database/,
  'sql.timeout':
    /timeout exceeded when trying to connect|due to connection timeout|Timeout acquiring a connection|Queue limit reached/,
};

/** Where libraries keep the error of the driver. */
const INNER = ['cause', 'driverError', 'parent', 'original', 'originalError', 'meta', 'driverAdapterError'];

/** Deeper than any library wraps. */
const DEEPEST = 6;

/** The code of {@link MaestranoSqlError} for an error of any library; null for errors that are not of a database. */
export function sqlErrorCode(error: unknown): SqlErrorCode {
  const chain = errorsWithin(error);
  const codes = chain.flatMap(codesOf);
  const names = Object.keys(CODES) as SqlErrorCode[];
  return (
    names.find((name) => codes.some((code) => CODES[name]!.test(code))) ??
    names.find((name) =>
      chain.some(({ message }) => typeof message === 'string' && MESSAGES[name]!.test(message)),
    ) ??
    'sql.failed'
  );
}

/** How databases say that a table or a column is missing: names of the schema alone. */
const MISSING = [
  /no such (?:table|column): [\w."]+$/,
  /table [\w."]+ has no column named [\w"]+$/,
  /(?:relation|column|schema) [\w."]+ (?:of relation [\w."]+ )?does not exist$/,
  /Unknown column '[\w.]+' in '[\w ]+'$/i,
  /Table '[\w.]+' doesn't exist$/,
];

/** The database's own words for a table or a column that is missing; null for every other error. */
export function missingInSchema(error: unknown): string | null {
  if (sqlErrorCode(error) !== 'sql.tables') return null;
  const texts = errorsWithin(error)
    .toReversed()
    .flatMap(({ message, sqlMessage, originalMessage }) => [sqlMessage, originalMessage, message])
    .filter((text) => typeof text === 'string');
  const found = MISSING.flatMap((pattern) => texts.flatMap((text) => pattern.exec(text)?.[0] ?? []));
  return found[0] ?? 'a table or a column is missing';
}

/** What to throw for an error of any library. Its cause keeps the code and what is safe of the message, nothing else. */
export function sqlError(error: unknown): MaestranoSqlError {
  if (error instanceof MaestranoSqlError) return error;
  return new MaestranoSqlError(sqlErrorCode(error), { cause: withoutValues(error) });
}

/** An error of which nothing is known. */
export type SqlFacts = Readonly<Record<string, unknown>>;

/** The error and those within it, from the outside to the inside. */
export function errorsWithin(error: unknown): SqlFacts[] {
  const found: SqlFacts[] = [];
  const look = (one: unknown, depth: number): void => {
    if (typeof one !== 'object' || one === null || depth > DEEPEST || found.includes(one as SqlFacts)) return;
    found.push(one as SqlFacts);
    for (const name of INNER) look((one as SqlFacts)[name], depth + 1);
  };
  look(error, 0);
  return found;
}

/** SQLSTATE, numbers and names that an error has. */
export function codesOf(error: SqlFacts): string[] {
  const { code, errno, errcode, sqlState, originalCode } = error;
  const numbered = code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? [`sqlite:${errcode}`] : [];
  const plain = [code, errno, sqlState, originalCode].filter(
    (one): one is string | number => typeof one === 'string' || typeof one === 'number',
  );
  return [...plain.map(String), ...numbered];
}

/**
 * Libraries put statements and parameters into messages and fields, and databases quote values. What is left is the
 * first line of the innermost message without quotations, and its code.
 */
function withoutValues(error: unknown): Error {
  const chain = errorsWithin(error);
  const messages = chain.map(({ message }) => message).filter((message) => typeof message === 'string');
  const [line = ''] = (messages.at(-1) ?? 'unknown').split('\n');
  const known = /^(Failed query|Invalid `)/.test(line) ? 'a statement failed' : line;
  const [code] = chain.toReversed().flatMap(codesOf);
  return Object.assign(
    new Error(known.replace(/(['"`]).*\1/g, '…').slice(0, 200)),
    code === undefined ? {} : { code },
  );
}
