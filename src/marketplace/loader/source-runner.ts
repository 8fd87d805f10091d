import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { MaestranoConfigurationError, type ConfigurationProblem } from '../../errors/configuration.error.js';
import { MaestranoError } from '../../errors/maestrano.error.js';
import type { JsonObject } from '../../interfaces/marketplace-input.interface.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { errorCode } from '../../utils/error-code.js';
import { isRecord } from '../../utils/values.js';
import { type BodyEntry, keepLast, readBody } from '../marketplace-normaliser.js';
import { serialiseMarketplace } from '../marketplace-serialiser.js';
import { type ReadEntry, readEntry } from '../normaliser/entry-reader.js';
import type { ReadingContext } from '../normaliser/parameter-reader.js';
import { boundedProblems, ProblemCollector } from '../normaliser/problem-collector.js';
import type { CertificateCache } from '../normaliser/trust-reader.js';
import { type MarketplaceSource, UNCHANGED } from '../sources/marketplace-source.js';

/** How one source is doing, for health checks. */
export interface SourceStatus {
  /** `static`, `developer-platform`, or the name of the application's own class. */
  readonly name: string;
  /** Where its marketplaces came from last; `none` when it never brought any. */
  readonly origin: 'live' | 'file' | 'none';
  /** When what is served was confirmed last; the time of the file where they came from it. */
  readonly confirmedAt: Date | null;
  /** Failures since the last success. */
  readonly failures: number;
  /** Of the last failure; null after a success. Safe to show. */
  readonly lastError: { readonly code: string; readonly message: string; readonly at: Date } | null;
  /** Marketplaces that the last response did not hold and that are served until their grace time ends. */
  readonly vanished: readonly string[];
}

/** Loads one source, bounded in time, and keeps what it brought. */
export class SourceRunner {
  readonly table: SourceTable;
  #origin: SourceStatus['origin'] = 'none';
  #confirmedAt: Date | null = null;
  #failures = 0;
  #lastError: SourceStatus['lastError'] = null;

  constructor(
    readonly name: string,
    private readonly source: MarketplaceSource,
    options: SourceTableOptions,
  ) {
    this.table = new SourceTable(options);
  }

  get status(): SourceStatus {
    return {
      name: this.name,
      origin: this.#origin,
      confirmedAt: this.#confirmedAt,
      failures: this.#failures,
      lastError: this.#lastError,
      vanished: this.table.vanished,
    };
  }

  /** Loads once and takes the response in; gives the error, which the status then shows, or null. */
  async load(timeoutMs: number, closing: AbortSignal): Promise<MaestranoError | null> {
    try {
      const body = await withTimeout((signal) => this.source.load(signal), timeoutMs, closing);
      if (body !== UNCHANGED) await this.table.update(body);
      this.source.accepted();
    } catch (error) {
      const failure = toFailure(this.name, error);
      this.#failures += 1;
      this.#lastError = { code: failure.code, message: failure.message, at: new Date() };
      return failure;
    }
    this.#failures = 0;
    this.#lastError = null;
    this.#origin = 'live';
    this.#confirmedAt = new Date();
    return null;
  }

  /** Takes the last-known-good copy in, before the source itself is loaded. */
  async restore(entries: readonly JsonObject[], confirmedAt: Date): Promise<void> {
    await this.table.update(entries);
    this.#origin = 'file';
    this.#confirmedAt = confirmedAt;
  }

  /** What the last-known-good copy keeps of this source. */
  get copy(): readonly JsonObject[] {
    return this.table.marketplaces.map(serialiseMarketplace);
  }
}

