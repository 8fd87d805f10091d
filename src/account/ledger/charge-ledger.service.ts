import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { MaestranoStore } from '../../stores/maestrano-store.js';
import { storeKey } from '../../stores/store-key.js';
import { isRecord } from '../../utils/values.js';
import type { Payload } from '../fields.js';

/** Milliseconds between two looks at a lock that somebody else holds. */
const LOCK_POLL_MS = 50;

/** Most attempts to write what does not depend on what others wrote. */
const MAX_TRIES = 5;

/** Most records whose time is remembered by this process; for one that is not, it is waited anew. */
const MAX_TIMED = 10_000;

/** The charges of one marketplace that one key may stand for. */
export interface LedgerScope {
  readonly marketplace: string;
  /** `bills` or `recurring_bills`. */
  readonly resource: string;
}

/** A charge as far as it matters which other charges it could be mistaken for. */
export interface ChargeContent {
  readonly groupId: string;
  readonly priceCents: string;
  /** Digest of everything that is sent. */
  readonly digest: string;
}

/** What is remembered of one key. */
export type KeyRecord = {
  readonly digest: string;
  /** As it lies in the store. */ readonly stored: string;
} & (
  | {
      readonly state: 'open';
      readonly groupId: string;
      readonly priceCents: string;
      /** What is sent; null in a record that does not hold it. */
      readonly payload: Payload | null;
    }
  | { readonly state: 'done'; readonly chargeId: string }
);

/** A key as lists of the ledger show it. */
export interface ListedKey extends LedgerScope {
  readonly key: string;
  readonly groupId: string;
  readonly priceCents: string;
  /** When it was opened, or finished where it is done. */
  readonly at: Date;
  /** Null while it is open. */
  readonly chargeId: string | null;
}

/** Part of a list of keys, newest first. */
export interface ListedKeys {
  readonly keys: readonly ListedKey[];
  /** The `before` of the following part; null when nothing follows. */
  readonly next: string | null;
}

/** A key that may have sent something and does not know what came of it. */
export interface OpenKey {
  readonly key: string;
  /** Digest of what it sends. */
  readonly digest: string;
  /** The charge that was found to be its own: nobody else's any more, while the key's record does not have it yet. */
  readonly chargeId?: string;
}

/**
 * What is remembered of a group's charges of one price while some of them are open. A server may change texts and
 * currency, so that charges of one price cannot be told apart for certain: what counts is that there are no more new
 * ones than keys.
 */
export interface OpenCharges {
  /** Charges that belong to no open key: there before anything was sent, or another key's. Null before the first look. */
  readonly known: readonly string[] | null;
  readonly open: readonly OpenKey[];
  /** Until when a request may still arrive at the server, by the monotonic clock of this process. */
  readonly settledAt: number;
}

/** Which of the group's charges of this price may be that of the key: none before anything was sent, and no other key's. */
export function maybeOf({ known, open }: OpenCharges, key: string): (chargeId: string) => boolean {
  // Nothing is sent before the charges that are there are known.
  if (known === null && open.some((other) => other.key === key)) return () => false;
  const others = open.flatMap((other) => (other.key === key ? [] : (other.chargeId ?? [])));
  const taken = new Set([...(known ?? []), ...others]);
  return (chargeId) => !taken.has(chargeId);
}

/** {@link OpenCharges} with its place in the store. */
export interface StoredCharges extends OpenCharges {
  /** As it lies in the store; null when nothing does. */
  readonly stored: string | null;
}

/** Somebody else wrote meanwhile: what was read is out of date, and nothing was written. */
export class LedgerConflict extends Error {}

/** For writes that the next call repairs. */
export function ignoreConflict(error: unknown): void {
  if (!(error instanceof LedgerConflict)) throw error;
}

/** What distinguishes a payload from others, with its fields in any order. */
export function contentOf(payload: Payload): ChargeContent {
  const fields = Object.entries(payload).sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash('sha256').update(JSON.stringify(fields)).digest('hex');
  return { groupId: String(payload.group_id), priceCents: String(payload.price_cents), digest };
}

/** Milliseconds by a clock that nobody sets. */
export function monotonicNow(): number {
  return performance.now();
}

/**
 * What `createOnce` remembers, in the application's store: shared by all instances when that is Redis. With the
 * store in memory a restart forgets it, and a key protects within one process's life only.
 *
 * Every write expects what was read before, so that one which the store carries out late, when the lock is over, changes
 * nothing that others did meanwhile. No moment of a clock is stored: clocks are set, and differ. A record says how long
 * after it was written a request may still arrive, and who reads it counts that from the first time he saw it.
 */
