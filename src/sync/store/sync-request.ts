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

/** What a run is to do that was asked for once or several times: one run does what all of them asked for. */
export interface SyncRequestOptions extends SyncRunOptions {
  /** Which side wins in single entities, by name, beside `preemption`. */
  readonly preempted?: Readonly<Record<string, SyncSide>>;
}

/** A run that somebody asked for. It is in the store so that a queue may be lost. */
export interface SyncRequest {
  readonly id: string;
  /** Milliseconds of the epoch. */
  readonly at: number;
  readonly options: SyncRequestOptions;
}

/** What became of the request that was taken up last. */
export interface SyncTaken {
  /** Of the request. */
  readonly id: string;
  /** How it goes on; null when it is done. */
  readonly options: SyncRequestOptions | null;
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
export function inOneRun(first: SyncRequestOptions, later: SyncRequestOptions): SyncRequestOptions {
  const only = first.only && later.only ? [...new Set([...first.only, ...later.only])].toSorted() : undefined;
  return {
    ...(first.full || later.full ? { full: true } : {}),
    ...(only === undefined ? {} : { only }),
    ...winnersOf(first, later),
    ...(first.to !== undefined && first.to === later.to ? { to: first.to } : {}),
  };
}

/** Which side wins: in what was asked for entity by entity, and in all others. */
function winnersOf(
  first: SyncRequestOptions,
  later: SyncRequestOptions,
): Pick<SyncRequestOptions, 'preemption' | 'preempted'> {
  const both = [later, first];
  const others = both.find(({ only, preemption }) => !only && preemption !== undefined)?.preemption;
  const named = both.flatMap(({ only, preempted }) => [...(only ?? []), ...Object.keys(preempted ?? {})]);
  const winners = [...new Set(named)].toSorted().flatMap((name) => {
    const side = winnerIn(later, name) ?? winnerIn(first, name);
    return side === undefined || side === others ? [] : [[name, side] as const];
  });
  return {
    ...(others === undefined ? {} : { preemption: others }),
    ...(winners.length === 0 ? {} : { preempted: Object.fromEntries(winners) }),
  };
}

/** Which side wins in an entity, as one request has it. */
function winnerIn({ only, preemption, preempted }: SyncRequestOptions, name: string): SyncSide | undefined {
  return preempted?.[name] ?? (only === undefined || only.includes(name) ? preemption : undefined);
}
