import type { UsageOverTime } from '../../usage/engine/usage-over-time.js';
import { csvOf } from '../../usage/statement/statement-csv.js';
import type {
  UsageStatement,
  UsageStatementLine,
  UsageStatementStep,
} from '../../usage/statement/usage-statement.js';
import type { UsageFact } from '../../usage/meters/usage-fact.js';
import { dayInWords, dayNumberOf, localTimes } from '../../usage/statement/local-words.js';
import { at, count, number } from '../../views/format.js';
import { html, type Html, type HtmlValue } from '../../views/html.js';
import { card, foreign, keyValues, table } from '../../views/parts.js';
import { usageByDay } from '../../views/usage-charts.js';
import type { ConsolePage } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { maskedText } from '../../utils/masked-values.js';
import { periodOf, reasonOf, stateOf } from './usage-look.js';
import { amountOf, decisionsOf, queryOf, referenceOf, type UsageDecision } from './usage-reference.js';

const PATH = 'usage';

const LINES: Readonly<Record<UsageStatementLine['kind'], string>> = {
  usage: 'Usage',
  free: 'Within the trial',
  minimum: 'To the minimum',
  cap: 'Above the cap',
  correction: 'Correction of an earlier period',
  transfer: 'Moved by hand',
  writeOff: 'Left at the end',
};

const DECISION_LINKS: Readonly<Record<UsageDecision, string>> = {
  approve: 'Let it go out…',
  retry: 'Send it again…',
  writeOff: 'Write it off…',
  reopen: 'Take the bill back…',
};

/** A statement with all its arithmetic: what a customer's bookkeeper recomputes. */
export function statementPage(
  view: ConsoleView,
  statement: UsageStatement,
  uses: readonly UsageFact[],
  days: readonly UsageOverTime[] | string,
): ConsolePage {
  const { company, meter, currency, seq, zone, bills, digest, previousDigest, facts } = statement;
  const ref = referenceOf(statement);
  const query = queryOf(ref);
  const chain = queryOf({ marketplace: ref.marketplace, group: ref.group, meter: ref.meter });
  const decisions = decisionsOf(statement);
  const why = reasonOf(statement);
  const name = company.name ?? company.group;
  const late = statement.lines.reduce((sum, { lateFacts = 0 }) => sum + lateFacts, 0);
  const { period } = statement;
  const times = period && localTimes(Date.parse(period.from), Date.parse(period.to), zone);
  const body = html`<div class="two left">
    <div class="stack">
      ${
        why === ''
          ? ''
          : card(
              why,
              html`<p class="soft">${NOTHING_LOST}</p>
                <p class="actions">
                  ${decisions.map((one, index) => decisionLink(view, query, one, index === 0))}
                </p>`,
              {
                cls: 'warn',
                aside: html`since ${view.when(statement.since)}`,
              },
            )
      }
      <section class="card flush" aria-label="What is charged">
        <header>
          <h2>What is charged</h2>
          ${stateOf(statement)}
        </header>
        ${linesTable(statement)}
      </section>
      ${daysCard(statement, days)} ${uses.length === 0 ? '' : usesCard(view, chain, uses, facts.count)}
      ${card(
        'How to check this',
        html`<p>
          Take the statement as CSV: the amounts of its lines and the opening, less what is billed, are the
          closing. Bills are rounded once, to the smallest amount of the currency; what is left is carried on.
        </p>`,
      )}
    </div>
    <div class="stack">
      ${card(
        'Facts',
        keyValues([
          ['Company', html`${foreign(name)} <code>${company.group}</code>`],
          ['Bills', billsOf(bills)],
          ['Uses', `${number(facts.count)} stated`],
          ...(late === 0 ? [] : [['Late', `${number(late)} came after their period was closed`] as const]),
          ['Zone', times === null ? zone : `${zone}, ${times}`],
          ['Sealed', at(statement.sealedAt)],
          ['Digest', html`<code>${digest}</code>`],
          ['The one before', previousDigest === '' ? 'none' : html`<code>${previousDigest}</code>`],
          ...(statement.error === null
            ? []
            : [['Last error', html`<code>${statement.error}</code>`] as const]),
          ...(statement.reason === null ? [] : [['Written off because', foreign(statement.reason)] as const]),
        ]),
      )}
      ${card(
        'If something is wrong',
        html`<p>A statement that is charged never changes. A correction becomes a line of the next one.</p>
          <p class="actions">
            <a class="button" href="${view.link(PATH, 'correct', chain)}">Correct a use…</a>
            ${why === '' ? decisions.map((one) => decisionLink(view, query, one, false)) : ''}
          </p>`,
        { cls: 'noprint' },
      )}
    </div>
  </div>`;
  return {
    title: `Statement ${seq}, ${periodOf(statement)}`,
    lead: html`${foreign(name)} on ${company.marketplace} · ${foreign(meter.label)} ·
    ${amountOf(statement.billed, currency)}`,
    crumbs: [
      ['Usage', view.link(PATH)],
      [`${company.group}, ${meter.name}`, view.link(PATH, 'company', chain)],
    ],
    actions: html`<a class="button" href="${view.link(PATH, 'statement', { ...query, format: 'csv' })}">CSV</a
      ><a class="button" href="${view.link(PATH, 'statement', { ...query, format: 'json' })}">JSON</a
      ><button type="button" data-print hidden>Print</button>`,
    body,
    data: statement,
    csv: { name: `usage-${company.group}-${meter.name}-${seq}`, text: csvOf(statement) },
  };
}

