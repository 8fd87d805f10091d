import { hash } from 'node:crypto';

import { dayOf, isoDay } from '../calendar/local-days.js';
import { placesOf } from '../exact/currency-step.js';
import {
  AMOUNT_PLACES,
  formatExact,
  parseAmount,
  PRICE_PLACES,
  QUANTITY_PLACES,
  sumOf,
  tenTo,
} from '../exact/exact-decimal.js';
import type {
  SealedStatement,
  UsageBillPayload,
  UsageStatement,
  UsageStatementLine,
} from '../statement/usage-statement.js';
import { lanesDigest } from '../store/fact-digest.js';
import type {
  FoundStatement,
  SeriesRow,
  StatementBill,
  StatementProgress,
  StatementRow,
  StatementStatus,
  UsageChainState,
} from '../store/usage-records.js';
import type { MeterSettings } from '../usage-settings.js';
import { amountText, billDescription, billParts, billUnits, periodInWords } from './bill-texts.js';
import { boundedPeriod, type PlannedLine, type StatementPlan } from './statement-plan.js';
import { type KnownCompany, NOBODY } from './usage-company.js';

const iso = (at: number): string => new Date(at).toISOString();

/** A statement before it is stored, and the chain as it is afterwards. */
export interface MadeStatement {
  readonly row: StatementRow;
  readonly chain: UsageChainState;
  readonly bill: bigint;
  readonly statement: UsageStatement;
}

/** What a statement is made of, whatever made it. */
export interface StatementParts {
  readonly chain: UsageChainState;
  readonly lines: readonly PlannedLine[];
  readonly opening: bigint;
  readonly bill: bigint;
  readonly closing: bigint;
  readonly period: { readonly from: number; readonly to: number; readonly zone: string } | null;
  readonly regular: boolean;
  readonly quantity: bigint;
  readonly claimed: { readonly rows: number; readonly lanes: readonly [bigint, bigint] };
  readonly late: ReadonlyMap<number, number>;
}

/** The parts of a planned statement. */
export function partsOf(plan: StatementPlan, leftAt: number | null): StatementParts {
  const about = plan.regular ?? plan.earliest;
  return {
    ...plan,
    regular: plan.regular !== null,
    period: { ...boundedPeriod(about, leftAt), zone: about.zone },
    claimed: { rows: plan.claim.rows, lanes: plan.lanes },
  };
}

/** Writes a statement down: from here on nothing of it is computed again (usage §0 row 6). */
export function makeStatement(
  series: SeriesRow,
  meter: MeterSettings,
  company: KnownCompany,
  parts: StatementParts,
  now: number,
): MadeStatement {
  const { chain, bill } = parts;
  const seq = chain.seq + 1;
  const zone = parts.period?.zone ?? meter.zone;
  const sealed: SealedStatement = {
    format: 1,
    chain: chain.id,
    seq,
    company: { marketplace: series.marketplace, group: series.group, name: company.name },
    meter: { name: meter.name, label: meter.label, unitLabel: meter.unitLabel },
    zone,
    currency: chain.currency,
    period: periodText(parts),
    regular: parts.regular,
    opening: amountText(parts.opening),
    lines: parts.lines.map((line) => lineText(line, parts.late)),
    total: amountText(parts.opening + sumOf(parts.lines.map(({ amount }) => amount))),
    billed: amountText(bill),
    closing: amountText(parts.closing),
    returned: chain.returned,
    payload: bill > 0n ? payloadOf(series, meter, parts) : null,
    facts: { count: parts.claimed.rows, digest: lanesDigest(parts.claimed.lanes) },
    previousDigest: chain.digest,
    sealedAt: iso(now),
  };
  const body = JSON.stringify(sealed);
  const held = bill > 0n ? heldFor(meter, company, chain.currency, bill) : null;
  const status: StatementStatus = bill === 0n ? 'nothing' : held ? 'held' : 'sealed';
  const bills = billsOf(meter, parts, zone);
  const progress: StatementProgress = { bills, held, since: now, error: null, fields: {}, reason: null };
  const digest = digestOf(body);
  return {
    row: { chain: chain.id, seq, status, progress, body, sealedAt: now },
    chain: { ...chain, seq, carry: amountText(parts.closing), digest, returned: [] },
    bill,
    statement: shownStatement(sealed, status, progress, digest),
  };
}

