import type { KnownCompany } from '../engine/usage-company.js';
import type { StoredPrice } from '../rating/price-table.js';

/** What is metered of one company: the unit of isolation, and of the identity of facts (usage §0 row 1). */
export interface UsageSubject {
  readonly marketplace: string;
  /** `cld-…` */
  readonly group: string;
  /** Name of the meter. */
  readonly meter: string;
}

/** A fact, or the correction of one. Never changed once it is there. */
export interface UsageFactRow {
  readonly id: string;
  /** Milliseconds of the epoch. */
  readonly at: number;
  /** What it adds to a sum, in millionths; of a correction the difference, which may be negative. */
  readonly quantity: bigint;
  /** What it adds to a count: 1; of a correction -1, 0 or 1. */
  readonly counted: number;
  readonly key: string;
  /** Id of the fact that it corrects; null for a fact of its own. */
  readonly corrects: string | null;
  /** Of a correction: the new quantity in millionths; null takes the fact away. */
  readonly value: bigint | null;
  /** Which correction of its fact it is, from 1; 0 for a fact of its own. */
  readonly turn: number;
  /** Milliseconds of the epoch. */
  readonly receivedAt: number;
}

/** A fact as a store keeps it. */
export interface KeptFactRow extends UsageFactRow {
  /** Number of the statement that states it; 0 when it came before the first, to fill a history; null while none does. */
  readonly statement: number | null;
}

/** Facts to be added to one subject. */
export interface UsageAppend {
  /** Of {@link SeriesRow}. */
  readonly series: string;
  readonly fact: UsageFactRow;
  /** Whether it is only there for the history: known, and never charged. */
  readonly historical: boolean;
}

/**
 * What came of an append: added; or the fact that was there before under this id; or the company had left by then; or
 * there is no such series, for example since the transaction that made it was rolled back.
 */
export type AppendResult =
  | { readonly result: 'added' }
  | { readonly result: 'known'; readonly fact: UsageFactRow }
  | { readonly result: 'left' }
  | { readonly result: 'noSeries' };

/** One chain of statements (usage §0 row 5): another begins with another currency. */
export interface UsageChainState {
  /** Names it for ever, also in keys of `createOnce`. */
  readonly id: string;
  readonly currency: string;
  /** What is carried on, as decimal text. */
  readonly carry: string;
  /** Number of its last statement; 0 before the first. */
  readonly seq: number;
  /** Digest of its last statement; empty before the first. */
  readonly digest: string;
  /** Numbers of statements whose bills were taken back, until the next statement has them in its opening. */
  readonly returned: readonly number[];
  /** Since when levels count, where the company came back; milliseconds of the epoch. */
  readonly since?: number;
}

/** What changes of a subject, as one document: written as a whole where its version is the one that was read. */
export interface SeriesState {
  readonly chains: readonly UsageChainState[];
  /** What was last known of the company; null before anything was. */
  readonly company: KnownCompany | null;
  /** Day of the month by which the cycle is anchored, where that is the company's; null before it is known. */
  readonly anchor: number | null;
  /** Whether its last statement was made after the company left. */
  readonly final: boolean;
}

/** A subject as a store keeps it. */
export interface SeriesRow extends UsageSubject {
  /** Given by the store. */
  readonly id: string;
  /** Rises with every change of the state. */
  readonly version: number;
  readonly state: SeriesState;
  /** When the company left; null while it is there. */
  readonly leftAt: number | null;
  /** When to look at it next, in milliseconds of the epoch. */
  readonly nextDue: number;
}

/** What a sealed period was rated by: later facts are rated by the same. */
export interface PeriodTerms {
  readonly currency: string;
  readonly prices: readonly StoredPrice[];
  readonly trialEnd: number | null;
  /** Where the period would have ended, had the company not left; `ends` where it is left out. */
  readonly nominalEnds?: number;
}

/** A period: opened once, and never moved (usage §0 row 2). */
export interface PeriodRow {
  /** Rises by 1; the first that was opened is 0. */
  readonly n: number;
  readonly starts: number;
  readonly ends: number;
  readonly zone: string;
  /** Of {@link UsageChainState}. */
  readonly chain: string;
  /** How long it waits for late facts, in milliseconds. */
  readonly grace: number;
  /** Number of the statement that first stated it; null before. */
  readonly sealedBy: number | null;
  /** What all statements together stated of it, as decimal text. */
  readonly stated: string;
  readonly terms: PeriodTerms | null;
}

