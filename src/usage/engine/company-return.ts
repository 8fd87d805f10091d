import { MaestranoUsageError } from '../../errors/usage.error.js';
import type { SealStep, SeriesSnapshot } from '../store/usage-records.js';
import type { LeavingCompany } from './company-departure.js';
import { newChain } from './open-periods.js';
import { boundedPeriod } from './statement-plan.js';
import { stepOf } from './statement-sender.js';
import { MAX_TRIES, type UsageContext } from './usage-context.js';

/**
 * A company that left is a customer again, under the id that it had (usage §5.5): its usage is taken from now on, in a chain
 * of its own. Nothing is carried over, levels begin anew, and what was used while it was away costs nothing.
 */
export async function companyReturned(context: UsageContext, company: LeavingCompany): Promise<void> {
  const { marketplace, group } = company;
  const at = company.at?.getTime() ?? context.now();
  for (const { id, leftAt } of await context.store.list({ marketplace, group }, null, MANY)) {
    if (leftAt !== null) await returned(context, id, at);
  }
}

/** Meters of one company. */
const MANY = 1_000;

async function returned({ store }: UsageContext, id: string, at: number): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const snapshot = await store.load(id);
    if (!snapshot || snapshot.series.leftAt === null) return;
    if (await store.seal([returnStep(snapshot, snapshot.series.leftAt, at)])) return;
  }
  throw new MaestranoUsageError('usage.contention');
}

function returnStep(snapshot: SeriesSnapshot, leftAt: number, at: number): SealStep {
  const { series, periods } = snapshot;
  const last = periods.at(-1);
  const chain = series.state.chains.at(-1);
  const state = { ...series.state, final: false, company: null, anchor: null };
  const step = { ...stepOf(snapshot), leftAt: null, nextDue: 0, state };
  // What was never closed goes on as if nothing had been.
  if (!last || !chain || periods.some(({ sealedBy }) => sealedBy === null)) return step;
  const { to: ends } = boundedPeriod(last, leftAt);
  const returnedAt = Math.max(at, ends + 1);
  const { currency } = chain;
  return {
    ...step,
    state: { ...state, chains: [...state.chains, { ...newChain(series, currency), since: returnedAt }] },
    // Nominal lengths stay, since a minimum and averages were prorated by them.
    stated: [
      {
        ...last,
        ends,
        terms: { ...(last.terms ?? { currency, prices: [], trialEnd: null }), nominalEnds: last.ends },
      },
    ],
    opened: [
      {
        ...last,
        n: last.n + 1,
        starts: ends,
        ends: returnedAt,
        stated: '0',
        // Free from its first to its last moment.
        terms: { currency, prices: [], trialEnd: returnedAt },
      },
    ],
  };
}
