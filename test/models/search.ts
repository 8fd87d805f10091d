import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';

import type { MaestranoStore } from '../../src/stores/maestrano-store.js';
import { SteppedStore, StoredContents } from './stepped-store.js';
import { clock } from './virtual-clock.js';

/** How a process of a history takes its turns. */
export interface Turns {
  readonly name: string;
  /** Waits for its next turn: everything until the following one happens at once. */
  step(): Promise<void>;
  /** The same, and one of several things happens: each is tried. */
  choose(of: number): Promise<number>;
  /** One of several things goes wrong, as long as the history has faults left; 0 when nothing does. */
  fault(kinds: number): Promise<number>;
  /** Waits for any moment until a time, however much happens before. */
  sometime(until: number): Promise<void>;
  /** What the process learnt: two histories are the same from here on when all learnt the same. */
  learn(what: unknown): void;
  /** Begins another process. */
  spawn(process: Process): void;
}

/** What may happen to a process of a history. */
export interface Process {
  readonly name: string;
  run(turns: Turns, store: MaestranoStore): Promise<void>;
}

/** One system to try: its processes over one store, and what must hold. */
export interface System {
  readonly processes: readonly Process[];
  readonly store: MaestranoStore;
  /** Processes that may die, at any step. */
  readonly deaths?: number;
  /** How often something may go wrong. */
  readonly faults?: number;
  /** How often everybody may be held up for so many milliseconds, at any step. */
  readonly stalls?: { readonly most: number; readonly ms: number };
  /** Runs when all others have ended or died. */
  readonly after?: Process;
  /** What is not in the store, and matters for what may follow. */
  state?(): unknown;
  /** Throws where what happened must not; after every step. */
  always?(dead: ReadonlySet<string>): void;
  /** The same, when everything is over. */
  check(dead: ReadonlySet<string>): void;
}

/** What a search looked at. */
export interface Searched {
  readonly histories: number;
  /** Different states of the whole system. */
  readonly states: number;
  readonly steps: number;
  /** Whether every order was tried. */
  readonly exhaustive: boolean;
}

/** Where all histories begin. */
export const START = Date.UTC(2026, 0, 1, 12);

/**
 * Runs a system in every order in which its processes can take their turns, with every death, fault and delay it allows:
 * the real classes, whose calls of the store wait until the search lets them through. What follows a state is tried
 * once, however it was reached.
 *
 * @param most histories after which the search stops; it then is not exhaustive.
 * @param random picks at random instead, `most` times.
 */
export async function search(
  make: () => System,
  { most, random }: { readonly most: number; readonly random?: () => number },
): Promise<Searched> {
  const seen = new Set<string>();
  let choices: number[] = [];
  let histories = 0;
  let steps = 0;
  for (;;) {
    clock.restart(START);
    const history = new History(make(), (depth, of) => {
      if (random) return Math.floor(random() * of);
      return choices[depth] ?? 0;
    });
    const taken = await history.run((state, depth) => {
      const isNew = !seen.has(state);
      seen.add(state);
      return isNew || random !== undefined || depth <= choices.length;
    });
    histories += 1;
    steps += history.steps;
    const searched = { histories, states: seen.size, steps };
    if (random) {
      if (histories >= most) return { ...searched, exhaustive: false };
      continue;
    }
    // The last choice that has another way, taken there.
    while (taken.length > 0 && taken.at(-1)!.choice + 1 >= taken.at(-1)!.of) taken.pop();
    if (taken.length === 0) return { ...searched, exhaustive: true };
    if (histories >= most) return { ...searched, exhaustive: false };
    choices = taken.map(({ choice }, depth) => (depth === taken.length - 1 ? choice + 1 : choice));
  }
}

interface Taken {
  readonly choice: number;
  readonly of: number;
}

/** Somebody who waits for his turn. */
interface Waiting {
  readonly of: number;
  /** Until when time may pass meanwhile; null when it may not. */
  readonly until: number | null;
  go(choice: number): void;
}

class Running {
  waiting: Waiting[] = [];
  isOver = false;
  isDead = false;
  /** Digest of everything it learnt, and when. */
  learnt = '';

  constructor(readonly name: string) {}

  learn(what: unknown): void {
    this.learnt = digestOf(`${this.learnt} ${clock.now} ${textOf(what)}`);
  }
}

class History {
  steps = 0;
  readonly #running: Running[] = [];
  readonly #failures: unknown[] = [];
  readonly #contents = new StoredContents();
  readonly #taken: Taken[] = [];
  readonly #dead = new Set<string>();
  #deaths: number;
  #faults: number;
  #stalls: number;
  #after: Process | null;

