import { randomUUID } from 'node:crypto';

import { Inject, Injectable, Logger } from '@nestjs/common';

import { MaestranoConsoleError } from '../../errors/console.error.js';
import { MAX_BATCH, MaestranoStore } from '../../stores/maestrano-store.js';
import { storeKey } from '../../stores/store-key.js';
import { isRecord } from '../../utils/values.js';
import { CONSOLE_SETTINGS, type ConsoleSettings } from '../console-settings.js';
import { type ScannedPage, scanIndex } from '../store-scan.js';
import type { ConsoleAuditEntry, ConsoleOutcomeKind } from './audit-entry.js';

/** Name of the index that lists all entries. */
const INDEX = 'console-audit:all';
/** After so many entries of this process those beyond the limit are removed. */
const TRIM_EVERY = 100;

/** What is known of an action before it is begun. */
export type AuditedAction = Omit<ConsoleAuditEntry, 'id' | 'at' | 'outcome' | 'text'>;

/**
 * Who did what in the console: kept in the application's store, bounded in number and time. An action is written down
 * before it is begun, and does not begin where that fails.
 */
@Injectable()
export class ConsoleAuditLog {
  readonly #logger = new Logger('MaestranoConsole');
  #untrimmed = 0;

  constructor(
    private readonly store: MaestranoStore,
    @Inject(CONSOLE_SETTINGS) private readonly settings: ConsoleSettings,
  ) {}

  /**
   * Writes down that an action begins.
   *
   * @throws MaestranoConsoleError `console.audit` when it cannot be written.
   */
  async begin(action: AuditedAction): Promise<ConsoleAuditEntry> {
    const entry = this.#entry(action, 'begun', '');
    try {
      await this.#write(entry);
    } catch (cause) {
      throw new MaestranoConsoleError('console.audit', { cause });
    }
    return entry;
  }

  /** Writes down what came of an action. Never rejects: what is done is done. */
  async finish(
    entry: ConsoleAuditEntry,
    outcome: ConsoleOutcomeKind,
    text: string,
  ): Promise<ConsoleAuditEntry> {
    const complete = { ...entry, outcome, text };
    await this.#keep(complete);
    return complete;
  }

  /** Writes down an action that was refused. Never rejects. */
  async refused(action: AuditedAction, text: string): Promise<ConsoleAuditEntry> {
    const entry = this.#entry(action, 'refused', text);
    await this.#keep(entry);
    return entry;
  }

  /** One entry; null when there is none any more. */
  async find(id: string): Promise<ConsoleAuditEntry | null> {
    return parseEntry(await this.store.get(keyOf(id)));
  }

  /** Entries that match, newest first; what follows begins at `next`. */
  page(
    before: string | null,
    limit: number,
    matches: (entry: ConsoleAuditEntry) => boolean = () => true,
  ): Promise<ScannedPage<ConsoleAuditEntry>> {
    return scanIndex(this.store, INDEX, { before, limit }, ({ value }) => {
      const entry = parseEntry(value);
      return entry !== null && matches(entry) ? entry : null;
    });
  }

  #entry(action: AuditedAction, outcome: ConsoleOutcomeKind, text: string): ConsoleAuditEntry {
    return { ...action, id: randomUUID(), at: new Date().toISOString(), outcome, text };
  }

  async #keep(entry: ConsoleAuditEntry): Promise<void> {
    try {
      await this.#write(entry);
    } catch (error) {
      this.#logger.error(`Audit entry was not kept: ${describe(entry)} (${nameOf(error)})`);
    }
    await this.#handOut(entry);
  }

  async #handOut(entry: ConsoleAuditEntry): Promise<void> {
    try {
      await this.settings.audit.write?.(entry);
    } catch (error) {
      this.#logger.error(`audit.write failed: ${describe(entry)} (${nameOf(error)})`);
    }
  }

  async #write(entry: ConsoleAuditEntry): Promise<void> {
    const index = { name: INDEX, at: Date.parse(entry.at) };
    const { keepMs } = this.settings.audit;
    await this.store.writeMany([
      { key: keyOf(entry.id), value: JSON.stringify(entry), ttlMs: keepMs, index },
    ]);
    this.#untrimmed += 1;
    if (this.#untrimmed < TRIM_EVERY) return;
    this.#untrimmed = 0;
    await this.#trim().catch(() => undefined);
  }

  /** Removes what is beyond the limit. */
  async #trim(): Promise<void> {
    let kept = 0;
    for (let before: string | null = null; ;) {
      const limit = Math.min(MAX_BATCH, Math.max(1, this.settings.audit.maxEntries - kept));
      const { entries, next } = await this.store.page(INDEX, before === null ? { limit } : { before, limit });
      if (kept >= this.settings.audit.maxEntries) {
        await this.store.writeMany(entries.map(({ key }) => ({ key, value: null, ttlMs: null })));
      } else kept += entries.length;
      if (next === null) return;
      before = next;
    }
  }
}

function keyOf(id: string): string {
  return storeKey('console-audit', id);
}

function describe({ who, action, on, outcome }: ConsoleAuditEntry): string {
  return JSON.stringify({ who, action, on, outcome });
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown error';
}

/** Null for text that is no entry of ours. */
function parseEntry(stored: string | null): ConsoleAuditEntry | null {
  if (stored === null) return null;
  try {
    const value: unknown = JSON.parse(stored);
    return isRecord(value) && typeof value.id === 'string' && typeof value.who === 'string'
      ? (value as unknown as ConsoleAuditEntry)
      : null;
  } catch {
    return null;
  }
}
