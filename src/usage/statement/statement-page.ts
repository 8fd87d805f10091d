import { usageByDay } from '../../views/usage-charts.js';
import { DOCUMENT_PAGE_POLICY, documentPage } from '../../views/document-page.js';
import { at } from '../../views/format.js';
import { html, type Html, type HtmlValue } from '../../views/html.js';
import { card, foreign, id, keyValues, pill, table, type Tone } from '../../views/parts.js';
import type { UsageOverTime } from '../engine/usage-over-time.js';
import { placesOf } from '../exact/currency-step.js';
import { dayOf } from '../calendar/local-days.js';
import { dayInWords, dayNumberOf, localTimes, periodOfDays } from './local-words.js';
import type { UsageStatement, UsageStatementLine } from './usage-statement.js';

/** Content-Security-Policy to send with {@link usageStatementPage}: its own style, and nothing else. */
export const USAGE_STATEMENT_PAGE_POLICY = DOCUMENT_PAGE_POLICY;

/** What stands on the page beside the statement. */
export interface UsageStatementPageOptions {
  /** Usage of the period by day, from `usage(…, 'day')`: its second page. Nothing by default. */
  readonly days?: readonly UsageOverTime[];
}

/**
 * A statement as a page to be read and printed (usage §9): every line with its arithmetic, in local days, so that whoever
 * reads it can compute the bill again. It stands alone: no scripts, no other address, light and dark, A4 in print.
 *
 * ```ts
 * response.setHeader('content-security-policy', USAGE_STATEMENT_PAGE_POLICY);
 * return usageStatementPage(await usage.statement({ bill }));
 * ```
 */
export function usageStatementPage(
  statement: UsageStatement,
  { days = [] }: UsageStatementPageOptions = {},
): string {
  const { meter, company, seq, regular } = statement;
  const of = periodOf(statement);
  const who = company.name ?? company.group;
  const title = [meter.label, regular ? of : `corrections, ${of}`, who].filter(Boolean).join(', ');
  return documentPage(
    title,
    html`<div class="head">
        <div>
          <h1>${meter.label}, ${regular ? of : `corrections, ${of}`}, ${foreign(who)}</h1>
          <p class="lead">
            Statement ${seq}${statement.status === 'open' ? ', not closed yet' : ''} · ${boundsOf(statement)}
          </p>
        </div>
      </div>
      <div class="stack">
        ${card('What is charged', linesOf(statement), { flush: true })} ${sumsOf(statement)}
        ${lateOf(statement)} ${factsOf(statement)}
        ${card('How to check this', html`<p>${CHECK} ${ROUNDING}</p>`)}
        ${days.length > 0 ? daysOf(statement, days) : ''}
      </div>`,
  );
}

/** An amount with all its places, and at least those of its currency. */
function money(amount: string, currency: string): string {
  const [whole = '0', fraction = ''] = amount.split('.');
  const places = placesOf(currency);
  return places === 0 && fraction === '' ? whole : `${whole}.${fraction.padEnd(places, '0')}`;
}

const CHECK =
  'In each line, quantity times price plus the fixed amount is the amount. The lines and what was carried before are the total; what is billed and what is carried on are the total again.';

const ROUNDING =
  'No line is rounded: only the total is, to what can be billed, half up; what that leaves is carried on to the next statement, and never lost.';

function periodOf({ period }: UsageStatement): string {
  return period ? periodOfDays(period.localFrom, period.localTo) : 'no period';
}

function boundsOf({ period, zone }: UsageStatement): HtmlValue {
  if (!period) return 'about money alone';
  const last = dayInWords(dayNumberOf(period.localTo));
  return html`${dayInWords(dayNumberOf(period.localFrom))} to ${last}, time of ${zone}`;
}

function linesOf({ lines, currency, meter, zone }: UsageStatement): Html {
  if (lines.length === 0) return html`<div class="pager"><span>Nothing was used.</span></div>`;
  const rows = lines.flatMap((line) => rowsOf(line, nameOf(line, meter.unitLabel, zone), currency));
  return table(
    `Lines, amounts in ${currency}`,
    [
      { name: 'Line', kind: 'lead' },
      { name: 'Quantity', kind: 'num' },
      { name: 'Price', kind: 'num' },
      { name: 'Arithmetic' },
      { name: `Amount in ${currency}`, kind: 'num' },
    ],
    rows,
  );
}

/** A row for each step, unless a line is only a part of the price of its steps. */
function rowsOf(line: UsageStatementLine, name: string, currency: string): HtmlValue[][] {
  const isSplit = line.steps.length > 0 && line.share === null;
  if (!isSplit) {
    const [step] = line.steps;
    const part = line.share === null ? '' : html` <small>for ${line.share} of the period</small>`;
    const counted = line.kind === 'usage' || line.kind === 'free' || line.kind === 'correction';
    const quantity = counted ? line.quantity : '';
    return [[html`${name}${part}`, quantity, step?.unit ?? '', '', money(line.amount, currency)]];
  }
  return line.steps.map(({ quantity, unit: price, flat, amount }, index) => [
    index === 0 ? name : html`<small>${name}, next</small>`,
    quantity,
    price,
    `${quantity} × ${price}${flat === '0' ? '' : ` + ${flat}`}`,
    money(amount, currency),
  ]);
}

