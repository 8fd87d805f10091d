import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import type { SqlExecutor } from '../sql/sql-executor.js';
import type { SyncEntity } from '../sync/fields/entity-definition.js';
import { mayGo } from '../sync/merge/side-record.js';
import { canonical, sameValue, valueAt } from '../sync/merge/values.js';
import type { SyncContext, SyncIdentity } from '../sync/source/sync-source.js';
import type { ContractCase } from './contract-case.js';

/** A record of the application, of a type that the contract does not know. */
type AppRecord = Readonly<Record<string, unknown>>;

/** A transaction of the application that has written one record and is still open. */
export interface OpenSyncTransaction {
  /** The application's id of the record. */
  readonly id: string | number;
  commit(): Promise<void>;
}

/** What an entity is put through {@link syncEntityContract} with. */
export interface SyncEntityFixtures {
  /**
   * Two records as Connec! has them, with a value for every field of the entity and different in all of them. For a field
   * that refers to another entity the value is the application's id.
   */
  readonly connec: readonly [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>];
  /** What sources get as `context.tenant`; a random text by default. */
  readonly tenant?: unknown;
  /** The database of a `table()`. */
  readonly executor?: SqlExecutor;
  /**
   * Begins a transaction that writes a new record. The contract then commits two of them in the other order. Without it,
   * as for a database that writes one transaction at a time, the case is left out.
   */
  readonly open?: () => Promise<OpenSyncTransaction>;
}

/** Records of a page in the contract, and pages at most. */
const [PAGE, MAX_PAGES] = [2, 10_000];

/**
 * What every entity must do, as cases for any test runner: no field changes its value on the way to the application and
 * back, a key creates one record, a version protects what it was read with, and changes are found, also those of a
 * transaction that commits later than another one that began after it.
 *
 * ```ts
 * for (const { name, run } of syncEntityContract(contacts, fixtures)) it(name, run);
 * ```
 */
export function syncEntityContract(
  entity: SyncEntity,
  fixtures: SyncEntityFixtures,
): readonly ContractCase[] {
  const cases = new EntityCases(entity, fixtures);
  return [
    { name: 'create and get: every field comes back as it was given', run: () => cases.roundTrip() },
    { name: 'update: one field changes, and nothing else does', run: () => cases.singleFields() },
    { name: 'create: a key makes one record, also when asked twice at once', run: () => cases.oneForAKey() },
    { name: 'find: the record of a key, and null for another', run: () => cases.find() },
    {
      name: 'update: only the version that was read, and null for what is not there',
      run: () => cases.versions(),
    },
    { name: 'get: what is not there is left out', run: () => cases.unknown() },
    { name: 'changes: everything in pages, and afterwards what changed', run: () => cases.changes() },
    ...(fixtures.open
      ? [{ name: 'changes: two transactions committed out of order', run: () => cases.commits() }]
      : []),
  ];
}

class EntityCases {
  readonly #context: SyncContext;

