import type { SqlExecutor, SqlParameter } from '../sql/sql-executor.js';
import type { PgBossDatabase } from './pg-boss.js';

/**
 * The executor as pg-boss wants its database. It sends some work as one text from `begin` to `commit`, which on a
 * connection that others use afterwards would leave a broken transaction behind when it fails: those become
 * transactions of the executor.
 */
export function bossDatabase(executor: SqlExecutor): PgBossDatabase {
  return {
    async executeSql(text, values = []) {
      try {
        const statements = transactionIn(text);
        if (statements) {
          return await executor.transaction(async (transaction) => {
            const rows: Record<string, unknown>[] = [];
            for (const one of statements) rows.push(...(await carriedOut(transaction, one, [])));
            return { rows };
          });
        }
        return { rows: await carriedOut(executor, text, values.map(parameterOf)) };
      } catch (error) {
        throw innermost(error);
      }
    },
  };
}

/** What returns nothing, or a type that some libraries cannot read. */
const WITHOUT_ROWS = /^\s*select\s+\w+\.(create|delete)_queue\(/i;
const WITH_ROWS = /^\s*(select|with)\b|\breturning\b/i;

async function carriedOut(
  executor: SqlExecutor,
  text: string,
  parameters: readonly SqlParameter[],
): Promise<Record<string, unknown>[]> {
  if (WITH_ROWS.test(text) && !WITHOUT_ROWS.test(text))
    return [...(await executor.query(readable(text), parameters))];
  await executor.execute(text, parameters);
  return [];
}

/** Columns of types that some libraries cannot read, as texts. */
function readable(text: string): string {
  return text
    .replace(/to_regclass\(([^)]+)\)/gi, 'to_regclass($1)::text')
    .replace(/^(\s*select\s+pg_advisory_xact_lock\(.*\))\s*$/is, '$1::text as pg_advisory_xact_lock')
    .replaceAll('expire_in as "expireIn"', 'expire_in::text as "expireIn"');
}

/** The statements between `begin` and `commit`; null for a text that is a statement by itself. */
export function transactionIn(text: string): string[] | null {
  if (!/^\s*begin\s*;/i.test(text)) return null;
  return statementsOf(text).filter((one) => !/^(begin|commit)$/i.test(one));
}

/** What a `;` does not end: quoted texts, bodies of functions, comments. */
const WHOLE = /'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$\w*\$)[\s\S]*?\1|--[^\n]*|\/\*[\s\S]*?\*\/|;/g;

function statementsOf(text: string): string[] {
  const statements: string[] = [];
  let from = 0;
  for (const found of text.matchAll(WHOLE)) {
    if (found[0] !== ';') continue;
    statements.push(text.slice(from, found.index));
    from = found.index + 1;
  }
  statements.push(text.slice(from));
  return statements.map((one) => one.trim()).filter((one) => one !== '');
}

/** Every value in a form that all libraries send alike; the statements of pg-boss name the types. */
function parameterOf(value: unknown): SqlParameter {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return listOf(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  return JSON.stringify(value);
}

/** A list as PostgreSQL writes it. */
function listOf(values: readonly unknown[]): string {
  const quoted = values.map((value) =>
    value === null
      ? 'NULL'
      : `"${(typeof value === 'string' ? value : JSON.stringify(value)).replace(/["\\]/g, '\\$&')}"`,
  );
  return `{${quoted.join(',')}}`;
}

/** The error of the driver: pg-boss reads its message, and libraries wrap it. */
function innermost(error: unknown): unknown {
  let found = error;
  for (let depth = 0; depth < 6; depth += 1) {
    const inner: unknown = (found as { cause?: unknown; driverError?: unknown } | null)?.cause;
    if (!(inner instanceof Error)) break;
    found = inner;
  }
  return found;
}
