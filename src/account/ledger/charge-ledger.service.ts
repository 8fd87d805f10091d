import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { MaestranoStore } from '../../stores/maestrano-store.js';
import { storeKey } from '../../stores/store-key.js';
import { isRecord } from '../../utils/values.js';
import type { Payload } from '../fields.js';

/** Milliseconds between two looks at a lock that somebody else holds. */
const LOCK_POLL_MS = 50;

/** The charges of one marketplace that one key may stand for. */
export interface LedgerScope {
  readonly marketplace: string;
  /** `bills` or `recurring_bills`. */
  readonly resource: string;
}

/** Charges with equal contents for one group. */
export interface ChargeContent {
  readonly groupId: string;
  /** Digest of everything that is sent. */
  readonly digest: string;
}

/** What is remembered of one key. */
export type KeyRecord =
  | { readonly state: 'open'; readonly digest: string; readonly groupId: string }
  | { readonly state: 'done'; readonly digest: string; readonly chargeId: string };

/**
 * What is remembered of charges with equal contents for one group while some of them are open. Charges with equal
 * contents cannot be told apart on the server, so what counts is that there are as many new ones as keys.
 */
export interface ContentRecord {
  /** Equal charges that belong to no open key: there before, or found to be another key's. */
  readonly known: readonly string[];
  /** Keys that may have sent something and do not know what came of it. */
  readonly open: readonly string[];
  /** Until when a request of theirs may still arrive at the server; milliseconds of the epoch. */
  readonly settledAt: number;
}

/** The contents of a payload, with its fields in any order. */
export function contentOf(payload: Payload): ChargeContent {
  const fields = Object.entries(payload).sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash('sha256').update(JSON.stringify(fields)).digest('hex');
  return { groupId: String(payload.group_id), digest };
}

/**
 * What `createOnce` remembers, in the application's store: shared by all instances when that is Redis. With the
 * store in memory a restart forgets it, and a key protects within one process's life only.
 */
@Injectable()
export class ChargeLedger {
  constructor(private readonly store: MaestranoStore) {}

  async readKey(scope: LedgerScope, key: string): Promise<KeyRecord | null> {
    return parseKeyRecord(await this.store.get(keyOf(scope, key)));
  }

  /** Says whether the key was free. */
  openKey(scope: LedgerScope, key: string, content: ChargeContent, ttlMs: number): Promise<boolean> {
    const record: KeyRecord = { state: 'open', ...content };
    return this.store.setIfAbsent(keyOf(scope, key), JSON.stringify(record), ttlMs);
  }

  async finishKey(
    scope: LedgerScope,
    key: string,
    digest: string,
    chargeId: string,
    ttlMs: number,
  ): Promise<void> {
    const record: KeyRecord = { state: 'done', digest, chargeId };
    await this.store.set(keyOf(scope, key), JSON.stringify(record), ttlMs);
  }

  async forgetKey(scope: LedgerScope, key: string): Promise<void> {
    await this.store.delete(keyOf(scope, key));
  }

  /** With keys that were finished or forgotten by a process that then died already taken out of `open`. */
  async readContent(scope: LedgerScope, content: ChargeContent): Promise<ContentRecord | null> {
    const record = parseContentRecord(await this.store.get(contentKeyOf(scope, content)));
    if (!record) return null;
    const known = [...record.known];
    const open: string[] = [];
    for (const key of record.open) {
      const of = await this.readKey(scope, key);
      if (of?.state === 'done') known.push(of.chargeId);
      else open.push(key);
    }
    return { ...record, known, open };
  }

  /** Removes the record when no key is open any more. Only under the content's lock. */
  async writeContent(
    scope: LedgerScope,
    content: ChargeContent,
    record: ContentRecord,
    ttlMs: number,
  ): Promise<void> {
    const key = contentKeyOf(scope, content);
    if (record.open.length === 0) await this.store.delete(key);
    else await this.store.set(key, JSON.stringify(record), ttlMs);
  }

  /**
   * Runs the work while nobody else works on charges with equal contents.
   *
   * @param heldMs longest that the work may take; then the lock is over, should this process have died.
   * @returns null when the lock could not be had within `waitMs`.
   */
  async exclusively<T>(
    scope: LedgerScope,
    content: ChargeContent,
    times: { readonly heldMs: number; readonly waitMs: number; readonly signal?: AbortSignal },
    work: () => Promise<T>,
  ): Promise<T | null> {
    const key = storeKey('ledger-lock', scope.resource, scope.marketplace, content.groupId, content.digest);
    const token = randomUUID();
    const giveUpAt = Date.now() + times.waitMs;
    while (!(await this.store.setIfAbsent(key, token, times.heldMs))) {
      if (Date.now() >= giveUpAt || times.signal?.aborted) return null;
      await wait(LOCK_POLL_MS);
    }
    try {
      return await work();
    } finally {
      await this.store.delete(key, token);
    }
  }
}

function keyOf(scope: LedgerScope, key: string): string {
  return storeKey('ledger-key', scope.resource, scope.marketplace, key);
}

function contentKeyOf(scope: LedgerScope, content: ChargeContent): string {
  return storeKey('ledger-content', scope.resource, scope.marketplace, content.groupId, content.digest);
}

/** Null for text that is no record of ours: nothing is known then. */
function parseKeyRecord(text: string | null): KeyRecord | null {
  const value = parse(text);
  if (!isRecord(value) || typeof value.digest !== 'string') return null;
  const { digest, state, groupId, chargeId } = value;
  if (state === 'open' && typeof groupId === 'string') return { state, digest, groupId };
  return state === 'done' && typeof chargeId === 'string' ? { state, digest, chargeId } : null;
}

/** Null for text that is no record of ours. */
function parseContentRecord(text: string | null): ContentRecord | null {
  const value = parse(text);
  if (!isRecord(value) || !isTexts(value.known) || !isTexts(value.open)) return null;
  if (typeof value.settledAt !== 'number') return null;
  return { known: value.known, open: value.open, settledAt: value.settledAt };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function parse(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