  constructor(
    private readonly entity: SyncEntity,
    private readonly fixtures: SyncEntityFixtures,
  ) {
    const { tenant = randomUUID(), executor = null } = fixtures;
    this.#context = {
      scope: { app: 'contract', marketplace: 'contract', group: String(tenant) },
      tenant,
      executor,
      signal: new AbortController().signal,
    };
  }

  async roundTrip(): Promise<void> {
    for (const index of [0, 1] as const) {
      const made = await this.#create(index);
      this.#shows(made, index, 'create()');
      const [read] = await this.#get(made);
      assert.ok(read, 'get() finds the record that create() made');
      this.#shows(read, index, 'get()');
    }
  }

  async singleFields(): Promise<void> {
    let record = await this.#create(0);
    const changed = new Set<string>();
    for (const rule of this.#writable()) {
      const { id, version } = this.#identity(record);
      const write = { ...this.#context, ifVersion: version };
      const updated = await this.entity.source.update(String(id), this.#data(1, [rule.name]), write);
      assert.ok(updated !== null && updated !== 'stale', `update() of "${rule.name}" finds its record`);
      assert.notDeepEqual(
        this.#identity(updated).version,
        version,
        `update() of "${rule.name}" moves the version`,
      );
      changed.add(rule.name);
      record = updated;
      for (const one of this.#writable())
        this.#shows(record, changed.has(one.name) ? 1 : 0, `update() of "${rule.name}"`, [one.name]);
    }
  }

  async oneForAKey(): Promise<void> {
    const key = randomUUID();
    const calls = [0, 1].map(() => this.#create(0, key).catch((error: unknown) => error as Error));
    const made = (await Promise.all(calls)).filter((one): one is AppRecord => !(one instanceof Error));
    const again = await this.#create(1, key);
    const ids = new Set([...made, again].map((record) => String(this.#identity(record).id)));
    assert.equal(ids.size, 1, 'create() with one key makes one record');
    assert.equal(this.#identity(again).key ?? key, key, 'identity() tells the key');
  }

  async find(): Promise<void> {
    const key = randomUUID();
    assert.equal(await this.entity.source.find(key, this.#context), null);
    const made = await this.#create(0, key);
    const found = await this.entity.source.find(key, this.#context);
    assert.ok(found, 'find() finds the record of its key');
    assert.equal(String(this.#identity(found).id), String(this.#identity(made).id));
  }

  async versions(): Promise<void> {
    const made = await this.#create(0);
    const { id, version } = this.#identity(made);
    const update = (ifVersion: SyncIdentity['version']): Promise<AppRecord | 'stale' | null> =>
      this.entity.source.update(String(id), this.#data(1), { ...this.#context, ifVersion });
    const first = await update(version);
    assert.ok(first !== null && first !== 'stale');
    const second = await update(version);
    assert.equal(second, 'stale', 'update() with the version before is "stale"');
    const [read] = await this.#get(first);
    this.#shows(read!, 1, 'the record after a stale update()');
    const gone = await this.entity.source.update(unknownId(id), this.#data(1), {
      ...this.#context,
      ifVersion: version,
    });
    assert.equal(gone, null, 'update() of a record that is not there is null');
  }

  async unknown(): Promise<void> {
    const made = await this.#create(0);
    const { id } = this.#identity(made);
    const found = await this.entity.source.get([unknownId(id), String(id)], this.#context);
    assert.deepEqual(
      found.map((record) => String(this.#identity(record).id)),
      [String(id)],
    );
    assert.deepEqual(await this.entity.source.get([], this.#context), []);
  }

  async changes(): Promise<void> {
    const made = [await this.#create(0), await this.#create(1), await this.#create(0)];
    const ids = made.map((record) => String(this.#identity(record).id));
    const all = await this.#changesAfter(null);
    for (const id of ids) assert.ok(all.ids.has(id), 'changes() without a cursor lists everything');
    const { id, version } = this.#identity(made[1]!);
    await this.entity.source.update(String(id), this.#data(0), { ...this.#context, ifVersion: version });
    const next = await this.#changesAfter(all.safeUntil);
    assert.ok(next.ids.has(String(id)), 'changes() lists a record that changed since');
    assert.ok((await this.#changesAfter(next.safeUntil)).safeUntil, 'changes() can be asked again');
  }

  /** The one that began first commits last: a source that only looks for greater numbers never sees it. */
  async commits(): Promise<void> {
    const { open } = this.fixtures;
    const before = await this.#changesAfter(null);
    const [first, second] = [await open!(), await open!()];
    await second.commit();
    const between = await this.#changesAfter(before.safeUntil);
    assert.ok(between.ids.has(String(second.id)), 'changes() lists what was committed');
    await first.commit();
    const after = await this.#changesAfter(between.safeUntil);
    assert.ok(
      after.ids.has(String(first.id)),
      'changes() loses a transaction that began before another one and committed after it: see `safeUntil`',
    );
  }

  /** All pages of a reading. */
  async #changesAfter(
    cursor: string | null,
  ): Promise<{ readonly ids: ReadonlySet<string>; readonly safeUntil: string }> {
    const ids = new Set<string>();
    for (let count = 0; count < MAX_PAGES; count += 1) {
      const page = await this.entity.source.changes({ cursor, limit: PAGE }, this.#context);
      for (const record of page.records) ids.add(String(this.#identity(record).id));
      if (!page.more) return { ids, safeUntil: page.safeUntil };
      cursor = page.cursor;
    }
    return assert.fail('changes() ends at some page');
  }

  #create(index: 0 | 1, key: string = randomUUID()): Promise<AppRecord> {
    return this.entity.source.create(this.#data(index), { ...this.#context, key });
  }

  #get(record: AppRecord): Promise<readonly AppRecord[]> {
    return this.entity.source.get([String(this.#identity(record).id)], this.#context);
  }

  #identity(record: AppRecord): SyncIdentity {
    const identity = this.entity.source.identity(record);
    assert.ok(
      identity.updatedAt instanceof Date && !Number.isNaN(identity.updatedAt.getTime()),
      'identity() tells when',
    );
    return identity;
  }

  #writable(): SyncEntity['rules'] {
    return this.entity.rules.filter(({ direction }) => mayGo(direction, 'app'));
  }

  /** The values of a fixture in the application's form. */
  #data(index: 0 | 1, only?: readonly string[]): AppRecord {
    const rules = this.#writable().filter(({ name }) => only?.includes(name) ?? true);
    return Object.fromEntries(
      rules.map((rule) => {
        const value = valueAt(this.fixtures.connec[index], rule.name) ?? null;
        return [rule.app, rule.refers === null && rule.toApp ? rule.toApp(value) : value];
      }),
    );
  }

  #shows(record: AppRecord, index: 0 | 1, where: string, only?: readonly string[]): void {
    for (const rule of this.#writable()) {
      if (only && !only.includes(rule.name)) continue;
      const given = valueAt(this.fixtures.connec[index], rule.name) ?? null;
      const held = record[rule.app];
      const back = rule.refers !== null ? text(held) : rule.toConnec ? rule.toConnec(held) : held;
      const same =
        rule.refers !== null ? text(given) === back : sameValue(given, back) || rule.equal?.(given, back);
      assert.ok(same, `"${rule.name}" of ${where} is ${canonical(back)} instead of ${canonical(given)}`);
    }
  }
}

function text(id: unknown): string | null {
  if (id === null || id === undefined) return null;
  return typeof id === 'string' ? id : JSON.stringify(id);
}

/** An id of the same kind that no record has. */
function unknownId(id: SyncIdentity['id']): string {
  return /^\d+$/.test(String(id)) ? '987654321' : randomUUID();
}