@Injectable()
export class ChargeLedger {
  /** Until when a request may arrive, by the revision of the record that says so. */
  readonly #settledAt = new Map<string, number>();

  constructor(private readonly store: MaestranoStore) {}

  async readKey(scope: LedgerScope, key: string): Promise<KeyRecord | null> {
    return parseKeyRecord(await this.store.get(keyOf(scope, key)));
  }

  /** The record of a key that was free; null when it was not. */
  async openKey(
    scope: LedgerScope,
    key: string,
    { content, payload }: { readonly content: ChargeContent; readonly payload: Payload },
    ttlMs: number,
  ): Promise<KeyRecord | null> {
    const names = { ...scope, key };
    const stored = JSON.stringify({ state: 'open', ...content, payload, ...names, revision: randomUUID() });
    const [isFree] = await this.store.writeMany([
      {
        key: keyOf(scope, key),
        expected: null,
        value: stored,
        ttlMs: this.#lifeOf(ttlMs),
        index: { name: indexOf('open'), at: Date.now() },
      },
    ]);
    return isFree ? { state: 'open', ...content, payload, stored } : null;
  }

  /** Keys of all marketplaces that are open, or done, newest first: for people who look. */
  async list(state: KeyRecord['state'], before: string | null, limit: number): Promise<ListedKeys> {
    const from = before === null ? { limit } : { before, limit };
    const { entries, next } = await this.store.page(indexOf(state), from);
    const keys = entries.map(({ value, at }) => parseListedKey(value, at)).filter((key) => key !== null);
    return { keys, next };
  }

  /**
   * Remembers what a key stands for, whatever the record says meanwhile, unless that is another charge.
   *
   * @returns the charge that the key stands for from now on.
   * @throws LedgerConflict when others write all the time.
   */
  async finishKey(
    scope: LedgerScope,
    key: string,
    {
      digest,
      from,
      chargeId,
    }: { readonly digest: string; readonly from: KeyRecord | null; readonly chargeId: string },
    ttlMs: number,
  ): Promise<string> {
    const index = { name: indexOf('done'), at: Date.now() };
    let present = from;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      if (present?.state === 'done') return present.chargeId;
      const expected = present?.stored ?? null;
      const { groupId = '', priceCents = '' } = present ?? {};
      const of = { ...scope, key, groupId, priceCents };
      const value = JSON.stringify({ state: 'done', digest, chargeId, ...of });
      const [written] = await this.store.writeMany([
        { key: keyOf(scope, key), expected, value, ttlMs: this.#lifeOf(ttlMs), index },
      ]);
      if (written) return chargeId;
      present = await this.readKey(scope, key);
    }
    throw new LedgerConflict();
  }

  /** Forgets an open key, unless it is another's by now. */
  async forgetKey(scope: LedgerScope, key: string, { stored }: KeyRecord): Promise<void> {
    await this.store.delete(keyOf(scope, key), stored);
  }

  /** Keys that a process finished and then died are taken out of `open` already. */
  async readCharges(scope: LedgerScope, content: ChargeContent): Promise<StoredCharges> {
    const stored = await this.store.get(chargesKeyOf(scope, content));
    const record = parseChargesRecord(stored);
    if (!record) return { known: null, open: [], settledAt: 0, stored };
    const keys = await this.store.getMany(record.open.map(({ key }) => keyOf(scope, key)));
    const known = record.known && [...record.known];
    const open = record.open.filter((_key, index) => {
      const of = parseKeyRecord(keys[index] ?? null);
      if (of?.state === 'done' && !known?.includes(of.chargeId)) known?.push(of.chargeId);
      return of?.state !== 'done';
    });
    return { known, open, settledAt: this.#readTime(record.revision, record.settleMs), stored };
  }

  /**
   * Removes the record when no key is open any more.
   *
   * @throws LedgerConflict when the record is not the one that was read.
   */
  async writeCharges(
    scope: LedgerScope,
    content: ChargeContent,
    { stored: expected }: StoredCharges,
    next: OpenCharges,
    ttlMs: number,
  ): Promise<StoredCharges> {
    const key = chargesKeyOf(scope, content);
    const { known, open, settledAt } = next;
    const revision = randomUUID();
    const settleMs = Math.max(0, Math.ceil(settledAt - monotonicNow()));
    const stored = open.length === 0 ? null : JSON.stringify({ revision, known, open, settleMs });
    if (stored === null && expected === null) return { ...next, stored };
    const life = this.#lifeOf(ttlMs);
    const [written] = await this.store.writeMany([{ key, expected, value: stored, ttlMs: life }]);
    if (!written) throw new LedgerConflict();
    this.#keepTime(revision, settledAt);
    return { known, open, settledAt, stored };
  }

  /**
   * Runs the work while nobody else works on charges of this price. A courtesy that keeps others from useless work:
   * should the lock end before the work does, what is written still expects what was read.
   *
   * @param heldMs longest that the work may take; then the lock is over, should this process have died.
   * @returns null when the lock could not be had within `waitMs`.
   */
  async exclusively<T>(
    scope: LedgerScope,
    content: Pick<ChargeContent, 'groupId' | 'priceCents'>,
    times: { readonly heldMs: number; readonly waitMs: number; readonly signal?: AbortSignal },
    work: () => Promise<T>,
  ): Promise<T | null> {
    const { groupId, priceCents } = content;
    const key = storeKey('ledger-lock', scope.resource, scope.marketplace, groupId, priceCents);
    const token = randomUUID();
    const giveUpAt = monotonicNow() + times.waitMs;
    while (!(await this.store.setIfAbsent(key, token, times.heldMs))) {
      if (monotonicNow() >= giveUpAt || times.signal?.aborted) return null;
      await wait(LOCK_POLL_MS);
    }
    try {
      return await work();
    } finally {
      // A lock that cannot be released ends by itself; what the work did counts.
      await this.store.delete(key, token).catch(() => false);
    }
  }

  /** A durable store keeps what charges were made for ever: a key then never charges a second time. */
  #lifeOf(ttlMs: number): number | null {
    return this.store.durable ? null : ttlMs;
  }

