import { codesOf, errorsWithin, sqlErrorCode, type SqlFacts } from './sql-failures.js';

/** Why a database did not accept what it was to write. */
export type SqlRejectionKind =
  'notNull' | 'unique' | 'foreignKey' | 'check' | 'value' | 'raised' | 'statement';

/** A write that a database certainly did not carry out because of what it was. Names of the schema only, no values. */
export interface SqlRejection {
  readonly kind: SqlRejectionKind;
  /** SQLSTATE, number or name of the error, such as `23502`. */
  readonly code: string;
  /** Columns that it is about; none where the database does not say. */
  readonly columns: readonly string[];
  /** Name of the constraint or index; null where the database does not say. */
  readonly constraint: string | null;
}

/** SQLSTATE of PostgreSQL and MySQL, numbers of MySQL and MariaDB, names and numbers of SQLite. */
const CODES: Readonly<Record<SqlRejectionKind, RegExp>> = {
  notNull: /^(23502|1048|1263|1364|SQLITE_CONSTRAINT_NOTNULL|sqlite:1299)$/,
  unique:
    /^(23505|23P01|1062|1586|1859|SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY|ROWID)|sqlite:(2067|1555|2579))$/,
  foreignKey: /^(23503|23001|1216|1217|1451|1452|SQLITE_CONSTRAINT_FOREIGNKEY|sqlite:787)$/,
  check: /^(23514|3819|4025|SQLITE_CONSTRAINT_CHECK|sqlite:275)$/,
  raised: /^(P000[1-4]|45000|1644|SQLITE_CONSTRAINT_TRIGGER|sqlite:1811)$/,
  value:
    /^(22[0-9A-Z]{3}|42804|42846|1264|1265|1292|1366|1367|1406|1411|1690|3140|SQLITE_CONSTRAINT_DATATYPE|SQLITE_MISMATCH|SQLITE_TOOBIG|sqlite:(3091|20|18))$/,
  statement: /^(428C9|42P10|1136|1442|3105)$/,
};

/** What errors say that have one code for everything. */
const MESSAGES: Readonly<Partial<Record<SqlRejectionKind, RegExp>>> = {
  notNull: /NOT NULL constraint failed: [\w.]+$/,
  unique: /UNIQUE constraint failed: [\w., ']+$/,
  foreignKey: /FOREIGN KEY constraint failed$/,
  check: /CHECK constraint failed: \w+$/,
};

/**
 * Where databases name what it is about: at the end of the message, behind which no value stands. What a value may imitate is
 * no name of a column that the caller knows.
 */
const COLUMN = [
  /null value in column "(\w+)"(?: of relation "\w+")? violates not-null constraint$/,
  /column "(\w+)" is of type [\w ()]+ but expression is of type [\w ()]+$/,
  /(?:^|[ ]- )Column '(\w+)' cannot be null$/,
  /(?:^|[ ]- )Field '(\w+)' doesn't have a default value$/,
  /for column (?:`\w+`\.`\w+`\.)?[`'](\w+)[`'] at row \d+$/,
  /NOT NULL constraint failed: (?:\w+\.)?(\w+)$/,
  /in \w+ column \w+\.(\w+)$/,
] as const;
const COLUMNS = /UNIQUE constraint failed: (\w+\.\w+(?:, \w+\.\w+)*)$/;
const CONSTRAINT = [
  /violates (?:unique|check|exclusion|foreign key) constraint "(\w+)"$/,
  /for key '(?:\w+\.)?(\w+)'$/,
  /Check constraint '(\w+)' is violated\.?$/,
  /CONSTRAINT `(\w+)` failed for `\w+`\.`\w+`$/,
  /CONSTRAINT `(\w+)` FOREIGN KEY \(`\w+`(?:, `\w+`)*\) REFERENCES `[\w.`]+` \([^)]*\)[ A-Z]*\)$/,
  /CHECK constraint failed: (\w+)$/,
  /UNIQUE constraint failed: index '(\w+)'$/,
] as const;

/** Failures after which the same statement may be carried out, or was. */
const PASSING = ['sql.contention', 'sql.timeout', 'sql.readOnly'];

/**
 * Why a database did not accept a write; null for every other error, of which nothing is certain. The statement wrote nothing,
 * and its transaction cannot be committed or wrote nothing else.
 */
export function sqlRejection(error: unknown): SqlRejection | null {
  const general = sqlErrorCode(error);
  if (PASSING.includes(general)) return null;
  const chain = errorsWithin(error);
  const messages = chain.flatMap(messagesOf);
  const codes = chain.toReversed().flatMap(codesOf);
  const kinds = Object.keys(CODES) as SqlRejectionKind[];
  const coded = kinds.find((kind) => codes.some((code) => CODES[kind].test(code)));
  const raised = chain.some(({ routine }) => routine === 'exec_stmt_raise');
  const kind = raised
    ? 'raised'
    : (coded ??
      kinds.find((one) => messages.some((text) => MESSAGES[one]?.test(text))) ??
      (general === 'sql.dialect' || general === 'sql.tables' ? 'statement' : null));
  if (kind === null) return null;
  const code = codes.find((one) => CODES[kind].test(one)) ?? codes.find(isCode) ?? kind;
  // What a trigger says of names may be put together from values.
  if (kind === 'raised') return { kind, code, columns: [], constraint: null };
  return {
    kind,
    code,
    columns: columnsOf(chain, messages),
    constraint: namedBy(chain, 'constraint') ?? firstOf(CONSTRAINT, messages),
  };
}

function columnsOf(chain: readonly SqlFacts[], messages: readonly string[]): readonly string[] {
  const one = namedBy(chain, 'column') ?? firstOf(COLUMN, messages);
  if (one !== null) return [one];
  const list = firstOf([COLUMNS], messages);
  if (list !== null) return list.split(', ').map((name) => name.split('.')[1]!);
  // PostgreSQL: `Key (company, email)=(…) already exists.`; only names stand before the sign.
  const details = chain.flatMap(({ detail }) => (typeof detail === 'string' ? [detail] : []));
  return firstOf([/^Key \((\w+(?:, \w+)*)\)=\(/], details)?.split(', ') ?? [];
}

/** A name that the driver's error has in a property of its own. */
function namedBy(chain: readonly SqlFacts[], property: 'column' | 'constraint'): string | null {
  const names = chain.map((facts) => facts[property]);
  return names.find((name): name is string => typeof name === 'string' && /^\w{1,64}$/.test(name)) ?? null;
}

function firstOf(patterns: readonly RegExp[], texts: readonly string[]): string | null {
  for (const pattern of patterns) {
    for (const text of texts) {
      const found = pattern.exec(text)?.[1];
      if (found !== undefined) return found;
    }
  }
  return null;
}

function messagesOf({ message, sqlMessage, originalMessage }: SqlFacts): readonly string[] {
  return [message, sqlMessage, originalMessage].filter((text): text is string => typeof text === 'string');
}

function isCode(text: string): boolean {
  return /^[A-Z][A-Z0-9_]{2,40}$|^[0-9A-Z]{4,5}$/.test(text);
}
