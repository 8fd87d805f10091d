import { MaestranoError } from '../../errors/maestrano.error.js';
import { MaestranoUsageError } from '../../errors/usage.error.js';
import type { UsageCorrection, UsageFact, UsageRecorded, UsageRecordResult } from '../meters/usage-fact.js';
import type { AppendResult, UsageAppend, UsageSubject } from '../store/usage-records.js';
import { isName, isSameFact, meterOf, readFact, type ReadFact, readQuantity } from './read-fact.js';
import { openPeriods } from './open-periods.js';
import { stepOf } from './statement-sender.js';
import { MAX_TRIES, type UsageContext } from './usage-context.js';

/** Subjects whose series are remembered. */
const MAX_KNOWN = 50_000;

/** A series as far as recording needs it, and until when that is believed, in milliseconds. */
interface KnownSeries {
  readonly id: string;
  /** Facts before it are late: the periods before are stated. */
  readonly statedUntil: number;
  readonly believedUntil: number;
}

/** How long it is believed what is stated; whether a fact is called `late` depends on it, and nothing else. */
const BELIEVED_MS = 30_000;

/** How long the application is asked for the companies of a batch, in milliseconds, and for how many at once. */
const [ASK_MS, ASKED_AT_ONCE] = [5_000, 8];

interface Item {
  readonly fact: UsageFact;
  /** Of its subject; empty where the fact could not be read. */
  readonly name: string;
  readonly read: ReadFact | null;
  readonly error: MaestranoUsageError | null;
}

/** Names that passed their check have no line breaks. */
const nameOf = ({ marketplace, group, meter }: UsageSubject): string => `${marketplace}\n${group}\n${meter}`;

/** Takes facts in (usage §3.1). A bad fact never loses those beside it. */
export class UsageRecorder {
  readonly #known = new Map<string, KnownSeries>();

  constructor(private readonly context: UsageContext) {}

  /** Records some facts at once; results in their order. */
  async record(
    facts: readonly UsageFact[],
    options: { readonly tx?: unknown; readonly historical?: boolean } = {},
  ): Promise<readonly UsageRecordResult[]> {
    const now = this.context.now();
    const items = facts.map((fact): Item => {
      try {
        const read = readFact(fact, this.context.settings, now);
        return { fact, name: nameOf(fact), read, error: null };
      } catch (error) {
        if (!(error instanceof MaestranoUsageError)) throw error;
        return { fact, name: '', read: null, error };
      }
    });
    const results = new Map<Item, UsageRecordResult>();
    for (const item of items) if (item.error) results.set(item, refused(item, item.error));
    let rest = items.filter(({ error }) => !error);
    if (options.tx === undefined) rest = await this.#settleUnknown(rest, results);
    const subjects = new Map(rest.map(({ name, fact }) => [name, fact]));
    const series = await this.#open([...subjects.values()], options.tx);
    const idOf = ({ name }: Item): string => series.get(name)!.id;
    rest = await this.#settleOld(rest, results, idOf);
    const historical = await this.#historical(rest, options.historical === true, idOf);
    const appends = rest.map((item): UsageAppend => ({
      series: idOf(item),
      fact: item.read!.row,
      historical: historical.has(item),
    }));
    const added = await this.#append(rest, appends, options.tx);
    for (const [index, item] of rest.entries()) {
      const known = series.get(item.name)!;
      results.set(item, resultOf(item, added[index]!, known.statedUntil));
    }
    return items.map((item) => results.get(item)!);
  }

