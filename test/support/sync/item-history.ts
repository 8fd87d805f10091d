import type { ConnecRecords } from '../../../src/sync/connec/connec-records.js';
import { syncEntity } from '../../../src/sync/fields/sync-entity.js';
import { composed } from '../../../src/sync/source/composed.js';
import { EngineBench } from './engine-bench.js';
import { MemoryConnec } from './memory-connec.js';
import { MemorySource, type Row } from './memory-source.js';
import { generator } from './world.js';

/** A product of the application: half of an item. */
export interface Product {
  readonly title: string;
  readonly state: string;
}

/** Its other half. */
export interface Variant {
  readonly sku: string;
  readonly price: number | null;
  readonly productId: number | null;
}

/** An item of Connec!, of the fields that are synchronized. */
export interface ConnecItem {
  readonly name?: string | null;
  readonly status?: string | null;
  readonly code?: string | null;
  readonly price?: number | null;
}

/** A platform with items, and users that edit them there. */
export interface ItemPlatform {
  /** As the engine sees it. */
  readonly records: ConnecRecords;
  list(): readonly (ConnecItem & { readonly key: string })[];
  add(item: ConnecItem): void;
  edit(key: string, changes: ConnecItem): void;
  /** Before each run: whether requests may fail in it. */
  prepare(faults: boolean, random: () => number): void;
}

/** Items in memory. */
export function memoryItems(): ItemPlatform {
  const connec = new MemoryConnec();
  return {
    records: connec,
    list: () =>
      [...connec.records.values()].map(({ id, record }) => ({ ...(record as ConnecItem), key: id })),
    add: (item) => void connec.add({ ...item }, { resource: 'items' }),
    edit: (key, changes) => void connec.edit(key, { ...changes }),
    prepare: (faults, random) => {
      connec.fault = () => {
        if (!faults) return null;
        if (random() < 0.1) return 'applied, and nobody knows';
        return random() < 0.05 ? { kind: 'unknown' } : null;
      };
    },
  };
}

const FIELDS = ['name', 'status', 'price'] as const;
type Field = (typeof FIELDS)[number];

/** What an item is to be in the end. */
type Wanted = Record<Field, { value: string | number; by: 'app' | 'connec' | null }>;

/**
 * Random users of items that are a product and a variant in the application, with responses that get lost and writes that break
 * off between the two, or that a user comes between: each field is changed on one side at a time, or by somebody who saw what
 * the other side wrote, so that there is one right end. Half of the histories have the rule that Connec! wins: it must never be
 * asked. Resolves with what is wrong in it.
 */