  #readTime(revision: string, settleMs: number): number {
    return this.#settledAt.get(revision) ?? this.#keepTime(revision, monotonicNow() + settleMs);
  }

  #keepTime(revision: string, settledAt: number): number {
    if (this.#settledAt.size >= MAX_TIMED) {
      const [oldest = ''] = this.#settledAt.keys();
      this.#settledAt.delete(oldest);
    }
    this.#settledAt.set(revision, settledAt);
    return settledAt;
  }
}

function keyOf(scope: LedgerScope, key: string): string {
  return storeKey('ledger-key', scope.resource, scope.marketplace, key);
}

function indexOf(state: KeyRecord['state']): string {
  return storeKey('ledger-keys', state);
}

function chargesKeyOf(scope: LedgerScope, { groupId, priceCents }: ChargeContent): string {
  return storeKey('ledger-charges', scope.resource, scope.marketplace, groupId, priceCents);
}

/** Null for text that is no record of ours: nothing is known then. */
function parseKeyRecord(stored: string | null): KeyRecord | null {
  const value = parse(stored);
  if (stored === null || !isRecord(value) || typeof value.digest !== 'string') return null;
  const { digest, state, groupId, priceCents, chargeId, payload } = value;
  if (state === 'open' && typeof groupId === 'string' && typeof priceCents === 'string') {
    return {
      state,
      digest,
      groupId,
      priceCents,
      payload: isRecord(payload) ? (payload as Payload) : null,
      stored,
    };
  }
  return state === 'done' && typeof chargeId === 'string' ? { state, digest, chargeId, stored } : null;
}

/** Null for text that is no record of ours, or one that does not say whose it is. */
function parseListedKey(stored: string, at: number): ListedKey | null {
  const value = parse(stored);
  if (!isRecord(value)) return null;
  const { marketplace, resource, key, groupId, priceCents, chargeId } = value;
  if (![marketplace, resource, key, groupId, priceCents].every((text) => isText(text))) return null;
  const names = { marketplace, resource, key, groupId, priceCents } as Omit<ListedKey, 'at' | 'chargeId'>;
  return { ...names, at: new Date(at), chargeId: isText(chargeId) ? chargeId : null };
}

interface ChargesRecord {
  readonly revision: string;
  readonly known: readonly string[] | null;
  readonly open: readonly OpenKey[];
  /** How long after it was written a request may still arrive. */
  readonly settleMs: number;
}

/** Null for text that is no record of ours. */
function parseChargesRecord(text: string | null): ChargesRecord | null {
  const value = parse(text);
  if (!isRecord(value) || typeof value.revision !== 'string' || typeof value.settleMs !== 'number')
    return null;
  const { revision, known, open, settleMs } = value;
  if (known !== null && !isListOf(known, isText)) return null;
  return isListOf(open, isOpenKey) ? { revision, known, open, settleMs } : null;
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every((item) => isItem(item));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isOpenKey(value: unknown): value is OpenKey {
  if (!isRecord(value) || typeof value.key !== 'string' || typeof value.digest !== 'string') return false;
  return value.chargeId === undefined || typeof value.chargeId === 'string';
}

function parse(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