  /** @throws MaestranoUsageError */
  async correct(correction: UsageCorrection, options: { readonly tx?: unknown } = {}): Promise<void> {
    const { marketplace, group, meter, id, corrects, quantity } = correction;
    meterOf(this.context.settings, meter);
    const about = { marketplace, group, meter };
    const wrong = Object.entries({ marketplace, group, id, corrects }).find(([, value]) => !isName(value));
    if (wrong) {
      const message = `The correction cannot be read: \`${wrong[0]}\` is missing or no name.`;
      throw new MaestranoUsageError('usage.fact', { ...about, message });
    }
    const value = quantity === null ? null : readQuantity(quantity, about);
    const series = (await this.#open([about], options.tx)).get(nameOf(about))!;
    const now = this.context.now();
    const notBefore = now - this.context.settings.acceptFor;
    const given = { series: series.id, id, corrects, value, notBefore, receivedAt: now };
    const result = await this.context.store.correct(given, options.tx);
    if (result === null) {
      const message = 'There is no such fact to correct, or it is older than `acceptFor`.';
      throw new MaestranoUsageError('usage.unknownStatement', { ...about, message });
    }
    if (result.result !== 'known') return;
    const { fact } = result;
    if (fact.corrects === corrects && fact.value === value) return;
    throw new MaestranoUsageError('usage.conflict', about);
  }

  /** Forgets what is known of a company's series, for example since it left. */
  forget(company: { readonly marketplace: string; readonly group: string }): void {
    for (const meter of this.context.settings.meters.keys())
      this.#known.delete(nameOf({ ...company, meter }));
  }

  /** The series of facts by their names. */
  async #open(subjects: readonly UsageSubject[], tx: unknown): Promise<ReadonlyMap<string, KnownSeries>> {
    const { store, now } = this.context;
    const found = new Map<string, KnownSeries>();
    const missing = new Map<string, UsageSubject>();
    const time = now();
    for (const { marketplace, group, meter } of subjects) {
      const name = nameOf({ marketplace, group, meter });
      const known = this.#known.get(name);
      if (known && known.believedUntil > time) found.set(name, known);
      else missing.set(name, { marketplace, group, meter });
    }
    if (missing.size === 0) return found;
    const ids = await store.open([...missing.values()], tx);
    // Inside a transaction nothing is asked, and nothing remembered: what is there may never have been.
    const stated = tx === undefined ? await store.statedUntil(ids) : [];
    for (const [index, name] of [...missing.keys()].entries()) {
      const until = stated[index] ?? -Infinity;
      const known = { id: ids[index]!, statedUntil: until, believedUntil: time + BELIEVED_MS };
      found.set(name, known);
      if (tx !== undefined) continue;
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(name, known);
    }
    return found;
  }

