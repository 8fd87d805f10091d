import { Injectable, Logger } from '@nestjs/common';
import { type Observable, Subject } from 'rxjs';

import { LOGIN_ERROR_CODES, type SsoErrorCode } from '../../errors/sso-error-codes.js';
import type { LoginCheckVerdict, LoginTrace } from '../../interfaces/login-trace.interface.js';
import { MaestranoStore } from '../../stores/maestrano-store.js';
import { storeKey } from '../../stores/store-key.js';
import { newTraceCode, readTraceCode, traceTag } from './trace-code.js';

type KeptCheck = readonly [code: string, verdict: LoginCheckVerdict, expected: string, seen: string];

const KEPT = 50;
const KEPT_FOR_MS = 24 * 60 * 60_000;

/**
 * Keeps the last logins of each marketplace for a day, so that a refused one can be explained. Answers to logins
 * that never began are kept apart: a flood of them must not push out the logins of real people.
 */
@Injectable()
export class LoginTraceService {
  readonly #logger = new Logger(LoginTraceService.name);

  readonly #recorded = new Subject<LoginTrace>();

  constructor(private readonly store: MaestranoStore) {}

  /** Every trace as it is kept, for metrics. */
  get recorded(): Observable<LoginTrace> {
    return this.#recorded.asObservable();
  }

  /** A code for a login on the marketplace. */
  newCode(marketplace: string): string {
    return newTraceCode(marketplace);
  }

  /** Keeps a trace. A failing store costs the trace, never the login. */
  async record(trace: LoginTrace): Promise<void> {
    this.#recorded.next(trace);
    try {
      const key = listKey(traceTag(trace.marketplace), trace.began);
      await this.store.append(key, write(trace), KEPT, KEPT_FOR_MS);
    } catch (error) {
      this.#logger.warn(
        `Login trace ${trace.code} was not kept: ${error instanceof Error ? error.name : 'error'}`,
      );
    }
  }

  /** The trace of this code, however it is spelled; null when there is none any more. */
  async find(code: string): Promise<LoginTrace | null> {
    const wanted = readTraceCode(code);
    if (!wanted) return null;
    const traces = await this.#traces(wanted.tag);
    return traces.find((trace) => trace.code === wanted.code) ?? null;
  }

  /** What is kept of a marketplace's logins, newest first. */
  async list(marketplace: string): Promise<LoginTrace[]> {
    const traces = await this.#traces(traceTag(marketplace));
    return traces
      .filter((trace) => trace.marketplace === marketplace)
      .toSorted((one, other) => (one.at < other.at ? 1 : -1));
  }

  async #traces(tag: string): Promise<LoginTrace[]> {
    const lists = await Promise.all([true, false].map((began) => this.store.list(listKey(tag, began))));
    return lists.flat().map(read);
  }
}

/** Without the titles, which the codes give back: they would be half of what is kept. */
function write(trace: LoginTrace): string {
  const checks = trace.checks.map(({ code, verdict, expected, seen }): KeptCheck => [
    code,
    verdict,
    expected,
    seen,
  ]);
  return JSON.stringify({ ...trace, checks });
}

function read(text: string): LoginTrace {
  const trace = JSON.parse(text) as Omit<LoginTrace, 'checks'> & { readonly checks: readonly KeptCheck[] };
  const checks = trace.checks.map(([code, verdict, expected, seen]) => ({
    code,
    title: LOGIN_ERROR_CODES[code as SsoErrorCode]?.title ?? code,
    expected,
    seen,
    verdict,
  }));
  return { ...trace, checks };
}

function listKey(tag: string, began: boolean): string {
  return storeKey('sso-trace', tag, began ? 'begun' : 'stray');
}