/** Usage of the period by local day; why it is not there where it could not be read in time. */
function daysCard({ meter, zone }: UsageStatement, days: readonly UsageOverTime[] | string): Html | '' {
  if (typeof days === 'string') return card('How it was used', html`<p class="soft">${days}</p>`);
  if (days.length < 3) return '';
  const shown = days.map(({ day, quantity }) => ({ label: dayInWords(dayNumberOf(day), true), quantity }));
  return card('How it was used', usageByDay('days', `${meter.label} by day`, `time of ${zone}`, shown));
}

function usesCard(
  view: ConsoleView,
  chain: Readonly<Record<string, string>>,
  uses: readonly UsageFact[],
  all: number,
): Html {
  return html`<section class="card flush" aria-label="Uses">
    <header>
      <h2>Uses</h2>
      <p class="small soft">${number(uses.length)} of ${number(all)} shown, by their ids</p>
    </header>
    ${table(
      'Uses',
      [{ name: 'Id', kind: 'lead' }, { name: 'When' }, { name: 'Of' }, { name: 'Quantity', kind: 'num' }],
      uses.map(({ id, at: time, key, quantity }) => [
        html`<a href="${view.link(PATH, 'correct', { ...chain, fact: id })}">${foreign(id)}</a>`,
        at(time.toISOString()),
        key === undefined ? '–' : foreign(maskedText(key)),
        String(quantity ?? 1),
      ]),
    )}
  </section>`;
}

const NOTHING_LOST = 'Its amount is in the books and nowhere else until somebody decides.';

function decisionLink(
  view: ConsoleView,
  query: Readonly<Record<string, string>>,
  decision: UsageDecision,
  isFirst: boolean,
): Html {
  const href = view.link(PATH, 'confirm', { ...query, decision });
  return html`<a class="button ${isFirst ? 'primary' : ''}" href="${href}">${DECISION_LINKS[decision]}</a>`;
}

function billsOf(bills: UsageStatement['bills']): HtmlValue {
  if (bills.length === 0) return 'none';
  return bills.map(({ id, key }) =>
    id === null
      ? html`<p>
          not made yet <small><code>${key}</code></small>
        </p>`
      : html`<p><code>${id}</code></p>`,
  );
}

function linesTable(statement: UsageStatement): Html {
  const { lines, currency, opening, total, billed, closing } = statement;
  const sums: readonly (readonly [string, string])[] = [
    ['Carried on from before', opening],
    ['Together', total],
    ['Billed', billed],
    ['Carried on', closing],
  ];
  return table(
    'Lines',
    [
      { name: 'Line', kind: 'lead' },
      { name: 'Quantity', kind: 'num' },
      { name: 'Price', kind: 'num' },
      { name: 'Arithmetic' },
      { name: 'Amount', kind: 'num' },
    ],
    [
      ...lines.flatMap((line) => rowsOf(line, currency)),
      ...sums.map(([name, amount]) => [
        html`<b>${name}</b>`,
        '',
        '',
        '',
        html`<b>${amountOf(amount, currency)}</b>`,
      ]),
    ],
  );
}

