import type { ExternalId } from '../../../src/connec/client/external-ids.js';
import { syncEntity } from '../../../src/sync/fields/sync-entity.js';
import { isKnownGroup } from '../../../src/sync/known-group.js';
import { SyncRejected } from '../../../src/sync/source/sync-source.error.js';
import type { SyncContext, SyncIdentity, SyncWrite } from '../../../src/sync/source/sync-source.js';
import { SyncOperations } from '../../../src/sync/sync-operations.js';
import { EngineBench } from './engine-bench.js';
import { MemorySource, type Row } from './memory-source.js';
import { generator } from './world.js';

interface Line {
  readonly id?: string;
  readonly code: string;
  readonly text: string | null;
  readonly quantity: number | null;
}

interface Invoice {
  readonly title: string;
  readonly companyId: number | string | null;
  readonly lines: readonly Line[];
}

interface ConnecLine {
  readonly id?: readonly ExternalId[];
  readonly code?: string | null;
  readonly description?: string | null;
  readonly quantity?: number | null;
}

interface ConnecInvoice {
  readonly title?: string | null;
  readonly organization_id?: string | null;
  readonly lines?: readonly ConnecLine[];
}

/** A table of invoices that gives ids to new lines. */
class Invoices extends MemorySource<Invoice> {
  #lines = 0;

