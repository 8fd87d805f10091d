import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { SyncEntity } from '../../../src/sync/fields/entity-definition.js';
import { syncEntity } from '../../../src/sync/fields/sync-entity.js';
import { composed } from '../../../src/sync/source/composed.js';
import { SyncRejected } from '../../../src/sync/source/sync-source.error.js';
import { EngineBench } from '../../support/sync/engine-bench.js';
import type { ConnecItem, Product, Variant } from '../../support/sync/item-history.js';
import { MemorySource, type Row } from '../../support/sync/memory-source.js';

type Item = Variant & Product & Row;

const FIELDS = { name: 'title', status: 'state', code: 'sku', price: 'price' } as const;

/** One item of Connec!, a product and a variant of the application. */
describe('a record composed of two of the application', () => {
  let bench: EngineBench;
  let products: MemorySource<Product>;
  let variants: MemorySource<Variant>;

  const entityOf = (spec: { shared?: boolean; named?: readonly ('name' | 'status')[] } = {}): SyncEntity => {
    const items = composed(variants, {
      source: products,
      by: 'productId',
      properties: ['title', 'state'],
      shared: spec.shared ?? false,
      holders: async (ids) => variants.list.filter(({ productId }) => ids.includes(productId ?? 0)),
    });
    return syncEntity<Item, 'items', ConnecItem>('items', items, {
      fields: FIELDS,
      ...(spec.named ? { shared: spec.named } : {}),
    });
  };

  beforeEach(() => {
    bench = new EngineBench();
    products = new MemorySource<Product>({ title: '', state: 'ACTIVE' });
    variants = new MemorySource<Variant>({ sku: '', price: null, productId: null });
    bench.entities = [entityOf()];
  });
  afterEach(() => bench.close());

  const made = (title: string, sku: string): Variant & Row =>
    variants.add({ sku, price: 5, productId: products.add({ title }).id });
  const there = (code: string): ConnecItem | undefined => bench.connec.by('code', code)?.record;
  const items = (): readonly string[] =>
    variants.list
      .map(({ sku, price, productId }) => `${products.rows.get(productId ?? 0)?.title} ${sku} ${price}`)
      .toSorted();
  const itemsThere = (): readonly string[] =>
    [...bench.connec.records.values()]
      .map(({ record }) => `${String(record.name)} ${String(record.code)} ${String(record.price)}`)
      .toSorted();

  it('is created on either side, and one record at Connec!', async () => {
    made('Lamp', 'L-1');
    bench.connec.add({ name: 'Chair', code: 'C-1', price: 9, status: 'ACTIVE' }, { resource: 'items' });
    await bench.runs(3);
    expect(items()).toEqual(['Chair C-1 9', 'Lamp L-1 5']);
    expect(itemsThere()).toEqual(items());
    expect(products.list).toHaveLength(2);
    expect(there('L-1')).toEqual({ name: 'Lamp', status: 'ACTIVE', code: 'L-1', price: 5 });
  });

  it('asks each of the two for its own properties', async () => {
    const asked: unknown[] = [];
    for (const source of [products, variants])
      Object.assign(source, {
        check: async (properties: object) => asked.push(Object.keys(properties).toSorted()),
      });
    await bench.run();
    expect(asked).toHaveLength(2);
    expect(asked[0]).toContain('title');
    expect(asked[1]).toEqual(expect.arrayContaining(['productId', 'sku']));
    expect(asked[1]).not.toContain('title');
  });

  it('takes edits of either record, on either side, and writes nothing else', async () => {
    made('Lamp', 'L-1');
    await bench.runs(2);
    const [product] = products.list;
    products.edit(product!.id, { title: 'Big lamp' });
    bench.connec.edit(bench.connec.by('code', 'L-1')!.id, { price: 6 });
    await bench.runs(2);
    expect(items()).toEqual(['Big lamp L-1 6']);
    expect(itemsThere()).toEqual(items());
    expect(products.writes).toEqual([]);
    bench.connec.edit(bench.connec.by('code', 'L-1')!.id, { name: 'Small lamp', code: 'L-2' });
    await bench.runs(2);
    expect(items()).toEqual(['Small lamp L-2 6']);
    const { writes } = bench;
    await bench.runs(3);
    expect(bench.writes).toBe(writes);
  });

  it('is completed where its creation broke off in the middle', async () => {
    bench.connec.add({ name: 'Chair', code: 'C-1', price: 9, status: 'ACTIVE' }, { resource: 'items' });
    variants.before = () => {
      variants.before = null;
      throw new Error('gone in the middle');
    };
    await bench.run();
    expect([products.list.length, variants.list.length]).toEqual([1, 0]);
    await bench.run({}, 600);
    await bench.runs(2);
    expect(items()).toEqual(['Chair C-1 9']);
    expect(products.list).toHaveLength(1);
    expect(itemsThere()).toEqual(items());
  });

  it('is completed as it is by then where its creation broke off and somebody edited it', async () => {
    const { id } = bench.connec.add(
      { name: 'Chair', code: 'C-1', price: 9, status: 'ACTIVE' },
      { resource: 'items' },
    );
    variants.before = () => {
      variants.before = null;
      throw new Error('gone in the middle');
    };
    await bench.run();
    bench.connec.edit(id, { name: 'Armchair' });
    await bench.run({}, 600);
    await bench.runs(2);
    expect(items()).toEqual(['Armchair C-1 9']);
    expect(itemsThere()).toEqual(items());
    expect(products.list).toHaveLength(1);
  });

  it('keeps what a person edits while only its first record was written', async () => {
    made('Lamp', 'L-1');
    await bench.runs(2);
    const { id } = bench.connec.by('code', 'L-1')!;
    bench.connec.edit(id, { name: 'Of Connec!', price: 7 });
    variants.before = () => {
      variants.before = null;
      throw new Error('gone in the middle');
    };
    await bench.run();
    products.edit(1, { title: 'Of the application' });
    await bench.run({}, 600);
    await bench.runs(2);
    expect(items()).toEqual(['Of the application L-1 7']);
    expect(itemsThere()).toEqual(items());
  });

  it('says of a version that moved, and of a rejection, what a single record says', async () => {
    made('Lamp', 'L-1');
    await bench.runs(2);
    const { id } = bench.connec.by('code', 'L-1')!;
    bench.connec.edit(id, { price: 7 });
    variants.before = () => {
      variants.before = null;
      variants.edit(1, { sku: 'L-9' });
    };
    expect((await bench.run()).counters.unknown).toBe(0);
    await bench.run();
    expect(items()).toEqual(['Lamp L-9 7']);
    expect(itemsThere()).toEqual(items());
    variants.before = () => {
      throw new SyncRejected('no such price', 'price');
    };
    bench.connec.edit(id, { price: -1 });
    await bench.run();
    expect(await bench.operations.quarantine.list('items')).toMatchObject([
      { code: 'sync.rejectedByApp', fields: ['price'] },
    ]);
  });

  it('sends the fields of a part that several records share, and never takes one record for the other', async () => {
    expect(() => entityOf({ shared: true })).toThrow('name "name" in "shared"');
    bench.entities = [entityOf({ shared: true, named: ['name', 'status'] })];
    const { productId } = made('Lamp', 'L-1');
    variants.add({ sku: 'L-2', price: 8, productId });
    await bench.runs(2);
    expect(itemsThere()).toEqual(['Lamp L-1 5', 'Lamp L-2 8']);
    bench.connec.edit(bench.connec.by('code', 'L-1')!.id, { name: 'Edited there', price: 6 });
    await bench.runs(2);
    expect(items()).toEqual(['Lamp L-1 6', 'Lamp L-2 8']);
    expect(there('L-2')?.name).toBe('Lamp');
    products.edit(productId!, { title: 'Torch' });
    await bench.runs(2);
    expect(itemsThere()).toEqual(['Torch L-1 6', 'Torch L-2 8']);
  });

  it('ends the same, with every edit in it, whichever call of either source fails', async () => {
    for (let at = 1; at <= 40; at += 1) {
      for (const when of ['before', 'behind'] as const) {
        bench.close();
        bench = new EngineBench();
        products = new MemorySource<Product>({ title: '', state: 'ACTIVE' });
        variants = new MemorySource<Variant>({ sku: '', price: null, productId: null });
        bench.entities = [entityOf()];
        made('Lamp', 'L-1');
        await bench.runs(2);
        failing(at, when, products, variants);
        bench.connec.add({ name: 'Chair', code: 'C-1', price: 9, status: 'ACTIVE' }, { resource: 'items' });
        made('Table', 'T-1');
        products.edit(1, { title: 'Big lamp' });
        bench.connec.edit(bench.connec.by('code', 'L-1')!.id, { price: 6 });
        for (let count = 0; count < 4; count += 1) await bench.run({}, 600);
        const wanted = ['Big lamp L-1 6', 'Chair C-1 9', 'Table T-1 5'];
        expect({ at, when, items: items(), there: itemsThere() }).toEqual({
          at,
          when,
          items: wanted,
          there: wanted,
        });
        expect(products.list).toHaveLength(3);
      }
    }
  });
});

/** One call of the sources fails, before or behind its effect. */
function failing(at: number, when: 'before' | 'behind', ...sources: readonly object[]): void {
  let calls = 0;
  for (const source of sources) {
    for (const name of ['changes', 'get', 'find', 'create', 'update']) {
      const method = Reflect.get(source, name) as (...args: unknown[]) => Promise<unknown>;
      Reflect.set(source, name, async (...args: unknown[]) => {
        calls += 1;
        const fails = calls === at;
        if (fails && when === 'before') throw new Error('before');
        const result = await Reflect.apply(method, source, args);
        if (fails) throw new Error('behind');
        return result;
      });
    }
  }
}