/** SHA-256 of what was sealed, which holds the digest of the statement before. */
export function digestOf(body: string): string {
  return hash('sha256', body);
}

/** A stored statement, for people. */
export function readStatement({ body, status, progress }: Omit<FoundStatement, 'series'>): UsageStatement {
  return shownStatement(JSON.parse(body) as SealedStatement, status, progress, digestOf(body));
}

function shownStatement(
  sealed: SealedStatement,
  status: StatementStatus,
  { bills, held, error, fields, reason, since }: StatementProgress,
  digest: string,
): UsageStatement {
  const shown = { held: status === 'held' ? held : null, error, fields, reason, since: iso(since), digest };
  return { ...sealed, status, bills, ...shown };
}

function periodText({ period }: StatementParts): SealedStatement['period'] {
  if (!period) return null;
  const { from, to, zone } = period;
  const [localFrom, localTo] = [isoDay(dayOf(from, zone)), isoDay(dayOf(to - 1, zone))];
  return { from: iso(from), to: iso(to), localFrom, localTo };
}

function lineText(line: PlannedLine, late: ReadonlyMap<number, number>): UsageStatementLine {
  const lateFacts = line.kind === 'correction' ? (late.get(line.period ?? -1) ?? 0) : 0;
  return {
    kind: line.kind,
    period: line.period,
    from: iso(line.from),
    to: iso(line.to),
    quantity: formatExact(line.quantity, QUANTITY_PLACES),
    share: line.share === null ? null : formatExact(line.share, QUANTITY_PLACES),
    steps: line.steps.map(({ quantity, unit, flat, amount }) => ({
      quantity: formatExact(quantity, QUANTITY_PLACES),
      unit: formatExact(unit, PRICE_PLACES),
      flat: amountText(flat),
      amount: amountText(amount),
    })),
    amount: amountText(line.amount),
    ...(lateFacts > 0 && { lateFacts }),
  };
}

function payloadOf(series: SeriesRow, meter: MeterSettings, parts: StatementParts): UsageBillPayload {
  const { from, to } = parts.period!;
  return {
    groupId: series.group,
    currency: parts.chain.currency,
    units: parts.regular ? billUnits(parts.quantity) : null,
    periodStartedAt: iso(from),
    periodEndedAt: iso(to),
    thirdParty: meter.thirdParty,
  };
}

function billsOf(meter: MeterSettings, parts: StatementParts, zone: string): readonly StatementBill[] {
  const { chain, bill, period, regular, quantity } = parts;
  if (bill === 0n || !period) return [];
  const seq = chain.seq + 1;
  const cents = billParts(bill, chain.currency, meter.amountsIn);
  const about = {
    label: meter.label,
    period: periodInWords(period.from, period.to, zone),
    regular,
    quantity: regular && billUnits(quantity) === null && quantity > 0n ? quantity : null,
    seq,
  };
  return cents.map((priceCents, index) => ({
    key: `usage/${chain.id}/${seq}${cents.length === 1 ? '' : `/${index + 1}`}`,
    priceCents,
    description: billDescription(about, index + 1, cents.length),
    id: null,
  }));
}

/** A million of the smallest units, where the meter does not say. */
const LARGE = 1_000_000n;

function heldFor(
  { maxBill, noCard }: MeterSettings,
  company: KnownCompany,
  currency: string,
  bill: bigint,
): 'card' | 'large' | 'company' | null {
  const smallest = tenTo(AMOUNT_PLACES - placesOf(currency));
  const most = maxBill === null ? LARGE * smallest : parseAmount(maxBill);
  if (bill > most) return 'large';
  if (company === NOBODY) return 'company';
  return noCard === 'hold' && company.hasCreditCard === false ? 'card' : null;
}
