import type {
  AppendResult,
  FactSpan,
  FactSums,
  FoundStatement,
  KeptFactRow,
  SealStep,
  SeriesRow,
  SeriesSnapshot,
  StatementMark,
  StatementStatus,
  TallyRow,
  TimeRange,
  UsageAppend,
  UsageSubject,
} from './usage-records.js';

/** Which subjects are meant; everything that is left out is all. */
export type SubjectFilter = Partial<UsageSubject>;

/**
 * Where facts, periods and statements are kept. What it acknowledged is part of the guarantee that every use is charged
 * once: a store that evicts, or forgets its last second when a server dies, charges too little or twice.
 *
 * Rules (usage §4, §5): a fact is found by subject and id, compared byte by byte, and never changes; `append` and
 * `correct` with a transaction are there exactly when it commits, and lock nothing that a sealing waits for; `seal` is
 * all or nothing over all of its steps, compares versions, claims exactly as many facts as were counted, and takes its
 * locks in the order of the series' ids. Numbers and texts come back exactly. `usageStoreContract` of
 * nestjs-maestrano/testing proves all of it.
 *
 * What is about many subjects at once is made of the calls for one; a store that is asked over a network overrides it, so
 * that a close of thousands of companies is a few calls.
 */
export abstract class UsageStore {
  /** `memory`: over with the process. */
  abstract readonly durability: 'durable' | 'memory';

