import { ConfigurationError } from '../../errors/configuration.error.js';
import { MaestranoError } from '../../errors/maestrano.error.js';
import type { JsonObject } from '../../interfaces/marketplace-input.interface.js';
import { serialiseMarketplace } from '../marketplace-serialiser.js';
import { type MarketplaceSource, UNCHANGED } from '../sources/marketplace-source.js';
import { SourceTable, type SourceTableOptions } from './source-table.js';

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
  /** Marketplaces that the last answer did not hold and that are served until their grace time ends. */
  readonly vanished: readonly string[];
}

/** Asks one source, bounded in time, and keeps what it brought. */
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

  /** Asks once and takes the answer in; gives the error, which the status then shows, or null. */
  async load(timeoutMs: number, closing: AbortSignal): Promise<MaestranoError | null> {
    try {
      const body = await withTimeout((signal) => this.source.load(signal), timeoutMs, closing);
      if (body !== UNCHANGED) await this.table.absorb(body);
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

  /** Takes the last-known-good copy in, before the source itself is asked. */
  async restore(entries: readonly JsonObject[], confirmedAt: Date): Promise<void> {
    await this.table.absorb(entries);
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
        new ConfigurationError(
          closing.aborted
            ? 'The application is shutting down.'
            : `There was no answer within ${timeoutMs} ms.`,
          {
            code: 'configuration.sourceTimeout',
            remedy:
              'It is tried again by itself; refresh.timeoutMs and refresh.bootDeadlineMs give it more time.',
          },
        ),
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
  const { name, code } = (
    typeof error === 'object' && error !== null ? error : {}
  ) as Partial<NodeJS.ErrnoException>;
  const kind = [name ?? 'Error', typeof code === 'string' ? `(${code})` : ''].filter(Boolean).join(' ');
  return new ConfigurationError(`The source "${source}" failed with ${kind}.`, {
    code: 'configuration.source',
    remedy: 'Catch and log the error inside the source to see more of it.',
  });
}
