import { setImmediate as turn } from 'node:timers/promises';

import {
  MaestranoStore,
  type StoreCall,
  type StorePage,
  type StoreWrite,
} from '../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../src/stores/memory-store.js';

/** What may happen to a process of a history. */
export interface Process {
  readonly name: string;
  /** The work; it waits for `step` before everything that others can see, and for its store. */
  run(step: () => Promise<void>, store: MaestranoStore): Promise<void>;
}

/** One system to try: its processes over one store, and what must hold in the end. */
export interface System {
  readonly processes: readonly Process[];
  readonly store?: MaestranoStore;
  /** Whether processes may die, each at any step; at most so many of them. */
  readonly deaths?: number;
  /** Throws where what happened must not. */
  check(dead: ReadonlySet<string>): void;
}

/** What a search looked at. */
export interface Searched {
  readonly histories: number;
  readonly steps: number;
  /** Whether every order was tried. */
  readonly exhaustive: boolean;
}

/**
 * Runs a system in every order in which its processes can take their steps, with every death at every step: the real
 * classes over a real store, whose calls wait until the search lets them through.
 *
 * @param most histories after which the search stops; it then is not exhaustive.
 * @param random picks orders at random instead, `most` of them.
 */
export async function search(
  make: () => System,
  { most, random }: { readonly most: number; readonly random?: () => number },
): Promise<Searched> {
  let choices: number[] = [];
  let histories = 0;
  let steps = 0;
  for (;;) {
    const taken = await runOnce(make(), (depth, of) => {
      if (random) return Math.floor(random() * of);
      return choices[depth] ?? 0;
    });
    histories += 1;
    steps += taken.length;
    if (histories >= most) return { histories, steps, exhaustive: false };
    if (random) continue;
    // The last choice that has another way, taken there.
    while (taken.length > 0 && taken.at(-1)!.choice + 1 >= taken.at(-1)!.of) taken.pop();
    if (taken.length === 0) return { histories, steps, exhaustive: true };
    choices = taken.map(({ choice }, depth) => (depth === taken.length - 1 ? choice + 1 : choice));
  }
}

interface Taken {
  readonly choice: number;
  readonly of: number;
}

/** A process as the search sees it: waiting for its next step, or over. */
interface Running {
  readonly name: string;
  waiting: (() => void) | null;
  isOver: boolean;
}

async function runOnce(system: System, choose: (depth: number, of: number) => number): Promise<Taken[]> {
  const base = system.store ?? new MemoryStore();
  const dead = new Set<string>();
  const failures: unknown[] = [];
  const running = system.processes.map((process): Running => {
    const state: Running = { name: process.name, waiting: null, isOver: false };
    const step = (): Promise<void> =>
      new Promise((resolve) => {
        state.waiting = resolve;
      });
    process
      .run(step, new SteppedStore(base, step))
      .catch((error: unknown) => failures.push(error))
      .finally(() => (state.isOver = true));
    return state;
  });
  const taken: Taken[] = [];
  for (;;) {
    await turn();
    const alive = running.filter(({ isOver, name }) => !isOver && !dead.has(name));
    const ready = alive.filter(({ waiting }) => waiting !== null);
    if (alive.length === 0) break;
    if (ready.length === 0) continue;
    const mayDie = dead.size < (system.deaths ?? 0) ? ready : [];
    const of = ready.length + mayDie.length;
    const choice = choose(taken.length, of);
    taken.push({ choice, of });
    const victim = mayDie[choice - ready.length];
    if (victim) {
      dead.add(victim.name);
      continue;
    }
    const next = ready[choice]!;
    const release = next.waiting!;
    next.waiting = null;
    release();
  }
  if (failures.length > 0) throw failures[0];
  system.check(dead);
  return taken;
}

/** A store whose every call is a step. */
class SteppedStore extends MaestranoStore {
  override readonly durable = true;

  constructor(
    private readonly base: MaestranoStore,
    private readonly step: () => Promise<void>,
  ) {
    super();
  }

  override async getMany(keys: readonly string[], call?: StoreCall): Promise<(string | null)[]> {
    await this.step();
    return this.base.getMany(keys, call);
  }

  override async writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
    await this.step();
    return this.base.writeMany(writes, call);
  }

  override async take(key: string, call?: StoreCall): Promise<string | null> {
    await this.step();
    return this.base.take(key, call);
  }

  override async page(
    index: string,
    from: { readonly before?: string; readonly limit: number },
    call?: StoreCall,
  ): Promise<StorePage> {
    await this.step();
    return this.base.page(index, from, call);
  }

  override ping(call?: StoreCall): Promise<void> {
    return this.base.ping(call);
  }
}

/** Random numbers that are the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