  /**
   * Ids of the series of subjects, made where there are none; in the order of the subjects, at most 1,000.
   *
   * @param tx the application's transaction; the series is then there when it commits.
   */
  abstract open(subjects: readonly UsageSubject[], tx?: unknown): Promise<readonly string[]>;
  /** Adds facts that are not there yet; results in the order of the facts, of which there are at most 1,000. */
  abstract append(facts: readonly UsageAppend[], tx?: unknown): Promise<readonly AppendResult[]>;
  /**
   * Adds a correction: computes what it changes of its fact as that is by then, under a lock of it.
   *
   * @param correction with `corrects` and `value`; everything else is computed.
   * @returns null when there is no such fact, or it is older than `notBefore`.
   */
  abstract correct(
    correction: {
      readonly series: string;
      readonly id: string;
      readonly corrects: string;
      readonly value: bigint | null;
      readonly notBefore: number;
      readonly receivedAt: number;
    },
    tx?: unknown,
  ): Promise<AppendResult | null>;
  /** Facts by their ids, in no order; those that there are. */
  abstract find(series: string, ids: readonly string[]): Promise<readonly KeptFactRow[]>;
  /** A subject with its periods; null when there is none. */
  abstract load(series: string): Promise<SeriesSnapshot | null>;
  /** Until when periods of series are stated; null where none is. In the order of the ids. */
  abstract statedUntil(series: readonly string[]): Promise<readonly (number | null)[]>;
  /** Subjects that the filter lets through, in the order of their ids. */
  abstract list(filter: SubjectFilter, after: string | null, limit: number): Promise<readonly SeriesRow[]>;
  /** Ids of series with `nextDue` until now, or with statements that are on their way; in their order. */
  abstract due(now: number, after: string | null, limit: number): Promise<readonly string[]>;
  /** Sums of facts within a range, those aside that are history only; of those that nobody claimed where `open`. */
  abstract tally(
    series: string,
    query: TimeRange & { readonly cuts: readonly number[]; readonly open: boolean },
  ): Promise<readonly TallyRow[]>;
  /**
   * Of facts within a range after their corrections, those aside that are history only: the highest quantity, that of the
   * newest by time and id, or how many keys there are, in millionths. 0 where there is no fact.
   */
  abstract measure(
    series: string,
    query: TimeRange & { readonly of: 'max' | 'last' | 'uniqueCount' },
  ): Promise<bigint>;
  /** Facts within a range, in the order of their ids. */
  abstract facts(
    series: string,
    query: TimeRange & { readonly after: string | null; readonly limit: number },
  ): Promise<readonly KeptFactRow[]>;
  /** False when a version, a count or a state is not as it was: nothing was done. */
  abstract seal(steps: readonly SealStep[]): Promise<boolean>;
  /** Changes the state of a statement; false when it is in none of those that it is changed from. */
  abstract mark(series: string, mark: StatementMark): Promise<boolean>;
  /** Statements of a series, newest first; at most 1,000. */
  abstract statements(
    series: string,
    query: {
      readonly chain?: string;
      readonly status?: readonly StatementStatus[];
      /** Only those with smaller numbers. */
      readonly before?: number;
      readonly limit: number;
    },
  ): Promise<readonly FoundStatement[]>;
  /** Statements of all series in one of these states, the oldest first; at most 1,000. */
  abstract withStatus(status: readonly StatementStatus[], limit: number): Promise<readonly FoundStatement[]>;
  abstract statement(series: string, chain: string, seq: number): Promise<FoundStatement | null>;
  /** The statement that a bill belongs to. */
  abstract statementOfBill(bill: string): Promise<FoundStatement | null>;
  /** What the latest sealed period of a meter was rated by in a currency, as JSON, and when it ended. */
  abstract lastTerms(
    meter: string,
    currency: string,
  ): Promise<{ readonly ends: number; readonly terms: string } | null>;
  /** Every grace that periods of a meter have which no statement states, in milliseconds: a few numbers. */
  abstract openGraces(meter: string): Promise<readonly number[]>;
  /** Removes facts of a series that are stated and older, with their corrections, but those to keep; says how many. */
  abstract sweep(
    series: string,
    query: { readonly before: number; readonly keep: readonly string[]; readonly limit: number },
  ): Promise<number>;
  /** Subjects with their periods, in the order of the ids, of which there are at most 2,000; null for those that are not there. */
  async loadMany(series: readonly string[]): Promise<readonly (SeriesSnapshot | null)[]> {
    const found: (SeriesSnapshot | null)[] = [];
    for (const id of series) found.push(await this.load(id));
    return found;
  }
  /**
   * Statements of up to 2,000 series that are in one of these states: series by series, the oldest first, at most 1,000 of each.
   */
  async statementsOf(
    series: readonly string[],
    status: readonly StatementStatus[],
  ): Promise<readonly FoundStatement[]> {
    const found: FoundStatement[] = [];
    for (const id of series)
      found.push(...(await this.statements(id, { status, limit: 1_000 })).toReversed());
    return found;
  }
  /** Sums of facts by spans, in their order, those aside that are history only; of those that nobody claimed where `open`. */
  async sums(spans: readonly FactSpan[], { open }: { readonly open: boolean }): Promise<readonly FactSums[]> {
    const sums: FactSums[] = [];
    for (const { series, from, to } of spans) {
      const rows = await this.tally(series, { from, to, cuts: [], open });
      sums.push({
        quantity: rows.reduce((sum, row) => sum + row.quantity, 0n),
        counted: rows.reduce((sum, row) => sum + row.counted, 0),
        rows: rows.reduce((sum, row) => sum + row.rows, 0),
        lanes: [
          rows.reduce((sum, row) => sum + row.lanes[0], 0n),
          rows.reduce((sum, row) => sum + row.lanes[1], 0n),
        ],
      });
    }
    return sums;
  }
  /** Seals steps of different series, each by itself: what {@link UsageStore.seal} says of each, in their order. */
  async sealEach(steps: readonly SealStep[]): Promise<readonly boolean[]> {
    const done: boolean[] = [];
    for (const step of steps) done.push(await this.seal([step]));
    return done;
  }
  /** Marks statements, each by itself: what {@link UsageStore.mark} says of each, in their order. */
  async markEach(
    marks: readonly { readonly series: string; readonly mark: StatementMark }[],
  ): Promise<readonly boolean[]> {
    const done: boolean[] = [];
    for (const { series, mark } of marks) done.push(await this.mark(series, mark));
    return done;
  }
  /** Removes facts of different series as {@link UsageStore.sweep} does where nothing is to keep; says how many in all. */
  async sweepEach(
    sweeps: readonly { readonly series: string; readonly before: number }[],
    limit: number,
  ): Promise<number> {
    let removed = 0;
    for (const { series, before } of sweeps) {
      if (removed >= limit) break;
      removed += await this.sweep(series, { before, keep: [], limit: limit - removed });
    }
    return removed;
  }
  /** Rejects when the store cannot be used as it is, for example since its tables are missing. */
  async check(): Promise<void> {}
  async close(): Promise<void> {}
}
