import { MaestranoError } from '../../errors/maestrano.error.js';
import { MaestranoUsageError } from '../../errors/usage.error.js';
import { CloseRun, type UsageCloseReport } from './close-run.js';
import { stepOf } from './statement-sender.js';
import { UsageCloser } from './usage-closer.js';
import { type KnownCompany, NOBODY } from './usage-company.js';
import { MAX_TRIES, type UsageContext } from './usage-context.js';

/** Longest that is asked for a company, in milliseconds: a part of the time for sending. */
const ASK_MS = 1_000;

/** A company that leaves. */
export interface LeavingCompany {
  readonly marketplace: string;
  readonly group: string;
  /** When it left; now by default. */
  readonly at?: Date;
}

/**
 * The last close of a company (usage §5.5): it is marked as gone, everything is sealed in the store, and only then something
 * is sent, for a while.
 */
export class CompanyDeparture {
  constructor(private readonly context: UsageContext) {}

  /** @returns what the sending did; a failure of the store rejects, one of the marketplace never. */
  async finish(company: LeavingCompany, sendWithinMs: number): Promise<UsageCloseReport> {
    const { store, settings, now } = this.context;
    const { marketplace, group } = company;
    const at = company.at?.getTime() ?? now();
    // Of every meter, so that usage after it is refused whatever was counted before.
    const subjects = [...settings.meters.keys()].map((meter) => ({ marketplace, group, meter }));
    const ids = await store.open(subjects);
    let known: KnownCompany | null = null;
    for (const id of ids) known = (await this.#leave(id, at)) ?? known;
    const asked = performance.now();
    // A webhook does not wait for somebody who knows the company: what is sealed by the meter's own terms waits for that.
    const about = (await this.#companyOf({ marketplace, group }, known, sendWithinMs)) ?? NOBODY;
    await this.#seal(ids, about);
    return this.#send(ids, sendWithinMs - (performance.now() - asked));
  }

  /** What has no price in the company's currency is kept, and reported by every close: that is no reason to repeat a webhook. */
  async #seal(ids: readonly string[], company: KnownCompany): Promise<void> {
    const found = (await this.context.store.loadMany(ids)).filter((one) => one !== null);
    const subjects = found.map((snapshot) => ({ snapshot, company }));
    const closed = await new UsageCloser(this.context).closeAll(subjects, { send: false });
    for (const { error } of closed) {
      const isKept = error instanceof MaestranoUsageError && error.code === 'usage.currency';
      if (error !== null && !isKept) throw error;
    }
  }

  /** Marks a subject as gone; resolves with what is known of the company. */
  async #leave(id: string, at: number): Promise<KnownCompany | null> {
    const { store } = this.context;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const snapshot = await store.load(id);
      if (!snapshot) return null;
      const { leftAt, state } = snapshot.series;
      if (leftAt !== null) return state.company;
      if (await store.seal([{ ...stepOf(snapshot), leftAt: at, nextDue: 0 }])) return state.company;
    }
    throw new MaestranoUsageError('usage.contention');
  }

  /** The application's own data, else what was last known, else the marketplace for a moment; null when nobody knows. */
  async #companyOf(
    company: { readonly marketplace: string; readonly group: string },
    known: KnownCompany | null,
    withinMs: number,
  ): Promise<KnownCompany | null> {
    if (known && !this.context.settings.company) return known;
    const deadlineMs = Math.max(1, Math.min(ASK_MS, withinMs));
    try {
      const found = await this.context.company(company, {
        deadlineMs,
        signal: AbortSignal.timeout(deadlineMs),
      });
      return found ?? known;
    } catch (error) {
      if (!(error instanceof MaestranoError)) throw error;
      return known;
    }
  }

  async #send(ids: readonly string[], withinMs: number): Promise<UsageCloseReport> {
    const over = new AbortController();
    const run = new CloseRun(this.context, {
      deadlineMs: Math.max(1, Math.floor(withinMs)),
      signal: over.signal,
    });
    if (withinMs <= 0) return run.report;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        over.abort(new Error('The time for sending is over.'));
        resolve();
      }, withinMs);
    });
    const sending = run.some(ids);
    try {
      // What is under way when the time is over ends by itself; what is sealed is sent by the next run.
      await Promise.race([sending.catch(() => undefined), tooLate]);
    } finally {
      clearTimeout(timer);
    }
    return run.report;
  }
}
