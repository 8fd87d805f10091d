/** The two sides of a synchronization: the application's records, and the platform's. */
export type SyncSide = 'app' | 'connec';

/** Why a record is looked at again. */
export type SyncCause = 'poll' | 'notification' | 'touch' | 'sweep' | 'reference' | 'retry' | 'operator';

/**
 * Why nothing is written for a record at present.
 *
 * - `waiting`: for a record that it refers to
 * - `quarantined`: a side or a conversion rejected it; taken up again when it changes, or by an operator
 * - `conflict`: both sides changed a field whose rule is `ask`
 * - `ambiguous`: several records could be the same; a person decides
 * - `merged`: the platform merged the record into another
 * - `vanished`: the platform does not find the record any more
 * - `absent`: the application does not find the record any more, and two complete lists have yet to confirm it
 * - `ignored`: an operator said so
 */
export type SyncHoldKind =
  'waiting' | 'quarantined' | 'conflict' | 'ambiguous' | 'merged' | 'vanished' | 'absent' | 'ignored';

export interface SyncHold {
  readonly kind: SyncHoldKind;
  /** Such as `sync.mapping`. */
  readonly code: string;
  /** Fields that it is about. */
  readonly fields: readonly string[];
  /** In words, without values of the record. */
  readonly reason: string;
  /** Milliseconds of the epoch. */
  readonly since: number;
  /** The state of both sides when it began: it ends by itself when one of them has moved on. */
  readonly seen: { readonly app: string; readonly connec: string };
  /** Ids of other records that a person has to look at: the survivor of a merge, candidates of a match. */
  readonly others?: readonly string[];
}

/** Digests by field name: a side as it looked when both last agreed. */
export type SyncBase = Readonly<Record<string, string>>;

/** What is remembered of one side of a record. */
export interface SyncSideState {
  readonly id: string | null;
  readonly base: SyncBase;
  /** Earlier bases of fields that changed, the latest first: a side that shows them again may have been restored. */
  readonly former?: Readonly<Record<string, readonly string[]>>;
  /** Version or stamp last seen: a smaller one means that the side was restored from a backup. */
  readonly version: number | string | null;
  /** When the record came into being, as its side says: another mark under the same id is another record. */
  readonly born: string | null;
  /** Whether it was ever read. */
  readonly seen: boolean;
  /** Since when it cannot be read or is missing in complete lists, in milliseconds; null while it is there. */
  readonly missingSince: number | null;
  /** The mark of the complete listing that had it last, where that took several slices: `SyncSweep.began`. */
  readonly listed?: number;
}

/**
 * A write of which the outcome is not known yet. It stands in the store before the write is sent, and is removed by a
 * definite response.
 */
export interface SyncIntent {
  readonly side: SyncSide;
  /** Values as they were sent, by field name, in the form of the side. */
  readonly sent: Readonly<Record<string, unknown>>;
  /** Digests of the other side's values that they were made from. */
  readonly from: SyncBase;
  /** Version or stamp of the target when it was decided; null for a create. */
  readonly version: number | string | null;
  /** Digest of all of the target but its stamp when it was decided; null where there is none. */
  readonly whole: string | null;
  /** Milliseconds of the epoch. */
  readonly at: number;
  /** Of a create in the application: the largest version that it had shown by then. The new record's is larger. */
  readonly above?: number;
  /** What it ended with, where a call of the source threw; left out before, and by older releases. */
  readonly failed?: SyncFailedCall;
}

/** A call of the application's source of which nobody knows whether it was carried out. */
export interface SyncFailedCall {
  /** Method of the source. */
  readonly call: 'create' | 'update';
  /** Name and code of what it threw, such as `SqliteError SQLITE_IOERR`. */
  readonly error: string;
}

/** Two lines of a list that are the same. */
export interface SyncLinePair {
  /** Its name in bases and intents. */
  readonly key: string;
  readonly app: string | null;
  readonly connec: string | null;
}

