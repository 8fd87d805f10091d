import { randomInt } from 'node:crypto';

import { Injectable, Logger } from '@nestjs/common';
import { type Observable, Subject } from 'rxjs';

import { LOGIN_ERROR_CODES, type SsoErrorCode } from '../../errors/sso-error-codes.js';
import type { LoginCheckResult, LoginTrace } from '../../interfaces/login-trace.interface.js';
import { MaestranoStore } from '../../stores/maestrano-store.js';
import { storeKey } from '../../stores/store-key.js';

type KeptCheck = readonly [code: string, result: LoginCheckResult, expected: string, seen: string];

/** Traces kept of a marketplace, by kind. */
const KEPT = { begun: 50, refused: 300, stray: 50 } as const;
type TraceKind = keyof typeof KEPT;
const KINDS = Object.keys(KEPT) as TraceKind[];
const KEPT_FOR_MS = 24 * 60 * 60_000;
/** After so many traces of one kind those beyond the limit are removed. */
const TRIM_EVERY = 10;

/** Without I, L, O and U: nobody should have to guess what a person read out. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TAG_LENGTH = 3;
const CODE_LENGTH = 8;

/**
 * Keeps the last logins of each marketplace for a day, so that a rejected one can be explained. Accepted ones are kept
 * apart, as they are many and nobody asks for them, and so are responses to logins that never began: a flood of either
 * must not push out the people who could not log in.
 */
@Injectable()
export class LoginTraceService {
  readonly #logger = new Logger(LoginTraceService.name);

  readonly #recorded = new Subject<LoginTrace>();
  /** Traces since the last trimming, by index; there are three of them a marketplace. */
  readonly #untrimmed = new Map<string, number>();

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
      const kind = kindOf(trace);
      const index = { name: indexOf(trace.marketplace, kind), at: Date.parse(trace.at) };
      const entry = { key: keyOf(trace.code), value: write(trace), ttlMs: KEPT_FOR_MS, index };
      await this.store.writeMany([entry]);
      await this.#trim(index.name, KEPT[kind]);
    } catch (error) {
      this.#logger.warn(
        `Login trace ${trace.code} was not kept: ${error instanceof Error ? error.name : 'error'}`,
      );
    }
  }

  /** The trace of this code, however it is spelled; null when there is none any more. */
  async find(code: string): Promise<LoginTrace | null> {
    const wanted = readTraceCode(code);
    const text = wanted === null ? null : await this.store.get(keyOf(wanted));
    return text === null ? null : read(text);
  }

  /** What is kept of a marketplace's logins, newest first. */
  async list(marketplace: string): Promise<LoginTrace[]> {
    const pages = await Promise.all(
      KINDS.map((kind) => this.store.page(indexOf(marketplace, kind), { limit: KEPT[kind] })),
    );
    return pages
      .flatMap(({ entries }) => entries.map(({ value }) => read(value)))
      .toSorted((one, other) => (one.at < other.at ? 1 : -1));
  }

  /** Removes what is beyond the limit, now and then: looking at each login would cost more than it keeps. */
  async #trim(index: string, limit: number): Promise<void> {
    const untrimmed = (this.#untrimmed.get(index) ?? 0) + 1;
    this.#untrimmed.set(index, untrimmed % TRIM_EVERY);
    if (untrimmed < TRIM_EVERY) return;
    const { next } = await this.store.page(index, { limit });
    if (next === null) return;
    const { entries } = await this.store.page(index, { before: next, limit: 10 * TRIM_EVERY });
    await this.store.writeMany(entries.map(({ key }) => ({ key, value: null, ttlMs: null })));
  }
}

/** Without the titles, which the codes give back: they would be half of what is kept. */
function write(trace: LoginTrace): string {
  const checks = trace.checks.map(({ code, result, expected, seen }): KeptCheck => [
    code,
    result,
    expected,
    seen,
  ]);
  return JSON.stringify({ ...trace, checks });
}

function read(text: string): LoginTrace {
  const trace = JSON.parse(text) as Omit<LoginTrace, 'checks'> & { readonly checks: readonly KeptCheck[] };
  const checks = trace.checks.map(([code, result, expected, seen]) => ({
    code,
    title: LOGIN_ERROR_CODES[code as SsoErrorCode]?.meaning ?? code,
    expected,
    seen,
    result,
  }));
  // Kept before there was one.
  return { ...trace, subject: trace.subject ?? null, checks };
}

function keyOf(code: string): string {
  return storeKey('sso-trace', code);
}

function indexOf(marketplace: string, kind: TraceKind): string {
  return storeKey('sso-trace', marketplace, kind);
}

function kindOf({ began, accepted }: LoginTrace): TraceKind {
  if (!began) return 'stray';
  return accepted ? 'begun' : 'refused';
}

/** The part of a code that all traces of a marketplace share, so that support sees at once whose login it was. */
function traceTag(marketplace: string): string {
  // FNV-1a: it only keeps marketplaces apart, so it need not be hard to invert.
  let hash = 0x811c9dc5;
  for (let index = 0; index < marketplace.length; index += 1) {
    hash = Math.imul(hash ^ marketplace.charCodeAt(index), 0x01000193);
  }
  hash ^= hash >>> 16;
  return spell([hash & 31, (hash >>> 5) & 31, (hash >>> 10) & 31]);
}

/** A new code such as `K7Q2-M9XW`. */
function newTraceCode(marketplace: string): string {
  const random = Array.from({ length: CODE_LENGTH - TAG_LENGTH }, () => randomInt(ALPHABET.length));
  const code = traceTag(marketplace) + spell(random);
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** A code as somebody typed it, in our spelling; null when it cannot be one. */
function readTraceCode(typed: string): string | null {
  const letters = typed
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
  return letters.length === CODE_LENGTH ? `${letters.slice(0, 4)}-${letters.slice(4)}` : null;
}

function spell(values: Iterable<number>): string {
  return Array.from(values, (value) => ALPHABET[value % ALPHABET.length]).join('');
}
