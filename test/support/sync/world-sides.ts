import type {
  ConnecRecords,
  ConnecSideRecord,
  ConnecWrite,
  ConnecWritten,
} from '../../../src/sync/connec/connec-records.js';
import type { AppRecord, SyncEntity } from '../../../src/sync/fields/entity-definition.js';
import type { FieldRule } from '../../../src/sync/merge/side-record.js';
import { SyncRejected } from '../../../src/sync/source/sync-source.error.js';
import type { SyncSource } from '../../../src/sync/source/sync-source.js';
import {
  Ambiguous,
  type AppRow,
  type Cell,
  type Cells,
  type ConnecRow,
  Crash,
  type Field,
  FIELDS,
  Rejected,
  type Value,
  type World,
} from './world.js';

/** Longer than any transaction of the application is open. */
const SETTLE = 75_000;

/** One process of the engine: when it dies, nothing that it still does arrives. */
export class EngineProcess {
  dead = false;

  async alive<T>(work: () => Promise<T>): Promise<T> {
    if (this.dead) throw new Crash();
    try {
      const result = await work();
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
      if (this.dead) throw new Crash();
      return result;
    } catch (error) {
      if (error instanceof Crash) this.dead = true;
      throw error;
    }
  }
}

/** Which cell a value that the engine writes was read from: the engine sees values only. */
class Origins {
  readonly #things = new Map<string, string>();
  readonly #cells = new Map<string, Cell>();
  readonly #anywhere = new Map<string, Cell>();

  read<T extends { readonly id: string; readonly k: string; readonly f: Cells }>(
    rows: readonly T[],
  ): readonly T[] {
    for (const { id, k, f } of rows) {
      this.#things.set(id, k);
      this.#things.set(`name ${String(f.name.v)}`, k);
      for (const field of FIELDS) {
        this.#cells.set(`${k}.${field}.${String(f[field].v)}`, f[field]);
        this.#anywhere.set(`${field}.${String(f[field].v)}`, f[field]);
      }
    }
    return rows;
  }

  /** What the engine took the record for when it read the values that it sends for the id. */
  thing(id: string, values: AppRecord): string {
    return this.#things.get(`name ${String(values.name)}`) ?? this.#things.get(id) ?? 'nobody';
  }

  cells(k: string, values: AppRecord): Partial<Cells> {
    const cells: Partial<Record<Field, Cell>> = {};
    for (const [name, v] of Object.entries(values)) {
      const field = name as Field;
      cells[field] = this.#cells.get(`${k}.${field}.${String(v)}`) ??
        this.#anywhere.get(`${field}.${String(v)}`) ?? { v: v as Value, t: 'engine' };
    }
    return cells;
  }
}

function valuesOf(f: Cells): Record<Field, Value> {
  return Object.fromEntries(FIELDS.map((field) => [field, f[field].v])) as Record<Field, Value>;
}

function isRow(row: ConnecRow | AppRow | null | undefined): row is never {
  return row !== null && row !== undefined;
}

