import { createHash } from 'node:crypto';

import { MaestranoUsageError } from '../../errors/usage.error.js';
import { type BillingCycle, periodAround, periodFrom } from '../calendar/billing-cycle.js';
import { dateOfDay, dayOf, isZone } from '../calendar/local-days.js';
import type { PeriodRow, SeriesSnapshot, SeriesState, UsageChainState } from '../store/usage-records.js';
import type { MeterSettings } from '../usage-settings.js';
import type { KnownCompany } from './usage-company.js';

/** Periods that one pass opens at most: weeks of ten years. */
const MAX_OPENED = 520;

/** A subject's zone, currency and anchor, as they are by now. */
export interface OpeningTerms {
  readonly zone: string;
  readonly currency: string;
  readonly cycle: BillingCycle;
}

/** What holds for the next period of a company. @throws MaestranoUsageError `usage.currency` */
export function openingTerms(
  { series }: SeriesSnapshot,
  meter: MeterSettings,
  company: KnownCompany,
): OpeningTerms {
  const own = meter.zoneOf === 'company' && company.zone !== null && isZone(company.zone);
  const zone = own ? company.zone : meter.zone;
  const currency = company.currency ?? [...meter.prices.keys()][0]!;
  if (!meter.prices.has(currency)) {
    const { marketplace, group, meter: name } = series;
    throw new MaestranoUsageError('usage.currency', { marketplace, group, meter: name });
  }
  return { zone, currency, cycle: cycleOf(series.state, meter, company, zone) };
}

function cycleOf(
  { anchor }: SeriesState,
  { cycle }: MeterSettings,
  { createdAt }: KnownCompany,
  zone: string,
): BillingCycle {
  if (cycle.every === 'week' || cycle.day !== 'company') return cycle;
  const day = anchor ?? (createdAt === null ? 1 : dateOfDay(dayOf(createdAt, zone)).day);
  return { every: 'month', day };
}

/**
 * A chain for the next currency of a subject. Its id depends on nothing else, so that a database which was restored seals
 * under the keys that `createOnce` knows, and never charges a second time.
 */
export function newChain(
  { marketplace, group, meter, state }: SeriesSnapshot['series'],
  currency: string,
): UsageChainState {
  const name = JSON.stringify([marketplace, group, meter, currency, state.chains.length]);
  const id = createHash('sha256').update(name).digest('base64url').slice(0, 16);
  return { id, currency, carry: '0', seq: 0, digest: '', returned: [] };
}

/** New periods and the state that goes with them. */
export interface OpenedPeriods {
  readonly opened: readonly PeriodRow[];
  readonly state: SeriesState;
}

/**
 * Opens the periods that are missing from the earliest fact until now, in the zone and currency of now (usage §0 row 2, §3.5).
 * Pure; nothing is opened for a company without facts.
 */
export function openPeriods(
  snapshot: SeriesSnapshot,
  meter: MeterSettings,
  company: KnownCompany,
  now: number,
): OpenedPeriods {
  const { series, periods, earliest } = snapshot;
  const until = series.leftAt === null ? now : Math.min(now, series.leftAt - 1);
  let { state } = series;
  if (periods.length === 0 && earliest === null) return { opened: [], state };
  const [first, last] = [periods[0], periods.at(-1)];
  const isMissing = !first || !last || (earliest !== null && earliest < first.starts) || until >= last.ends;
  if (!isMissing) return { opened: [], state };
  const { zone, currency, cycle } = openingTerms(snapshot, meter, company);
  const chain = state.chains.at(-1);
  const current = chain?.currency === currency ? chain : newChain(series, currency);
  const row = { sealedBy: null, stated: '0', terms: null, grace: meter.grace };

  const opened: PeriodRow[] = [];
  let begin = first;
  let end = last;
  if (!begin || !end) {
    const bounds = periodAround(cycle, Math.min(earliest ?? until, until), zone);
    begin = end = { ...row, ...bounds, n: 0, zone, chain: current.id };
    opened.push(begin);
  }
  const needed = earliest ?? Number.POSITIVE_INFINITY;
  while (begin.starts > needed && opened.length < MAX_OPENED) {
    // In the first period's own zone and chain: what was before it is a part of the same history.
    const { starts } = periodAround(cycle, begin.starts - 1, begin.zone);
    begin = { ...row, n: begin.n - 1, starts, ends: begin.starts, zone: begin.zone, chain: begin.chain };
    opened.push(begin);
  }
  while (until >= end.ends && opened.length < MAX_OPENED) {
    const bounds = periodFrom(cycle, end.ends, zone);
    end = { ...row, ...bounds, n: end.n + 1, zone, chain: current.id };
    opened.push(end);
  }
  if (current !== chain && opened.some((period) => period.chain === current.id)) {
    state = { ...state, chains: [...state.chains, current] };
  }
  if (cycle.every === 'month' && meter.cycle.every === 'month' && meter.cycle.day === 'company') {
    state = { ...state, anchor: cycle.day };
  }
  return { opened, state };
}