/** Local days, the last one included. */
function daysWithin(from: string, to: string, zone: string): string {
  const [first, last] = [dayOf(Date.parse(from), zone), dayOf(Date.parse(to) - 1, zone)];
  return first === last ? dayInWords(first) : `${dayInWords(first)} to ${dayInWords(last)}`;
}

function nameOf({ kind, from, to }: UsageStatementLine, unit: string | null, zone: string): string {
  switch (kind) {
    case 'usage':
      return unit === null ? 'Usage' : `Usage, per ${unit}`;
    case 'free':
      return 'Free trial';
    case 'minimum':
      return 'Up to the least amount of a period';
    case 'cap':
      return 'Down to the highest amount of a period';
    case 'correction':
      return `Correction of ${daysWithin(from, to, zone)}`;
    case 'transfer':
      return 'Transfer';
    case 'writeOff':
      return 'Too little to be billed: left out';
  }
}

function sumsOf({ opening, lines, total, billed, closing, currency, returned }: UsageStatement): Html {
  const taken =
    returned.length === 0
      ? ''
      : html` <small>with the bills taken back of statement ${returned.join(', ')}</small>`;
  return card(
    'Sum',
    keyValues([
      ['Carried before', html`${money(opening, currency)} ${currency}${taken}`],
      ['Lines', String(lines.length)],
      ['Total', `${money(total, currency)} ${currency}`],
      ['Billed', html`<b>${money(billed, currency)} ${currency}</b>`],
      ['Carried on', `${money(closing, currency)} ${currency}`],
    ]),
  );
}

/** One sentence for each period that was priced again. */
function lateOf({ lines, zone }: UsageStatement): Html | '' {
  const corrections = lines.filter(({ kind }) => kind === 'correction');
  if (corrections.length === 0) return '';
  return card(
    'What came late',
    html`${corrections.map(({ from, to, lateFacts = 0, quantity }) => {
      const days = daysWithin(from, to, zone);
      const what = lateFacts === 1 ? '1 record' : `${lateFacts} records`;
      return html`<p>
        ${lateFacts > 0 ? `${what} of ${days} reached us after that period was closed.` : `Usage of ${days} follows from records of an earlier period.`}
        The period was priced again, with ${quantity} in all; the difference is a line above.
      </p>`;
    })}`,
  );
}

const STATUS: Readonly<Record<UsageStatement['status'], readonly [Tone, string]>> = {
  open: ['info', 'Not closed yet'],
  nothing: ['good', 'Closed, nothing to bill'],
  sealed: ['info', 'Closed, on its way'],
  billed: ['good', 'Billed'],
  held: ['warn', 'Closed, waits'],
  refused: ['bad', 'Refused by the marketplace'],
  cancelling: ['info', 'Being taken back'],
  cancelled: ['idle', 'Taken back'],
  expired: ['bad', 'Not billed: no card for 90 days'],
  writtenOff: ['idle', 'Written off'],
};

function factsOf(statement: UsageStatement): Html {
  const { status, period, zone, facts, digest, sealedAt, bills, company } = statement;
  const [tone, word] = STATUS[status];
  const times = period ? localTimes(Date.parse(period.from), Date.parse(period.to), zone) : null;
  const sealed = status === 'open' ? [] : [['Closed', at(sealedAt)] as const];
  return card(
    'Facts',
    keyValues([
      ['Status', pill(tone, word)],
      ...sealed,
      ...bills.map(({ id: bill, key, description }, index): readonly [HtmlValue, HtmlValue] => [
        bills.length === 1 ? 'Bill' : `Bill ${index + 1}`,
        html`${bill === null ? 'not made yet' : id(bill)} <small>${description} · ${id(key)}</small>`,
      ]),
      ['Company', html`${id(company.group)}, ${company.marketplace}`],
      ['Records', `${facts.count} counted`],
      ['Zone', times === null ? zone : `${zone}, ${times}`],
      ...(digest === '' ? [] : [['Digest', id(digest.slice(0, 16))] as const]),
    ]),
  );
}

function daysOf({ meter, zone, currency }: UsageStatement, days: readonly UsageOverTime[]): Html {
  const shown = days.map(({ day, quantity }) => ({ label: dayInWords(dayNumberOf(day), true), quantity }));
  const chart = usageByDay('days', `${meter.label} by day`, `time of ${zone}`, shown);
  const isPriced = days.some(({ amount }) => amount !== null);
  const list = table(
    'Usage by day',
    [
      { name: 'Day', kind: 'lead' },
      { name: 'Quantity', kind: 'num' },
      ...(isPriced ? [{ name: `Amount in ${currency}`, kind: 'num' } as const] : []),
    ],
    days.map(({ day, quantity, amount }) => [
      dayInWords(dayNumberOf(day)),
      quantity,
      ...(isPriced ? [amount === null ? '' : money(amount, currency)] : []),
    ]),
    { tight: true },
  );
  return html`${card('How it was used', chart, { cls: 'newpage' })}
  ${card('Usage by day', list, { flush: true })}`;
}
