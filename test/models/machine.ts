import type { Searched } from './search.js';
import { START } from './search.js';
import { clock } from './virtual-clock.js';

/** A machine with few states: what is promised, written down. */
export interface Machine<S, E> {
  readonly start: S;
  /** What may happen in any state. */
  readonly events: readonly E[];
  /** Follows each history: what was done in silence comes to light. */
  readonly tail: readonly E[];
  next(state: S, event: E): S;
  /** What has to be seen in a state. */
  seen(state: S): unknown;
}

/** The real classes, from the start. */
export interface Replica<E> {
  /** What is seen once the event has happened. */
  apply(event: E): Promise<unknown>;
  close(): void;
}

/** A history and what is known to be seen at its end. */
interface Path<S, E> {
  readonly state: S;
  readonly events: readonly E[];
}

/**
 * Has the real classes do whatever a machine can do, and compares what is seen after each event: in every state that the
 * machine reaches within `depth` events, every event; or `most` histories at random, `depth` events long.
 */
export async function searchMachine<S, E>(
  machine: Machine<S, E>,
  make: () => Promise<Replica<E>>,
  { depth, most, random }: { readonly depth: number; readonly most: number; readonly random?: () => number },
): Promise<Searched> {
  const seen = new Set([JSON.stringify(machine.start)]);
  let histories = 0;
  let steps = 0;
  const replay = async (path: Path<S, E>): Promise<void> => {
    histories += 1;
    const events = [...path.events, ...machine.tail];
    steps += events.length;
    await compare(machine, make, events);
  };
  if (random) {
    for (let history = 0; history < most; history += 1) {
      const events = Array.from(
        { length: depth },
        () => machine.events[Math.floor(random() * machine.events.length)]!,
      );
      for (let state = machine.start, at = 0; at < depth; at += 1)
        seen.add(JSON.stringify((state = machine.next(state, events[at]!))));
      await replay({ state: machine.start, events });
    }
    return { histories, states: seen.size, steps, exhaustive: false };
  }
  let present: Path<S, E>[] = [{ state: machine.start, events: [] }];
  let isOver = false;
  for (let length = 0; length < depth && !isOver; length += 1) {
    const following: Path<S, E>[] = [];
    for (const path of present) {
      for (const event of machine.events) {
        const longer = { state: machine.next(path.state, event), events: [...path.events, event] };
        await replay(longer);
        if (histories >= most) return { histories, states: seen.size, steps, exhaustive: false };
        const state = JSON.stringify(longer.state);
        if (!seen.has(state)) following.push(longer);
        seen.add(state);
      }
    }
    isOver = following.length === 0;
    present = following;
  }
  return { histories, states: seen.size, steps, exhaustive: isOver };
}

async function compare<S, E>(
  machine: Machine<S, E>,
  make: () => Promise<Replica<E>>,
  events: readonly E[],
): Promise<void> {
  clock.restart(START);
  const replica = await make();
  try {
    let state = machine.start;
    for (const event of events) {
      state = machine.next(state, event);
      const [wanted, got] = [machine.seen(state), await replica.apply(event)].map((what) =>
        JSON.stringify(what),
      );
      if (wanted !== got)
        throw new Error(`after ${JSON.stringify(events)}: ${got} was seen instead of ${wanted}`);
    }
  } finally {
    replica.close();
  }
}
