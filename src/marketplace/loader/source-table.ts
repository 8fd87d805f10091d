import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { ConfigurationError, type ConfigurationProblem } from '../../errors/configuration.error.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { keepLast } from '../marketplace-normaliser.js';
import { type BodyEntry, readBody } from '../normaliser/body-reader.js';
import { type ReadEntry, readEntry } from '../normaliser/entry-reader.js';
import type { ReadingContext } from '../normaliser/parameter-reader.js';
import { ProblemCollector } from '../normaliser/problem-collector.js';
import type { CertificateCache } from '../normaliser/trust-reader.js';

/** Milliseconds of reading before the event loop gets a turn. */
const SLICE_MS = 10;

/** What one source said last of one marketplace. */
interface TableEntry extends ReadEntry {
  /** Of the entry as it came; an equal one is not read again. Null when it cannot be told. */
  readonly digest: string | null;
}

/** How a source's answers are taken in. */
export interface SourceTableOptions {
  readonly context: ReadingContext;
  readonly strict: boolean;
  /** Milliseconds that a marketplace is kept after it vanished from the answer. */
  readonly graceMs: number;
}

/**
 * What one source brought so far. An answer is taken in as a whole or not at all, and never loses a marketplace that
 * worked: an entry that became invalid leaves the last good one in place, one that vanished is kept for a grace time.
 */
export class SourceTable {
  #entries = new Map<string, TableEntry>();
  /** When marketplaces that the last answer did not hold vanished, in epoch milliseconds. */
  #vanished = new Map<string, number>();
  #problems: readonly ConfigurationProblem[] = [];

  constructor(private readonly options: SourceTableOptions) {}

  /** The usable marketplaces, those in their grace time included. */
  get marketplaces(): readonly Marketplace[] {
    return [...this.#entries.values()].flatMap(({ marketplace }) => (marketplace ? [marketplace] : []));
  }

  /** What is wrong with the last answer that was taken in. */
  get problems(): readonly ConfigurationProblem[] {
    return [...this.#problems, ...[...this.#entries.values()].flatMap(({ problems }) => problems)];
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
   * Takes an answer in.
   *
   * @throws ConfigurationError and changes nothing when it is no configuration, when it is empty although there are
   * marketplaces, or, in strict mode, when anything in it is wrong.
   */
  async absorb(body: unknown): Promise<void> {
    const collector = new ProblemCollector();
    const raw = readBody(body, collector);
    this.#refuseUnusable(raw, collector.problems);
    const { entries, duplicates } = keepLast(await this.#read(raw), this.options.strict);
    const nameless = entries.filter(({ name }) => name === null).flatMap(({ problems }) => problems);
    const problems = [...collector.problems, ...nameless, ...duplicates];
    if (this.options.strict) refuseErrors([...problems, ...entries.flatMap((entry) => entry.problems)]);
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

  #refuseUnusable(raw: readonly BodyEntry[], problems: readonly ConfigurationProblem[]): void {
    const [problem] = problems;
    if (problem && raw.length === 0) {
      throw new ConfigurationError(problem.message, { code: problem.code, remedy: problem.remedy });
    }
    if (raw.length === 0 && this.#entries.size > 0) {
      throw new ConfigurationError('The list of marketplaces is suddenly empty.', {
        code: 'configuration.sourceEmpty',
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

function refuseErrors(problems: readonly ConfigurationProblem[]): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  throw new ConfigurationError(
    'The configuration has errors, and strict mode accepts none.',
    { code: 'configuration.invalid', remedy: 'Correct them, or leave strict mode.' },
    errors,
  );
}