  override create(data: Partial<Invoice & Row>, write: SyncWrite): Promise<Invoice & Row> {
    return super.create(this.#withIds(data), write);
  }

  override update(
    id: string,
    changes: Partial<Invoice & Row>,
    write: SyncContext & { readonly ifVersion: SyncIdentity['version'] },
  ): Promise<(Invoice & Row) | 'stale' | null> {
    return super.update(id, this.#withIds(changes), write);
  }

  newId(): string {
    return `a${(this.#lines += 1)}`;
  }

  #withIds(data: Partial<Invoice & Row>): Partial<Invoice & Row> {
    if (!data.lines) return data;
    return { ...data, lines: data.lines.map((line) => ({ ...line, id: line.id ?? this.newId() })) };
  }
}

/** What a line is to be in the end. */
interface Wanted {
  text: string | null;
  quantity: number | null;
  /** Which side changed it since both were the same: the other one leaves it alone, since a line is decided as one. */
  by: 'app' | 'connec' | null;
}

/**
 * Random users of invoices with lines that refer to companies, with responses that get lost and companies that are rejected
 * at first: each line changed on one side at a time, so that there is one right end. Resolves with what is wrong in it.
 */
export async function lineHistory(seed: number): Promise<readonly string[]> {
  const bench = new EngineBench();
  const random = generator(seed);
  const chance = (probability: number): boolean => random() < probability;
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const invoices = new Invoices({ title: '', companyId: null, lines: [] });
  const companies = new MemorySource<{ readonly name: string }>({ name: '' });
  bench.entities = [
    syncEntity<Invoice, 'invoices', ConnecInvoice>('invoices', invoices, {
      fields: {
        title: 'title',
        organization_id: { app: 'companyId', refers: 'organizations' },
        lines: {
          app: 'lines',
          key: 'id',
          match: ['code'],
          fields: { code: 'code', description: 'text', quantity: 'quantity' },
        },
      },
    }),
    syncEntity<{ readonly name: string }, 'organizations', { readonly name?: string | null }>(
      'organizations',
      companies,
      { fields: { name: 'name' } },
    ),
  ];
  /** By title of the invoice, then by code of the line. */
  const wanted = new Map<string, Map<string, Wanted>>();
  const company = new Map<string, string>();
  let faults = true;
  bench.connec.fault = () => {
    if (!faults) return null;
    if (chance(0.1)) return 'applied, and nobody knows';
    return chance(0.05) ? { kind: 'unknown' } : null;
  };
  companies.before = () => {
    if (faults && chance(0.4)) throw new SyncRejected('not yet');
  };
  invoices.after = companies.after = () => {
    if (faults && chance(0.1)) throw new Error('the response got lost');
  };

  const remote = (title: string): ConnecInvoice & { readonly key: string } => {
    const { id, record } = bench.connec.by('title', title)!;
    return { ...(record as ConnecInvoice), key: id };
  };
  let count = 0;
  const name = (what: string): string => `${what}${(count += 1)}`;
  const line = (by: Wanted['by']): [string, Wanted] => [
    name('code'),
    { text: name('text'), quantity: count, by },
  ];

  const make = (): void => {
    const title = name('invoice');
    const owner = name('company');
    const lines = [line('app'), line('app')].slice(0, chance(0.5) ? 1 : 2);
    wanted.set(title, new Map(lines));
    company.set(title, owner);
    if (chance(0.5)) {
      const { id } = companies.add({ name: owner });
      const rows = lines.map(([code, { text, quantity }]) => ({
        id: invoices.newId(),
        code,
        text,
        quantity,
      }));
      invoices.add({ title, companyId: id, lines: rows });
    } else {
      for (const [, one] of lines) one.by = 'connec';
      const { id } = bench.connec.add({ name: owner }, { resource: 'organizations' });
      const rows = lines.map(([code, { text, quantity }]) => ({ code, description: text, quantity }));
      bench.connec.add({ title, organization_id: id, lines: rows }, { resource: 'invoices' });
    }
  };
  const editInApp = (): void => {
    const row = pick(invoices.list);
    if (!row) return;
    const lines = wanted.get(row.title)!;
    const free = row.lines.filter(({ code }) => lines.get(code)?.by !== 'connec');
    const one = pick(free);
    const roll = random();
    if (roll < 0.3) {
      const [code, added] = line('app');
      lines.set(code, added);
      const { text, quantity } = added;
      invoices.edit(row.id, { lines: [{ id: invoices.newId(), code, text, quantity }, ...row.lines] });
    } else if (roll < 0.45 && one) {
      lines.delete(one.code);
      invoices.edit(row.id, { lines: row.lines.filter(({ code }) => code !== one.code) });
    } else if (one) {
      const text = name('text');
      Object.assign(lines.get(one.code)!, { text, by: 'app' });
      const edited = row.lines.map((each) => (each.code === one.code ? { ...each, text } : each));
      invoices.edit(row.id, { lines: edited.toReversed() });
    }
  };
  const editAtConnec = (): void => {
    const title = pick([...wanted.keys()].filter((one) => bench.connec.by('title', one) !== undefined));
    if (title === undefined) return;
    const lines = wanted.get(title)!;
    const { key, lines: there = [] } = remote(title);
    const one = pick(there.filter(({ code }) => code && lines.get(code)?.by !== 'app' && lines.has(code)));
    if (!one) return;
    if (chance(0.3)) {
      const [code, added] = line('connec');
      lines.set(code, added);
      const row = { code, description: added.text, quantity: added.quantity };
      bench.connec.edit(key, { lines: [...there, row] });
    } else {
      const quantity = (count += 1);
      Object.assign(lines.get(one.code!)!, { quantity, by: 'connec' });
      bench.connec.edit(key, { lines: there.map((each) => (each === one ? { ...each, quantity } : each)) });
    }
  };
  const settled = async (): Promise<void> => {
    faults = false;
    for (let runs = 0; runs < 3; runs += 1) {
      const operations = new SyncOperations(bench.store, bench.engine, bench.sides);
      const isKnown = await isKnownGroup(bench.store, bench.scope, bench.engine.names);
      for (const { app, connec } of isKnown ? await operations.quarantine.list('organizations') : []) {
        await operations.quarantine.retry({
          entity: 'organizations',
          ...(app === null ? { connec: connec! } : { app }),
        });
      }
      await bench.run({}, 3_700);
    }
    for (const lines of wanted.values()) for (const one of lines.values()) one.by = null;
    faults = true;
  };

  try {
    make();
    for (let step = 0; step < 12; step += 1) {
      const roll = random();
      if (roll < 0.25) make();
      else if (roll < 0.65) editInApp();
      else editAtConnec();
      if (chance(0.6)) await bench.run({}, 200);
      if (chance(0.2)) await settled();
    }
    await settled();
    const { writes } = bench.connec;
    const before = writes.length + invoices.writes.length;
    await bench.run({}, 200);
    const restless = writes.length + invoices.writes.length === before ? [] : ['restless'];
    return [...restless, ...[...wanted].flatMap(([title, lines]) => wrongIn(title, lines))];
  } finally {
    bench.close();
  }

  function wrongIn(title: string, lines: ReadonlyMap<string, Wanted>): readonly string[] {
    const rows = invoices.list.filter((row) => row.title === title);
    const records = [...bench.connec.records.values()].filter(({ record }) => record.title === title);
    if (rows.length !== 1 || records.length !== 1) return [`${title}: ${rows.length} and ${records.length}`];
    const there = remote(title);
    const app = rows[0]!.lines.map(({ code, text, quantity }) => [code, text, quantity]);
    const connec = (there.lines ?? []).map(({ code, description, quantity }) => [
      code,
      description,
      quantity,
    ]);
    const right = [...lines].map(([code, { text, quantity }]) => [code, text, quantity]);
    const shown = (list: readonly (readonly unknown[])[]): string =>
      JSON.stringify(list.map((one) => JSON.stringify(one)).toSorted());
    const owner = companies.list.find(({ id }) => String(id) === String(rows[0]!.companyId))?.name;
    const organization = bench.connec.records.get(String(there.organization_id))?.record.name;
    return [
      ...(shown(app) === shown(right)
        ? []
        : [`${title} in the application: ${shown(app)}, not ${shown(right)}`]),
      ...(shown(connec) === shown(right)
        ? []
        : [`${title} at Connec!: ${shown(connec)}, not ${shown(right)}`]),
      ...(owner === company.get(title) && organization === owner
        ? []
        : [`${title} belongs to ${owner} and ${String(organization)}`]),
    ];
  }
}
