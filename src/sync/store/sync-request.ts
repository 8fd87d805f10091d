import type { SyncSide } from './sync-link.js';

/** What one run does otherwise. */
export interface SyncRunOptions {
  /** Lists all records of both sides, instead of what changed; false by default. */
  readonly full?: boolean;
  /** Names of entities; all by default. */
  readonly only?: readonly string[];
  /** Which side wins every conflict of this run; the rules decide by default. */
  readonly preemption?: SyncSide;
  /** The only side that is written to; both by default. */
  readonly to?: SyncSide;
}

/** What a run is to do that several asked for: of each wish the entities that it was for. */
export interface SyncWish extends SyncRunOptions {
  /** Which side wins in single entities, by name, beside `preemption`. */
  readonly preempted?: Readonly<Record<string, SyncSide>>;
}

/** A run that somebody asked for. It is in the store so that a queue may be lost. */
export interface SyncRequest {
  readonly id: string;
  /** Milliseconds of the epoch. */
  readonly at: number;
  readonly options: SyncWish;
}

/** What became of the request that was taken up last. */
export interface SyncTaken {
  /** Of the request. */
  readonly id: string;
  /** How it goes on; null when it is done. */
  readonly options: SyncWish | null;
}

/** The request that nobody has taken up. */
export function waitingRequest({
  wanted,
  taken,
}: {
  readonly wanted: SyncRequest | null;
  readonly taken: SyncTaken | null;
}): SyncRequest | null {
  return wanted !== null && wanted.id !== taken?.id ? wanted : null;
}

/** What is to be done next: the request that waits, together with what is left of the one before; null where nothing is. */
export function openRequest(state: {
  readonly wanted: SyncRequest | null;
  readonly taken: SyncTaken | null;
}): SyncTaken | null {
  const waiting = waitingRequest(state);
  const left = state.taken?.options ?? null;
  if (waiting === null) return state.taken;
  return { id: waiting.id, options: left === null ? waiting.options : inOneRun(left, waiting.options) };
}

/**
 * Two runs in one: it reads and writes at least what each of them would. Which side wins is said of the entities that each was for; of
 * two that say so of one entity the later does.
 */
export function inOneRun(first: SyncWish, later: SyncWish): SyncWish {
  const only = first.only && later.only ? [...new Set([...first.only, ...later.only])].toSorted() : undefined;
  return {
    ...(first.full || later.full ? { full: true } : {}),
    ...(only === undefined ? {} : { only }),
    ...winnersOf(first, later, only),
    ...(first.to !== undefined && first.to === later.to ? { to: first.to } : {}),
  };
}

function winnersOf(
  first: SyncWish,
  later: SyncWish,
  only: readonly string[] | undefined,
): Pick<SyncWish, 'preemption' | 'preempted'> {
  const named = [first, later].flatMap((wish) => [
    ...(wish.only ?? []),
    ...Object.keys(wish.preempted ?? {}),
  ]);
  const winners = Object.fromEntries(
    [...new Set(named)].toSorted().flatMap((name) => {
      const side = winnerIn(later, name) ?? winnerIn(first, name);
      return side === undefined ? [] : [[name, side] as const];
    }),
  );
  const sides = new Set(Object.values(winners));
  // Said once where it is the same for all that the run is for.
  const [same] = sides;
  if (only && sides.size === 1 && only.every((name) => name in winners)) return { preemption: same! };
  // Of entities that no wish names: that of a wish for all of them.
  const rest = [later, first].find((wish) => !wish.only && wish.preemption !== undefined)?.preemption;
  const others = Object.entries(winners).filter(([, side]) => side !== rest);
  return {
    ...(rest === undefined ? {} : { preemption: rest }),
    ...(others.length === 0 ? {} : { preempted: Object.fromEntries(others) }),
  };
}

/** Which side wins in an entity, as one wish has it. */
function winnerIn({ only, preemption, preempted }: SyncWish, name: string): SyncSide | undefined {
  return preempted?.[name] ?? (only === undefined || only.includes(name) ? preemption : undefined);
}