/** Everything of a subject but facts and statements, at one moment. */
export interface SeriesSnapshot {
  readonly series: SeriesRow;
  /** In the order of their numbers. */
  readonly periods: readonly PeriodRow[];
  /** `at` of the earliest fact that no statement states; null when there is none. */
  readonly earliest: number | null;
}

/** From an instant until one that is not in it any more. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** A part of the time of one subject. */
export interface FactSpan extends TimeRange {
  /** Of {@link SeriesRow}. */
  readonly series: string;
}

/** Sums of the facts of a span; all 0 where there is none. */
export interface FactSums {
  readonly quantity: bigint;
  readonly counted: number;
  readonly rows: number;
  /** Sums of both lanes of the facts' digests. */
  readonly lanes: readonly [bigint, bigint];
}

/** Sums of facts that have the same quarter of an hour, and lie between the same cuts. */
export interface TallyRow extends FactSums {
  /** `at` in whole quarters of an hour of the epoch. */
  readonly quarter: number;
  /** How many of the cuts are not after it. */
  readonly part: number;
  /** Whether a statement states them. */
  readonly claimed: boolean;
}

/** Where a statement is on its way to a bill (usage §4). */
export type StatementStatus =
  | 'nothing'
  | 'sealed'
  | 'billed'
  | 'held'
  | 'refused'
  | 'cancelling'
  | 'cancelled'
  | 'expired'
  | 'writtenOff';

/** One bill of a statement. */
export interface StatementBill {
  /** Of `createOnce`. */
  readonly key: string;
  readonly priceCents: number;
  readonly description: string;
  /** Null before it is made. */
  readonly id: string | null;
}

/** What of a statement changes after it is sealed. */
export interface StatementProgress {
  readonly bills: readonly StatementBill[];
  /** Why it waits; `company`: nobody could say whose zone and currency it is, and it was sealed by the meter's. */
  readonly held: 'card' | 'large' | 'company' | null;
  /** When it came into its state, in milliseconds. */
  readonly since: number;
  /** Code of the last error; null when there was none. */
  readonly error: string | null;
  /** Messages of the marketplace by field, where it refused the bill. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** Why a person wrote it off. */
  readonly reason: string | null;
}

/** A statement as a store keeps it. */
export interface StatementRow {
  readonly chain: string;
  readonly seq: number;
  readonly status: StatementStatus;
  readonly progress: StatementProgress;
  /** JSON of what was sealed: never changed. */
  readonly body: string;
  readonly sealedAt: number;
}

/** A statement, and whose it is. */
export interface FoundStatement extends StatementRow {
  readonly series: string;
}

/** What is stated of a period from now on; with `ends`, it ends earlier than it was opened to. */
export type StatedPeriod = Pick<PeriodRow, 'n' | 'sealedBy' | 'stated' | 'terms'> &
  Partial<Pick<PeriodRow, 'ends'>>;

/** What one sealing does to one subject. */
export interface SealStep {
  readonly series: string;
  /** The state that it was computed from; another one by now: nothing is done. */
  readonly version: number;
  readonly state: SeriesState;
  readonly leftAt: number | null;
  readonly nextDue: number;
  /** Periods to open; those that are there already stay as they are. */
  readonly opened?: readonly PeriodRow[];
  /** Facts that the statement states: all that nobody claimed within the ranges, which have to be as many as counted. */
  readonly claim?: { readonly ranges: readonly TimeRange[]; readonly rows: number };
  readonly statement?: StatementRow;
  /** Periods that the statement states, or states anew. */
  readonly stated?: readonly StatedPeriod[];
  /** A statement that changes with it, from one of the states; in another by now: nothing is done. */
  readonly mark?: StatementMark;
}

/** A change of a statement's state. */
export interface StatementMark {
  readonly chain: string;
  readonly seq: number;
  readonly from: readonly StatementStatus[];
  readonly to: StatementStatus;
  readonly progress: StatementProgress;
}