/** A row for each step of the price, unless a line is only a part of what its steps come to. */
function rowsOf(line: UsageStatementLine, currency: string): HtmlValue[][] {
  const { kind, steps, share, lateFacts } = line;
  const late = lateFacts === undefined ? '' : `, ${count(lateFacts, 'use')} came late`;
  const name = html`${LINES[kind]} <small>${daysOf(line)}${late}</small>`;
  if (share !== null || steps.length < 2) {
    const arithmetic = html`${steps.map((step) => html`<p class="small">${arithmeticOf(step)}</p>`)}${
      share === null ? '' : html`<p class="small">times ${share} of the period</p>`
    }`;
    const price = steps.length === 1 ? steps[0]!.unit : '';
    return [[name, line.quantity, price, arithmetic, amountOf(line.amount, currency)]];
  }
  return steps.map((step, index) => [
    index === 0 ? name : html`<small>${LINES[kind]}, next</small>`,
    step.quantity,
    step.unit,
    arithmeticOf(step),
    amountOf(step.amount, currency),
  ]);
}

function arithmeticOf({ quantity, unit, flat, amount }: UsageStatementStep): string {
  return `${quantity} × ${unit}${flat === '0' ? '' : ` + ${flat}`} = ${amount}`;
}

function daysOf({ from, to }: UsageStatementLine): string {
  return from === to ? from.slice(0, 10) : `${from.slice(0, 16)} to ${to.slice(0, 16)} UTC`;
}

const DECIDED: Readonly<
  Record<UsageDecision, { readonly title: string; readonly label: string; readonly what: string }>
> = {
  approve: {
    title: 'Let it go out?',
    label: 'Bill this amount',
    what: 'It is sent to the marketplace at once, and stands on the next invoice of the company.',
  },
  retry: {
    title: 'Send it again?',
    label: 'Send it again',
    what: 'It is sent as it was sealed, under the same key: where a bill was made before, none is made again. Where the marketplace refused what it says, it will refuse it again until that is mended there.',
  },
  writeOff: {
    title: 'Write it off?',
    label: 'Write it off',
    what: 'The company is never charged for it. It cannot be undone.',
  },
  reopen: {
    title: 'Take the bill back?',
    label: 'Take the bill back',
    what: 'The bill is cancelled at the marketplace, and its amount goes into the next statement, together with corrections that came meanwhile.',
  },
};

/** What exactly will happen to a statement. */
export function decisionPage(
  view: ConsoleView,
  statement: UsageStatement,
  decision: UsageDecision,
): ConsolePage {
  const { title, label, what } = DECIDED[decision];
  const { company, currency, billed, status, seq } = statement;
  const query = queryOf(referenceOf(statement));
  const body =
    decision === 'writeOff'
      ? {
          body: html`<label
            >Why, for the books<input name="reason" maxlength="200" autocomplete="off" required
          /></label>`,
        }
      : {};
  const content = html`<p class="big">${amountOf(billed, currency)}</p>
    ${keyValues([
      [
        'Company',
        html`${foreign(company.name ?? company.group)} <code>${company.group}</code> on ${company.marketplace}`,
      ],
      ['Statement', `${seq}, ${periodOf(statement)}`],
      ['State', stateOf(statement)],
    ])}
    <p>${what}</p>
    <div class="actions">
      ${view.action({ section: PATH, action: 'decide', role: 'money', label, kind: 'danger', fields: { ...query, decision, status }, ...body })}
      <a class="button quiet" href="${view.link(PATH, 'statement', query)}">Leave it as it is</a>
    </div>`;
  return {
    title,
    crumbs: [
      ['Usage', view.link(PATH)],
      [`Statement ${seq}`, view.link(PATH, 'statement', query)],
    ],
    body: html`<section class="card confirm money" aria-label="What will happen">${content}</section>`,
    data: { ...referenceOf(statement), decision, status, billed, currency },
  };
}