/** What ties a record of the application to one of Connec!. Immutable: a change is a new object. */
export interface SyncLink {
  readonly key: string;
  readonly app: SyncSideState;
  readonly connec: SyncSideState;
  /** The id that we gave the record at the platform (protocol §9.7); null before it was decided. */
  readonly externalId: string | null;
  /** Whether the platform showed the record under that id. */
  readonly externalConfirmed: boolean;
  /** Oldest first. */
  readonly intents: readonly SyncIntent[];
  /** The application deleted its record: since when, and whether Connec! has been told. */
  readonly gone: { readonly since: number; readonly archived: boolean } | null;
  readonly hold: SyncHold | null;
  /** Which record it waits for, as `entity:side:id`; null when for none. */
  readonly waitsFor: string | null;
  /** Digests of the values that identify it, while it has one side only. */
  readonly matchKeys: readonly string[];
  /** Which lines belong together, by the name of their list. */
  readonly lines: Readonly<Record<string, readonly SyncLinePair[]>>;
  /** Limits the direction of this one record. */
  readonly direction: SyncDirection;
  /** When to look at it next, in milliseconds of the epoch; null when it is at rest. */
  readonly dueAt: number | null;
  /** Not to be looked at before, whatever happens: the outcome of a write may still change. */
  readonly restUntil: number;
  /** Since when it has been due; null when it is at rest. */
  readonly since: number | null;
  readonly causes: readonly SyncCause[];
  /** Rejections of this record in a row. */
  readonly attempts: number;
  /** Milliseconds of the epoch. */
  readonly createdAt: number;
}

/** Which way data may go. */
export type SyncDirection = 'both' | 'toConnec' | 'toApp' | 'none';

/** Earlier bases that are kept of a field. */
const FORMER = 3;

const NOTHING: SyncSideState = {
  id: null,
  base: {},
  version: null,
  born: null,
  seen: false,
  missingSince: null,
};

/** A link that knows nothing but the ids given. */
export function newLink(
  key: string,
  ids: { readonly app?: string; readonly connec?: string },
  now = Date.now(),
): SyncLink {
  return {
    key,
    app: { ...NOTHING, id: ids.app ?? null },
    connec: { ...NOTHING, id: ids.connec ?? null },
    externalId: null,
    externalConfirmed: false,
    intents: [],
    gone: null,
    hold: null,
    waitsFor: null,
    matchKeys: [],
    lines: {},
    direction: 'both',
    dueAt: null,
    restUntil: 0,
    since: null,
    causes: [],
    attempts: 0,
    createdAt: now,
  };
}

/** The link with a side changed. */
export function withSide(link: SyncLink, side: SyncSide, changes: Partial<SyncSideState>): SyncLink {
  return { ...link, [side]: { ...link[side], ...changes } };
}

/** The link with some bases of a side changed. */
export function withBase(link: SyncLink, side: SyncSide, base: SyncBase): SyncLink {
  const { base: before, former = {} } = link[side];
  const left = Object.keys(base).filter((name) => before[name] !== undefined && before[name] !== base[name]);
  const all = { ...before, ...base };
  // The application's versions tell more than its earlier values.
  if (side === 'app' || left.length === 0) return withSide(link, side, { base: all });
  const added = left.map((name) => [name, [before[name]!, ...(former[name] ?? [])].slice(0, FORMER)]);
  return withSide(link, side, { base: all, former: { ...former, ...Object.fromEntries(added) } });
}

/** The link, to be looked at now, or once it may be. */
export function dueNow(link: SyncLink, cause: SyncCause, now: number): SyncLink {
  const at = Math.max(now, link.restUntil);
  return {
    ...link,
    dueAt: link.dueAt === null ? at : Math.min(link.dueAt, at),
    since: link.since ?? now,
    causes: link.causes.includes(cause) ? link.causes : [...link.causes, cause],
  };
}

/** The link, to be looked at no earlier than at the time. */
export function dueAt(link: SyncLink, at: number, cause: SyncCause, now: number): SyncLink {
  return { ...dueNow(link, cause, now), dueAt: Math.max(at, link.restUntil) };
}

/** The link with nothing to do. */
export function atRest(link: SyncLink): SyncLink {
  return { ...link, dueAt: null, since: null, causes: [], attempts: 0 };
}
