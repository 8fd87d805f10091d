import { FULL_RUN, type GroupSides, SyncEngine, type SyncRunResult } from '../src/sync/engine/sync-engine.js';
import { SYNC_DEFAULTS } from '../src/sync/engine/sync-settings.js';
import { syncEntity } from '../src/sync/fields/sync-entity.js';
import type { SyncStore } from '../src/sync/store/sync-store.js';
import { defineBench, type ProbeValue } from './harness.js';
import { naiveSync } from './naive-sync.js';
import { openStore } from './sync-bench-store.js';
import { BenchContacts } from './sync-contacts.js';
import { inWorld, later, OPEN, type World } from './sync-world.js';

/** CPU milliseconds of some work in this process. */
async function cpu(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** A company with so many contacts in the application, and its engine. */
class Company {
  readonly contacts = new BenchContacts();
  readonly #engine: SyncEngine;
  readonly #sides: GroupSides;

  constructor(world: World, store: SyncStore, group: string) {
    const entity = syncEntity('people', this.contacts, {
      fields: { first_name: 'firstName', last_name: 'lastName' },
    });
    this.#engine = new SyncEngine(store, [entity], {
      ...SYNC_DEFAULTS,
      firstRun: 'apply',
      restMs: 0,
      brake: OPEN,
    });
    this.#sides = world.sides(group);
  }

  fill(count: number): void {
    for (let n = 0; n < count; n += 1)
      this.contacts.add({ firstName: `Jo ${n}`, lastName: `Doe the ${n}th` });
  }

  /** Every contact from one on to another, changed in the application. */
  edit(from: number, count: number, mark: string): void {
    for (let id = from; id < from + count; id += 1) this.contacts.edit(id, { firstName: `Jo ${mark} ${id}` });
  }

  /** Two more runs: what was written comes back once and is compared, and once more while changes may still come late. */
  async settle(): Promise<void> {
    for (let count = 0; count < 2; count += 1) {
      later();
      await this.run();
    }
    later();
  }

  async run(full = false): Promise<SyncRunResult> {
    const result = await this.#engine.run(this.#sides, { ...FULL_RUN, full });
    if (result.status !== 'done') throw new Error(`The run is ${result.status}: ${String(result.errors[0])}`);
    return result;
  }
}

/** How often a hundredth of the records changes: the first time is that of the compiler. */
const ROUNDS = 5;

/** The naive loop for as many contacts, in CPU milliseconds: the first time, and with a hundredth of them changed. */
async function naive(
  world: World,
  group: string,
  count: number,
): Promise<{ readonly initial: number; readonly some: number }> {
  const contacts = new BenchContacts();
  for (let n = 0; n < count; n += 1) contacts.add({ firstName: `Jo ${n}`, lastName: `Doe the ${n}th` });
  const initial = await cpu(() => naiveSync(world.plain, group, contacts));
  let some = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let id = 1; id <= count / 100; id += 1) contacts.edit(id, { firstName: `Jo ${round} ${id}` });
    some += await cpu(() => naiveSync(world.plain, group, contacts));
  }
  return { initial, some };
}

async function ours(world: World, group: string, count: number) {
  const { store, statements } = await openStore();
  const company = new Company(world, store, group);
  company.fill(count);
  let first: SyncRunResult | null = null;
  const initial = await cpu(async () => (first = await company.run()));
  const sent = statements();
  await company.settle();
  let some = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    company.edit(1, Math.ceil(count / 100), `again ${round}`);
    some += await cpu(() => company.run());
    await company.settle();
  }
  const { records } = await world.control({ group });
  if (records !== count) throw new Error(`${records} records instead of ${count}: ${JSON.stringify(first)}`);
  return { initial, some, statements: sent === null ? null : sent / count };
}

/** Everything changed on both sides: last names at Connec!, first names in the application. CPU milliseconds. */
async function bothChanged(world: World, group: string, count: number): Promise<number> {
  const { store } = await openStore();
  const company = new Company(world, store, group);
  company.fill(count);
  await company.run();
  await world.control({ group, edit: count });
  company.edit(1, count, 'too');
  return cpu(() => company.run());
}

async function atRest(world: World, count: number): Promise<Record<string, ProbeValue>> {
  const { store } = await openStore();
  const company = new Company(world, store, 'rest');
  company.fill(count);
  await company.run();
  await company.settle();
  await world.control({ group: 'rest' });
  const nothing = await cpu(() => company.run());
  const { requests } = await world.control({ group: 'rest' });
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  const watch = setInterval(() => {
    globalThis.gc?.();
    most = Math.max(most, process.memoryUsage().heapUsed - before);
  }, 500);
  await company.run(true);
  clearInterval(watch);
  const { writes } = await world.control({ group: 'rest' });
  return {
    [`nothing changed, ${count} links: requests`]: { value: requests, unit: '', goal: { atMost: 5 } },
    [`nothing changed, ${count} links: CPU`]: { value: nothing, unit: 'ms', goal: { atMost: 50 } },
    [`a full pass, ${count} links: writes`]: { value: writes, unit: '', goal: { atMost: 0 } },
    [`a full pass, ${count} links: heap beyond the start`]: {
      value: most / 1_048_576,
      unit: 'MiB',
      goal: { atMost: 64 },
    },
  };
}

export default defineBench(
  {
    name: 'synchronization against a naive loop (CPU of the application; Connec! in a process of its own)',
    probe: ({ short }) =>
      inWorld(async (world) => {
        const count = short ? 200 : 10_000;
        const loop = await naive(world, 'naive', count);
        const engine = await ours(world, 'ours', count);
        return {
          [`initial, ${count} records: speed`]: {
            value: loop.initial / engine.initial,
            unit: 'x',
            goal: { atLeast: 5 },
          },
          [`initial, ${count} records: in a CPU second`]: {
            value: (count / engine.initial) * 1_000,
            unit: '',
            goal: { atLeast: 3_500 },
          },
          ...(engine.statements === null
            ? {}
            : {
                [`initial, ${count} records: statements a record`]: {
                  value: engine.statements,
                  unit: '',
                  goal: { atMost: 2.5 },
                },
              }),
          [`1 % of ${count} changed: speed`]: {
            value: loop.some / engine.some,
            unit: 'x',
            goal: { atLeast: 10 },
          },
        };
      }),
  },
  {
    name: 'synchronization with everything changed on both sides',
    probe: ({ short }) =>
      inWorld(async (world) => {
        const count = short ? 100 : 10_000;
        const one = await bothChanged(world, 'one', count);
        const two = await bothChanged(world, 'two', 2 * count);
        return {
          [`${2 * count} records over ${count}`]: { value: two / one, unit: 'x', goal: { atMost: 2.2 } },
          'in a CPU second': { value: ((2 * count) / two) * 1_000, unit: '' },
        };
      }),
  },
  {
    name: 'synchronization at rest',
    probe: ({ short }) => inWorld((world) => atRest(world, short ? 300 : 100_000)),
  },
);
