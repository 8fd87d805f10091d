import { Injectable } from '@nestjs/common';

/** Hours that somebody worked for a customer. */
export interface Entry {
  /** `2026-11-28`, UTC. */
  readonly day: string;
  readonly who: string;
  readonly customer: string;
  readonly hours: number;
}

const DAY_MS = 86_400_000;
/** Entries that are kept of a company: this is a sample, in memory. */
const MAX_ENTRIES = 1_000;

/** What people of a company worked. */
@Injectable()
export class TimesheetsService {
  readonly #entries = new Map<number, Entry[]>();

  /** @param companyId of the application's own table. */
  record(companyId: number, entry: Omit<Entry, 'day'>): void {
    const entries = [{ ...entry, day: dayOf(Date.now()) }, ...(this.#entries.get(companyId) ?? [])];
    this.#entries.set(companyId, entries.slice(0, MAX_ENTRIES));
  }

  /** The last seven days, newest first. */
  week(companyId: number): readonly Entry[] {
    const since = dayOf(Date.now() - 6 * DAY_MS);
    return (this.#entries.get(companyId) ?? []).filter(({ day }) => day >= since);
  }
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