/** The application's side of the world as a source, and the platform's as the engine sees it. */
export function sidesOf(
  world: World,
  process: EngineProcess,
): { readonly source: SyncSource<AppRecord>; readonly connec: ConnecRecords } {
  const [fromApp, fromConnec] = [new Origins(), new Origins()];
  const io = <T>(effect: () => T, write = false): Promise<T> => process.alive(() => world.io(effect, write));
  const appWrite = async <T>(effect: () => T): Promise<T> => {
    try {
      return await io(effect, true);
    } catch (error) {
      throw error instanceof Rejected ? new SyncRejected('no') : error;
    }
  };

  const appRecord = (row: AppRow): AppRecord => ({
    id: row.id,
    ...valuesOf(row.f),
    // The property of the later release: the note in another form.
    remark: `${String(row.f.note.v)}!`,
    ver: row.ver,
    at: row.at,
    born: row.born,
    key: row.key,
  });
  const source: SyncSource<AppRecord> = {
    versions: 'table',
    changes: async ({ cursor }) => {
      const from = cursor === null ? -1 : Number(cursor);
      const rows = await io(() =>
        [...world.app.values()]
          .filter(({ ver, listAt }) => ver > from && listAt <= world.now)
          .toSorted((one, other) => one.ver - other.ver),
      );
      fromApp.read(rows);
      const safe = rows.filter(({ at }) => at < world.now - SETTLE).map(({ ver }) => ver);
      const safeUntil = String(Math.max(from, ...safe));
      return { records: rows.map(appRecord), cursor: safeUntil, more: false, safeUntil };
    },
    get: async (ids) => {
      const rows: AppRow[] = [];
      for (const id of ids) {
        const row = await io(() => world.app.get(id) ?? null);
        if (row) rows.push(row);
      }
      return fromApp.read(rows).map(appRecord);
    },
    find: async (key) => {
      const row = await io(() => [...world.app.values()].find((one) => one.key === key) ?? null);
      return row ? appRecord(fromApp.read([row])[0]!) : null;
    },
    create: async (data, { key }) => {
      const row = await appWrite(() => {
        const values = oldForm(data);
        const k = world.o.values === 'few' ? fromConnec.thing(key, {}) : fromConnec.thing(key, values);
        const there = [...world.app.values()].find((one) => one.key === key);
        const made = there ?? world.addApp(fromConnec.cells(k, values) as Cells, k, key);
        world.echo('app', made.id);
        return made;
      });
      return appRecord(fromApp.read([row])[0]!);
    },
    update: async (id, changes, { ifVersion }) => {
      const row = await appWrite(() => {
        const there = world.app.get(id);
        if (!there) return null;
        if (there.ver !== ifVersion) return 'stale' as const;
        there.f = { ...there.f, ...fromConnec.cells(there.k, oldForm(changes)) };
        world.touch('L', there);
        world.echo('app', there.id);
        return there;
      });
      return row === null || row === 'stale' ? row : appRecord(fromApp.read([row])[0]!);
    },
    identity: (record) => ({
      id: record.id as string,
      version: record.ver as number,
      updatedAt: new Date(record.at as number),
      bornAt: String(record.born),
      key: record.key as string | null,
    }),
  };

  const connecRecord = (row: ConnecRow): ConnecSideRecord => ({
    id: row.id,
    externalIds: row.ext,
    updatedAt: row.at,
    createdAt: String(row.born),
    record: valuesOf(row.f),
  });
  const cut = (cells: Partial<Cells>): Partial<Cells> =>
    Object.fromEntries(
      Object.entries(cells).map(([field, cell]) => [
        field,
        { ...cell, v: world.norm(cell.v, field as Field) },
      ]),
    );
  const writeOne = async (write: ConnecWrite): Promise<ConnecWritten> => {
    try {
      const row = await io(() => {
        if (write.kind === 'update') {
          const there = world.connec.get(write.id);
          if (!there) return null;
          world.reaches(there);
          there.f = { ...there.f, ...cut(fromApp.cells(there.k, write.changes)) };
          if (write.externalId !== null && !there.ext.includes(write.externalId))
            there.ext.push(write.externalId);
          world.touch('R', there);
          world.echo('connec', there.id);
          return there;
        }
        const id = write.externalId.replace(/~\d+$/u, '');
        const k = fromApp.thing(id, world.o.values === 'few' ? {} : write.changes);
        const cells = cut(fromApp.cells(k, write.changes)) as Cells;
        const there = [...world.connec.values()].find(({ ext }) => ext.includes(write.externalId));
        if (there) {
          world.reaches(there);
          there.f = { ...there.f, ...cells };
          world.touch('R', there);
          return there;
        }
        const made = world.addConnec(cells, k, false);
        made.ext.push(write.externalId);
        world.echo('connec', made.id);
        return made;
      }, true);
      if (!isRow(row)) return { kind: 'notFound' };
      return { kind: 'done', record: connecRecord(fromConnec.read([row])[0]!) };
    } catch (error) {
      if (error instanceof Ambiguous) return { kind: 'unknown' };
      if (error instanceof Rejected) return { kind: 'rejected', reason: 'no' };
      throw error;
    }
  };
  const connec: ConnecRecords = {
    page: async (_resource, { since }) => {
      const rows = await io(() =>
        world.reads(
          [...world.connec.values()]
            .filter(({ at, listAt }) => at >= (since ?? 0) && listAt <= world.now)
            .toSorted((one, other) => one.at - other.at),
        ),
      );
      return { records: fromConnec.read(rows).map(connecRecord), next: null };
    },
    get: async (_resource, ids) => {
      const rows: ConnecRow[] = [];
      for (const id of ids) {
        const row = await io(() => {
          const there = world.connec.get(id);
          return there && there.getAt <= world.now ? world.reads([there])[0]! : null;
        });
        if (row) rows.push(row);
      }
      return fromConnec.read(rows).map(connecRecord);
    },
    write: async (_resource, writes) => {
      const written: ConnecWritten[] = [];
      for (const write of writes) written.push(await writeOne(write));
      return written;
    },
  };
  return { source, connec };
}

function rule(name: Field): FieldRule {
  return {
    name,
    app: name,
    direction: 'both',
    refers: null,
    conflict: null,
    toConnec: null,
    toApp: null,
    equal: null,
    onCreate: {},
  };
}

const RULES = Object.fromEntries(FIELDS.map((field) => [field, rule(field)])) as Record<Field, FieldRule>;

/** The note as a later release of the application has it: another property, in another form. */
const REMARK: FieldRule = {
  ...rule('note'),
  app: 'remark',
  toConnec: (value) => String(value).slice(0, -1),
  toApp: (value) => `${String(value)}!`,
};

function oldForm({ remark, ...values }: AppRecord): AppRecord {
  return remark === undefined ? values : { ...values, note: String(remark).slice(0, -1) };
}

/** The world's records as an entity of the engine, before or after the release. */
export function entityOf(
  source: SyncSource<AppRecord>,
  conflict: SyncEntity['conflict'],
  released = false,
): SyncEntity {
  const note = released ? REMARK : RULES.note;
  return {
    version: 1,
    name: 'things',
    resource: 'things',
    source,
    rules: Object.values({ ...RULES, note }),
    units: [[RULES.name], [note], [RULES.amount, RULES.currency], [RULES.arch]],
    lists: [],
    match: [],
    conflict,
    direction: 'both',
    whenDeletedInApp: 'archiveInConnec',
    archived: { arch: true },
    accept: null,
  };
}