  constructor(
    private readonly system: System,
    private readonly pick: (depth: number, of: number) => number,
  ) {
    this.#deaths = system.deaths ?? 0;
    this.#faults = system.faults ?? 0;
    this.#stalls = system.stalls?.most ?? 0;
    this.#after = system.after ?? null;
    for (const process of system.processes) this.#begin(process);
  }

  /** @param isWanted whether to go on from a state. */
  async run(isWanted: (state: string, depth: number) => boolean): Promise<Taken[]> {
    for (;;) {
      await turn();
      if (this.#failures.length > 0) throw this.#failures[0];
      this.system.always?.(this.#dead);
      const alive = this.#running.filter(({ isOver, isDead }) => !isOver && !isDead);
      if (alive.length === 0) {
        if (!this.#after) break;
        this.#begin(this.#after);
        this.#after = null;
        continue;
      }
      const moves = this.#moves();
      if (moves.length === 0) throw new Error(`nobody can go on: ${alive.map(({ name }) => name).join()}`);
      if (!isWanted(this.#state(), this.#taken.length)) return this.#taken;
      let choice = 0;
      if (moves.length > 1) {
        choice = this.pick(this.#taken.length, moves.length);
        this.#taken.push({ choice, of: moves.length });
      }
      this.steps += 1;
      moves[choice]!();
    }
    this.system.check(this.#dead);
    return this.#taken;
  }

  /** Everything that may happen next. */
  #moves(): (() => void)[] {
    const ready = this.#running.flatMap((running) =>
      running.isDead ? [] : running.waiting.map((waiting) => ({ running, waiting })),
    );
    const moves = ready.flatMap(({ running, waiting }) =>
      Array.from({ length: waiting.of }, (_unused, choice) => () => this.#go(running, waiting, choice)),
    );
    const { next } = clock;
    const held = ready.map(({ waiting: { until } }) => until ?? -Infinity);
    if (next !== null && next <= Math.min(...held)) moves.push(() => this.#letTimePass());
    if (this.#after === null && this.system.after) return moves;
    const mortal = [
      ...new Set(ready.filter(({ waiting }) => waiting.until === null).map(({ running }) => running)),
    ];
    if (this.#deaths > 0) moves.push(...mortal.map((running) => () => this.#kill(running)));
    const { stalls } = this.system;
    if (stalls && this.#stalls > 0 && mortal.length > 0) moves.push(() => this.#stall(stalls.ms));
    return moves;
  }

  #go(running: Running, waiting: Waiting, choice: number): void {
    running.waiting = running.waiting.filter((one) => one !== waiting);
    running.learn(choice);
    clock.owner = running.name;
    waiting.go(choice);
  }

  #letTimePass(): void {
    this.#running.find(({ name }) => name === clock.nextOwner)?.learn('time');
    clock.toNext();
  }

  #kill(running: Running): void {
    this.#deaths -= 1;
    running.isDead = true;
    this.#dead.add(running.name);
    clock.forget(running.name);
  }

  #stall(ms: number): void {
    this.#stalls -= 1;
    clock.now += ms;
  }

  #begin({ name, run }: Process): void {
    const running = new Running(name);
    this.#running.push(running);
    const wait = (of: number, until: number | null): Promise<number> =>
      new Promise((resolve) => running.waiting.push({ of, until, go: resolve }));
    const turns: Turns = {
      name,
      step: async () => void (await wait(1, null)),
      choose: (of) => wait(of, null),
      fault: async (kinds) => {
        const kind = await wait(this.#faults > 0 ? kinds + 1 : 1, null);
        // Others may have used the faults up meanwhile.
        if (kind === 0 || this.#faults === 0) return 0;
        this.#faults -= 1;
        return kind;
      },
      sometime: async (until) => void (await wait(1, until)),
      learn: (what) => running.learn(what),
      spawn: (process) => this.#begin(process),
    };
    const owner = clock.owner;
    clock.owner = name;
    run(turns, new SteppedStore(this.system.store, turns, this.#contents))
      .catch((error: unknown) => this.#failures.push(error))
      .finally(() => (running.isOver = true));
    clock.owner = owner;
  }

  #state(): string {
    const processes = this.#running.map(({ name, learnt, waiting, isDead, isOver }) => [
      name,
      learnt,
      waiting.length,
      isDead,
      isOver,
    ]);
    const left = [this.#deaths, this.#faults, this.#stalls, this.#after === null];
    return digestOf(JSON.stringify([clock.now, processes, this.#contents, left, this.system.state?.()]));
  }
}

/** As JSON, integers of any size included. */
export function textOf(what: unknown): string {
  return JSON.stringify(what, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

/** What tells texts apart, and is short. */
export function digestOf(text: string): string {
  return createHash('sha1').update(text).digest('base64');
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
