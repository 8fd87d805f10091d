import { Logger } from '@nestjs/common';

import { MaestranoStoreError } from '../errors/store.error.js';
import { errorCode } from '../utils/error-code.js';
import { MaestranoStore, type StoreCall, type StorePage, type StoreWrite } from './maestrano-store.js';

/** A call of the store that has ended. */
export interface StoreCallReport {
  /** Name of the method. */
  readonly operation: string;
  /** Class of the application's store. */
  readonly kind: string;
  readonly ms: number;
  readonly failure: MaestranoStoreError | null;
}

/** Is told of every call; must not throw. */
export type StoreObserver = (report: StoreCallReport) => void;

/**
 * Stands around the application's store, so that nothing of ours waits for one that is away: every call ends within
 * `storeTimeoutMs`, and whatever a driver throws is one error, `store.unavailable`. The log has a line when the store
 * goes and one when it is back. What breaks the rules of a store, or was given up by the caller, passes as it is.
 */
export class StoreWithDeadline extends MaestranoStore {
  override readonly durable: boolean;
  readonly #logger = new Logger('MaestranoStore');
  readonly #observers = new Set<StoreObserver>();
  #away = false;

  /**
   * @param inner the application's store.
   * @param timeoutMs how long one call may take.
   */
  constructor(
    readonly inner: MaestranoStore,
    private readonly timeoutMs: number,
  ) {
    super();
    this.durable = inner.durable;
  }

  override getMany(keys: readonly string[], call?: StoreCall): Promise<(string | null)[]> {
    return this.#within('getMany', false, call, (within) => this.inner.getMany(keys, within));
  }

  override writeMany(writes: readonly StoreWrite[], call?: StoreCall): Promise<boolean[]> {
    return this.#within('writeMany', true, call, (within) => this.inner.writeMany(writes, within));
  }

  override take(key: string, call?: StoreCall): Promise<string | null> {
    return this.#within('take', true, call, (within) => this.inner.take(key, within));
  }

  override page(
    index: string,
    from: { readonly before?: string; readonly limit: number },
    call?: StoreCall,
  ): Promise<StorePage> {
    return this.#within('page', false, call, (within) => this.inner.page(index, from, within));
  }

  override ping(call?: StoreCall): Promise<void> {
    return this.#within('ping', false, call, (within) => this.inner.ping(within));
  }

  override warnings(call?: StoreCall): Promise<readonly string[]> {
    return this.#within('warnings', false, call, (within) => this.inner.warnings(within));
  }

  /** What is wrong with a store at the start is its own to say, and so is how long it looks. */
  override check(): Promise<void> {
    return this.inner.check();
  }

  /** Never rejects, and never keeps the process: what cannot be closed in time is said in the log and left. */
  override async close(): Promise<void> {
    try {
      await this.#within('close', true, undefined, () => this.inner.close());
    } catch (error) {
      this.#logger.warn(`The store was not closed properly: ${reasonOf(error)}.`);
    }
  }

  // A store may have a quicker way for these, so they are not left to the base class.

  override get(key: string, call?: StoreCall): Promise<string | null> {
    return this.#within('get', false, call, (within) => this.inner.get(key, within));
  }

  override set(key: string, value: string, ttlMs: number | null, call?: StoreCall): Promise<void> {
    return this.#within('set', true, call, (within) => this.inner.set(key, value, ttlMs, within));
  }

  override setIfAbsent(key: string, value: string, ttlMs: number | null, call?: StoreCall): Promise<boolean> {
    return this.#within('setIfAbsent', true, call, (within) =>
      this.inner.setIfAbsent(key, value, ttlMs, within),
    );
  }

  override replace(
    key: string,
    expected: string,
    value: string,
    ttlMs: number | null,
    call?: StoreCall,
  ): Promise<boolean> {
    return this.#within('replace', true, call, (within) =>
      this.inner.replace(key, expected, value, ttlMs, within),
    );
  }

  override delete(key: string, expected?: string, call?: StoreCall): Promise<boolean> {
    return this.#within('delete', true, call, (within) => this.inner.delete(key, expected, within));
  }

  /** Has every call told when it ends. Returns how to stop. */
  observe(observer: StoreObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  async #within<T>(
    operation: string,
    writes: boolean,
    call: StoreCall | undefined,
    work: (within: StoreCall) => Promise<T>,
  ): Promise<T> {
    const deadline = new AbortController();
    const signal = call?.signal ? AbortSignal.any([call.signal, deadline.signal]) : deadline.signal;
    const started = performance.now();
    let failure: MaestranoStoreError | null = null;
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(unavailable(writes, `It did not respond within ${this.timeoutMs} ms`));
        deadline.abort();
      }, this.timeoutMs);
    });
    try {
      const result = await Promise.race([this.waitFor(call, async () => work({ signal })), silence]);
      this.#responded();
      return result;
    } catch (error) {
      failure = this.#failed(error, writes);
      throw failure;
    } finally {
      clearTimeout(timer);
      const ms = performance.now() - started;
      for (const observer of this.#observers) observer({ operation, kind: storeKind(this), ms, failure });
    }
  }

  #responded(): void {
    if (!this.#away) return;
    this.#away = false;
    this.#logger.log('The store responds again.');
  }

  #failed(error: unknown, writes: boolean): MaestranoStoreError {
    const known = error instanceof MaestranoStoreError;
    if (known && error.code !== 'store.unavailable') return error;
    const failure = known ? error : unavailable(writes, `It failed with ${reasonOf(error)}`, error);
    if (!this.#away) {
      this.#away = true;
      this.#logger.error(`The store cannot be used. ${failure.message}`);
    }
    return failure;
  }
}

/** The name of the class that the application chose, for logs and health checks. */
export function storeKind(store: MaestranoStore): string {
  return (store instanceof StoreWithDeadline ? store.inner : store).constructor.name;
}

function unavailable(writes: boolean, what: string, cause?: unknown): MaestranoStoreError {
  const outcome = writes ? 'what was to be written may have been' : 'nothing was changed';
  return new MaestranoStoreError('store.unavailable', {
    message: `${what}; ${outcome}.`,
    mayHaveWritten: writes,
    cause,
  });
}

/** Code and name only: texts of drivers hold addresses, and some hold passwords. */
function reasonOf(error: unknown): string {
  if (error instanceof MaestranoStoreError) return error.code;
  const code = errorCode(error) ?? redisCode(error);
  const name = error instanceof Error ? error.name : typeof error;
  return code === null || code === name ? name : `${name} (${code})`;
}

/** The word that begins each error of Redis, such as READONLY or OOM. */
function redisCode(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return null;
  return /^[A-Z]{2,20}(?= )/.exec(error.message)?.[0] ?? null;
}