  /**
   * Rejects facts of companies that the application does not know, where it says whom it knows, and of whom nothing was ever
   * recorded (usage §8): of another, facts may come late after it is gone. Where nobody responds in time, the close asks again.
   */
  async #settleUnknown(items: readonly Item[], results: Map<Item, UsageRecordResult>): Promise<Item[]> {
    const { settings, company: ask, store } = this.context;
    if (!settings.company) return [...items];
    const companies = new Map<string, { readonly marketplace: string; readonly group: string }>();
    for (const { fact } of items) {
      const { marketplace, group } = fact;
      if (!this.#known.has(nameOf(fact)))
        companies.set(JSON.stringify([marketplace, group]), { marketplace, group });
    }
    const unknown = new Set<string>();
    const waiting = [...companies];
    const until = performance.now() + ASK_MS;
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [name, company] = next;
        const deadlineMs = Math.floor(until - performance.now());
        if (deadlineMs < 1) return;
        try {
          if (await ask(company, { deadlineMs })) continue;
        } catch (error) {
          if (error instanceof MaestranoError) continue;
          throw error;
        }
        if ((await store.list(company, null, 1)).length === 0) unknown.add(name);
      }
    };
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work));
    return items.filter((item) => {
      const { marketplace, group } = item.fact;
      if (!unknown.has(JSON.stringify([marketplace, group]))) return true;
      results.set(item, refused(item, errorOf('usage.unknownGroup', item)));
      return false;
    });
  }

  /** Facts that are too old to be new: known ones are duplicates, others are rejected (usage §10 check 5). */
  async #settleOld(
    items: readonly Item[],
    results: Map<Item, UsageRecordResult>,
    idOf: (item: Item) => string,
  ): Promise<Item[]> {
    const old = items.filter(({ read }) => read!.isOld);
    for (const item of old) {
      const [fact] = await this.context.store.find(idOf(item), [item.read!.row.id]);
      if (fact) results.set(item, resultOf(item, { result: 'known', fact }, 0));
      else results.set(item, refused(item, errorOf('usage.tooLate', item)));
    }
    return items.filter((item) => !results.has(item));
  }

  /** Facts of periods before the first: known, and never charged. */
  async #historical(
    items: readonly Item[],
    wanted: boolean,
    idOf: (item: Item) => string,
  ): Promise<ReadonlySet<Item>> {
    const historical = new Set<Item>();
    if (!wanted) return historical;
    const firsts = new Map<string, number>();
    for (const item of items) {
      const id = idOf(item);
      if (!firsts.has(id)) {
        firsts.set(id, await this.#firstPeriod(id));
      }
      if (item.read!.row.at < firsts.get(id)!) historical.add(item);
    }
    return historical;
  }

  /** When the first period of a series began; the present one is opened where there is none. */
  async #firstPeriod(id: string): Promise<number> {
    const { store, settings, company, now } = this.context;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const snapshot = await store.load(id);
      if (!snapshot) throw new MaestranoUsageError('usage.store');
      const [first] = snapshot.periods;
      if (first) return first.starts;
      const { marketplace, group, meter } = snapshot.series;
      const about = { marketplace, group, meter };
      const known = await company({ marketplace, group }, {});
      if (!known) throw new MaestranoUsageError('usage.unknownGroup', about);
      const terms = meterOf(settings, meter);
      const { opened, state } = openPeriods({ ...snapshot, earliest: now() }, terms, known, now());
      await store.seal([{ ...stepOf(snapshot), state: { ...state, company: known }, opened }]);
    }
    throw new MaestranoUsageError('usage.contention');
  }

  /** Appends; what refers to a series that is gone is tried once more with the present ones. */
  async #append(
    items: readonly Item[],
    appends: readonly UsageAppend[],
    tx: unknown,
  ): Promise<readonly AppendResult[]> {
    if (appends.length === 0) return [];
    const results = [...(await this.context.store.append(appends, tx))];
    const lost = results.flatMap(({ result }, index) => (result === 'noSeries' ? [index] : []));
    if (lost.length === 0) return results;
    for (const index of lost) this.#known.delete(nameOf(items[index]!.fact));
    const series = await this.#open(
      lost.map((index) => items[index]!.fact),
      tx,
    );
    const again = lost.map((index) => ({
      ...appends[index]!,
      series: series.get(nameOf(items[index]!.fact))!.id,
    }));
    for (const [place, result] of (await this.context.store.append(again, tx)).entries()) {
      results[lost[place]!] = result;
    }
    return results;
  }
}

function errorOf(
  code: 'usage.tooLate' | 'usage.conflict' | 'usage.left' | 'usage.unknownGroup',
  { fact }: Item,
): MaestranoUsageError {
  const { marketplace, group, meter } = fact;
  return new MaestranoUsageError(code, { marketplace, group, meter });
}

function refused({ fact }: Item, error: MaestranoUsageError): UsageRecordResult {
  const id = typeof fact === 'object' && fact !== null && typeof fact.id === 'string' ? fact.id : '';
  return { id, result: 'refused', error };
}

function resultOf(item: Item, added: AppendResult, until: number): UsageRecordResult {
  const { id, at } = item.read!.row;
  if (added.result === 'left') return refused(item, errorOf('usage.left', item));
  if (added.result === 'known') {
    const isSame = isSameFact(added.fact, item.read!.row);
    return isSame ? { id, result: 'duplicate' } : refused(item, errorOf('usage.conflict', item));
  }
  if (added.result === 'noSeries') {
    throw new MaestranoUsageError('usage.store', {
      message: 'The store lost a series that it had just made.',
    });
  }
  return { id, result: at < until ? 'late' : ('recorded' satisfies UsageRecorded) };
}
