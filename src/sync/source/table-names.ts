import { randomUUID } from 'node:crypto';

import { isRecord } from '../../utils/values.js';
import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { SqlDialect, SqlParameter, SqlRow } from '../../sql/sql-executor.js';
import type { TableOptions } from './table-options.js';

/** Letters, digits and `_`; a schema may stand before the name of a table. */
const NAME = /^[A-Za-z_]\w{0,62}$/;

/** What the options of a table need of names. */
type NamedOptions = Pick<
  TableOptions<object>,
  'id' | 'group' | 'version' | 'key' | 'updatedAt' | 'deletedAt' | 'naming'
> & {
  readonly columns?: Readonly<Partial<Record<string, string>>>;
  readonly json?: Readonly<Partial<Record<string, string>>>;
};

/** The names of a table and its columns, as they stand in statements and in rows. */
export class TableNames {
  readonly table: string;
  readonly id: string;
  readonly group: string;
  readonly version: string;
  readonly key: string;
  /** Reads everything of rows. */
  readonly select: string;
  /** One row with every column, each of them null, whatever rows there are: what a row looks like. */
  readonly selectNothing: string;
  /** Names of columns in rows. */
  readonly as: Readonly<Record<'id' | 'version' | 'key' | 'updatedAt', string>>;
  readonly #quote: string;
  readonly #properties: ReadonlyMap<string, string>;

  /** @throws MaestranoSyncError `sync.declaration` */
  constructor(
    dialect: SqlDialect,
    name: string,
    private readonly options: NamedOptions,
  ) {
    this.#quote = dialect === 'mysql' ? '`' : '"';
    this.table = name
      .split('.')
      .map((part) => this.quoted(part))
      .join('.');
    this.id = this.quoted(options.id);
    this.group = this.quoted(options.group);
    this.version = this.quoted(options.version);
    this.key = this.quoted(options.key);
    this.as = { id: options.id, version: options.version, key: options.key, updatedAt: options.updatedAt };
    this.select = `select * from ${this.table}`;
    this.selectNothing = `select t.* from (select 1 as one) as o
      left join (select * from ${this.table} limit 1) as t on 1 = 0`;
    const { columns = {} } = options;
    this.#properties = new Map(
      Object.entries(columns).flatMap(([property, column]) =>
        column === undefined ? [] : [[this.#known(column), property] as const],
      ),
    );
  }

  /** The column of a property, as it stands in statements. */
  column(property: string): string {
    return this.quoted(this.columnOf(property));
  }

  /** The name of a property's column. */
  columnOf(property: string): string {
    return this.options.columns?.[property] ?? this.#named(property);
  }

  /** The property of a column. */
  propertyOf(column: string): string {
    return this.#properties.get(column) ?? this.#property(column);
  }

  /** A name as it stands in statements. */
  quoted(name: string): string {
    return `${this.#quote}${this.#known(name)}${this.#quote}`;
  }

  /** A row by the names of properties. */
  properties(row: SqlRow): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      Object.entries(row).map(([column, value]) => {
        const property = this.propertyOf(column);
        const isList = this.options.json?.[property] !== undefined && typeof value === 'string';
        return [property, isList ? (JSON.parse(value) as unknown) : value];
      }),
    );
  }

  /** A list with ids for the items that have none yet; any other value as it is. */
  identified(property: string, value: unknown): unknown {
    const key = this.options.json?.[property];
    if (key === undefined || !Array.isArray(value)) return value;
    return value.map((item: unknown) =>
      isRecord(item) && (item[key] === undefined || item[key] === null)
        ? { ...item, [key]: randomUUID() }
        : item,
    );
  }

  isDeleted(row: SqlRow): boolean {
    const { deletedAt } = this.options;
    return deletedAt !== undefined && row[deletedAt] !== null && row[deletedAt] !== undefined;
  }

  #named(property: string): string {
    if (this.options.naming !== 'snake_case') return property;
    return property.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }

  #property(column: string): string {
    if (this.options.naming !== 'snake_case') return column;
    return column.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
  }

  #known(name: string): string {
    if (typeof name === 'string' && NAME.test(name)) return name;
    throw new MaestranoSyncError('sync.declaration', {
      message: `"${name}" is no name of a table or column: letters, digits and _ are.`,
    });
  }
}

/** A value of a property as a statement takes it. */
export function parameterOf(value: unknown, dialect: SqlDialect): SqlParameter {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || value instanceof Uint8Array) return value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'boolean') return dialect === 'postgres' ? String(value) : Number(value);
  if (!(value instanceof Date)) return JSON.stringify(value);
  const text = value.toISOString();
  return dialect === 'mysql' ? text.slice(0, -1).replace('T', ' ') : text;
}

/** A time as libraries return it; without a time zone it is taken for UTC. */
export function timeOf(value: unknown): Date {
  if (value instanceof Date) return value;
  if (typeof value === 'number' || typeof value === 'bigint') return new Date(Number(value));
  const text = String(value);
  if (/^\d+$/.test(text)) return new Date(Number(text));
  const zoned = /(Z|[+-]\d\d(:?\d\d)?)$/i.test(text) ? text : `${text.replace(' ', 'T')}Z`;
  return new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? text : zoned);
}