async function withTimeout<T>(
  run: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  closing: AbortSignal,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  const signal = AbortSignal.any([late.signal, closing]);
  let giveUp: () => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    giveUp = () =>
      reject(
        new MaestranoConfigurationError('configuration.sourceTimeout', {
          message: closing.aborted
            ? 'The application is shutting down.'
            : `There was no response within ${timeoutMs} ms.`,
          remedy:
            'It is tried again by itself; refresh.timeoutMs and refresh.bootDeadlineMs give it more time.',
        }),
      );
  });
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    // A source of the application's own may not listen to the signal.
    return await Promise.race([ended, run(signal)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

/** An error that is safe to show and to keep: what others throw may hold credentials. */
function toFailure(source: string, error: unknown): MaestranoError {
  if (error instanceof MaestranoError) return error;
  const code = errorCode(error);
  const name = isRecord(error) && typeof error.name === 'string' ? error.name : 'Error';
  const kind = `${name}${code === null ? '' : ` (${code})`}`;
  return new MaestranoConfigurationError('configuration.source', {
    message: `The source "${source}" failed with ${kind}.`,
    remedy: 'Catch and log the error inside the source to see more of it.',
  });
}

/** Milliseconds of reading before the event loop gets a turn. */
const SLICE_MS = 10;

/** What one source said last of one marketplace. */
interface TableEntry extends ReadEntry {
  /** Of the entry as it came; an equal one is not read again. Null when it has none. */
  readonly digest: string | null;
}

/** How a source's responses are taken in. */
export interface SourceTableOptions {
  readonly context: ReadingContext;
  readonly strict: boolean;
  /** Milliseconds that a marketplace is kept after it vanished from the response. */
  readonly graceMs: number;
}

/**
 * What one source brought so far. A response is taken in as a whole or not at all, and never loses a marketplace that
 * worked: an entry that became invalid leaves the last good one in place, one that vanished is kept for a grace time.
 */
export class SourceTable {
  #entries = new Map<string, TableEntry>();
  /** When marketplaces that the last response did not hold vanished, in epoch milliseconds. */
  #vanished = new Map<string, number>();
  #problems: readonly ConfigurationProblem[] = [];

  constructor(private readonly options: SourceTableOptions) {}

  /** The usable marketplaces, those in their grace time included. */
  get marketplaces(): readonly Marketplace[] {
    return [...this.#entries.values()].flatMap(({ marketplace }) => (marketplace ? [marketplace] : []));
  }

  /** What is wrong with the last response that was taken in. */
  get problems(): readonly ConfigurationProblem[] {
    return boundedProblems([this.#problems, ...[...this.#entries.values()].map(({ problems }) => problems)]);
  }

  /** Names of the marketplaces in their grace time. */
  get vanished(): readonly string[] {
    return [...this.#vanished.keys()];
  }

  /** When the next grace time ends, in epoch milliseconds; null when none runs. */
  get nextExpiry(): number | null {
    const since = [...this.#vanished.values()];
    return since.length === 0 ? null : Math.min(...since) + this.options.graceMs;
  }

  /**
   * Takes a response in.
   *
   * @throws MaestranoConfigurationError and changes nothing when it is no configuration, when it is empty although there are
   * marketplaces, or, in strict mode, when anything in it is wrong.
   */
  async update(body: unknown): Promise<void> {
    const collector = new ProblemCollector();
    const raw = readBody(body, collector);
    this.#rejectUnusable(raw, collector.problems);
    const { entries, duplicates } = keepLast(await this.#read(raw), this.options.strict);
    const nameless = entries.filter(({ name }) => name === null).map((entry) => entry.problems);
    const problems = boundedProblems([collector.problems, ...nameless, duplicates]);
    if (this.options.strict) rejectErrors([...problems, ...entries.flatMap((entry) => entry.problems)]);
    this.#commit(entries, problems);
  }

  /** Forgets marketplaces whose grace time is over. */
  expire(now: number): void {
    for (const [name, since] of this.#vanished) {
      if (now - since < this.options.graceMs) continue;
      this.#vanished.delete(name);
      this.#entries.delete(name);
    }
  }

  #rejectUnusable(raw: readonly BodyEntry[], problems: readonly ConfigurationProblem[]): void {
    const [problem] = problems;
    if (problem && raw.length === 0) {
      throw new MaestranoConfigurationError(problem.code, {
        message: problem.message,
        remedy: problem.remedy,
      });
    }
    if (raw.length === 0 && this.#entries.size > 0) {
      throw new MaestranoConfigurationError('configuration.sourceEmpty', {
        message: 'The list of marketplaces is suddenly empty.',
        remedy: 'The present ones are kept. If none is wanted any more, restart the application.',
      });
    }
  }

  async #read(raw: readonly BodyEntry[]): Promise<TableEntry[]> {
    const cache: CertificateCache = new Map();
    const known = new Map([...this.#entries.values()].map((entry) => [entry.digest, entry]));
    const read: TableEntry[] = [];
    let sliceEnd = performance.now() + SLICE_MS;
    for (const { entry, fallbackName } of raw) {
      const digest = digestOf(entry, fallbackName);
      const same = digest === null ? undefined : known.get(digest);
      read.push(same ?? { ...readEntry(entry, this.options.context, cache, fallbackName), digest });
      if (performance.now() < sliceEnd) continue;
      await nextTurn();
      sliceEnd = performance.now() + SLICE_MS;
    }
    return read;
  }

  #commit(read: readonly TableEntry[], problems: readonly ConfigurationProblem[]): void {
    const now = Date.now();
    const entries = new Map<string, TableEntry>();
    for (const entry of read) {
      if (entry.name !== null) entries.set(entry.name, this.#keepGood(entry, entry.name));
    }
    const vanished = new Map<string, number>();
    for (const [name, entry] of this.#entries) {
      if (entries.has(name) || !entry.marketplace) continue;
      entries.set(name, { ...entry, problems: [] });
      vanished.set(name, this.#vanished.get(name) ?? now);
    }
    this.#entries = entries;
    this.#vanished = vanished;
    this.#problems = problems;
    this.expire(now);
  }

  /** A marketplace that works is not given up for an entry with errors. */
  #keepGood(entry: TableEntry, name: string): TableEntry {
    const present = this.#entries.get(name)?.marketplace;
    const broken = entry.marketplace === null || entry.problems.some(({ severity }) => severity === 'error');
    return present && broken ? { ...entry, marketplace: present } : entry;
  }
}

function digestOf(entry: object, fallbackName: string | null): string | null {
  try {
    return createHash('sha256')
      .update(JSON.stringify([fallbackName, entry]))
      .digest('base64');
  } catch {
    // A source of the application's own may bring what JSON cannot hold.
    return null;
  }
}

function rejectErrors(problems: readonly ConfigurationProblem[]): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  throw new MaestranoConfigurationError('configuration.invalid', {
    message: 'The configuration has errors, and strict mode accepts none.',
    remedy: 'Correct them, or leave strict mode.',
    problems: boundedProblems([errors]),
  });
}