export async function itemHistory(seed: number, platform: ItemPlatform): Promise<readonly string[]> {
  const bench = new EngineBench();
  const random = generator(seed);
  const chance = (probability: number): boolean => random() < probability;
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const products = new MemorySource<Product>({ title: '', state: 'ACTIVE' });
  const variants = new MemorySource<Variant>({ sku: '', price: null, productId: null });
  const items = composed(variants, {
    source: products,
    by: 'productId',
    properties: ['title', 'state'],
    holders: async (ids) => variants.list.filter(({ productId }) => ids.includes(productId ?? 0)),
  });
  bench.platform = platform.records;
  bench.entities = [
    syncEntity<Variant & Product & Row, 'items', ConnecItem>('items', items, {
      fields: { name: 'title', status: 'state', code: 'sku', price: 'price' },
      conflict: chance(0.5) ? 'newest' : 'connec',
    }),
  ];
  let faults = true;
  for (const table of [products, variants]) {
    table.before = () => {
      if (faults && chance(0.1)) throw new Error('gone in the middle');
      if (faults && chance(0.1)) edit('app');
    };
    table.after = () => {
      if (faults && chance(0.1)) throw new Error('the response got lost');
    };
  }

  /** The product that was written last, until its variant is. */
  let half: number | null = null;
  const { after, before } = products;
  products.before = (what, data) => {
    half = null;
    before?.(what, data);
  };
  products.after = (what, row) => {
    half = row.id;
    after?.(what, row);
  };
  variants.before = (what) => {
    before?.(what, {});
    const row = variants.list.find(({ productId }) => productId === half);
    half = null;
    if (!faults || !row || chance(0.5)) return;
    // Between the two writes a user edits what is written already, or saves the other half as it is.
    edit('app', row.sku);
    if (chance(0.7)) variants.edit(row.id, {});
  };

  /** By code. */
  const wanted = new Map<string, Wanted>();
  let count = 0;
  const valueOf = (field: Field): string | number => {
    count += 1;
    if (field === 'price') return count;
    return `${field}${count}`;
  };
  const run = (seconds: number): Promise<unknown> => {
    platform.prepare(faults, random);
    return bench.run({}, seconds);
  };

  const make = (): void => {
    const by = chance(0.5) ? 'app' : 'connec';
    const code = `code${(count += 1)}`;
    const values = Object.fromEntries(FIELDS.map((field) => [field, { value: valueOf(field), by }]));
    wanted.set(code, values as Wanted);
    const [name, status, price] = FIELDS.map((field) => values[field]!.value) as [string, string, number];
    if (by === 'connec') platform.add({ name, status, code, price });
    else variants.add({ sku: code, price, productId: products.add({ title: name, state: status }).id });
  };
  /** What a side shows of an item. */
  const shownBy = (by: 'app' | 'connec', code: string, field: Field): unknown => {
    if (by === 'connec') return platform.list().find((item) => item.code === code)?.[field];
    const { price, productId } = variants.list.find(({ sku }) => sku === code)!;
    const { title, state } = products.rows.get(productId ?? 0)!;
    return { name: title, status: state, price }[field];
  };
  const edit = (by: 'app' | 'connec' = chance(0.5) ? 'app' : 'connec', named?: string): void => {
    const there =
      by === 'app' ? variants.list.map(({ sku }) => sku) : platform.list().map((one) => one.code!);
    const code = named ?? pick(there);
    const field = pick(FIELDS)!;
    if (code === undefined) return;
    const one = wanted.get(code)![field];
    // Who sees the other side's value writes after it.
    if (one.by !== null && one.by !== by && shownBy(by, code, field) !== one.value) return;
    const value = valueOf(field);
    Object.assign(one, { value, by });
    const row = variants.list.find(({ sku }) => sku === code);
    if (by === 'connec')
      platform.edit(platform.list().find((item) => item.code === code)!.key, { [field]: value });
    else if (field === 'price') variants.edit(row!.id, { price: value as number });
    else products.edit(row!.productId!, { [field === 'name' ? 'title' : 'state']: value });
  };
  const settled = async (): Promise<void> => {
    faults = false;
    for (let runs = 0; runs < 3; runs += 1) await run(3_700);
    for (const item of wanted.values()) for (const field of FIELDS) item[field].by = null;
    faults = true;
  };

  try {
    for (let one = 0; one < 3; one += 1) make();
    for (let step = 0; step < 16; step += 1) {
      if (chance(0.2)) make();
      else edit();
      if (chance(0.3)) edit();
      if (chance(0.6)) await run(200);
      if (chance(0.15)) await settled();
    }
    await settled();
    const shown = (): string => JSON.stringify([platform.list(), variants.list, products.list]);
    const before = shown();
    await run(200);
    return [...(shown() === before ? [] : ['restless']), ...wrong()];
  } finally {
    bench.close();
  }

  function wrong(): readonly string[] {
    const line = (code: unknown, ...values: readonly unknown[]): string =>
      [code, ...values].map(String).join(' ');
    const right = [...wanted].map(([code, { name, status, price }]) =>
      line(code, name.value, status.value, price.value),
    );
    const app = variants.list.map(({ sku, price, productId }) => {
      const { title, state } = products.rows.get(productId ?? 0) ?? {};
      return line(sku, title, state, price);
    });
    const connec = platform.list().map(({ code, name, status, price }) => line(code, name, status, price));
    const texts = [right, app, connec].map((lines) => lines.toSorted().join(', '));
    const count_ = products.list.length === wanted.size ? [] : [`${products.list.length} products`];
    return [
      ...count_,
      ...(texts[1] === texts[0] ? [] : [`in the application: ${texts[1]}, not ${texts[0]}`]),
      ...(texts[2] === texts[0] ? [] : [`at Connec!: ${texts[2]}, not ${texts[0]}`]),
    ];
  }
}
