import type { UsageBalance, UsageBalancePage } from '../../usage/engine/usage-balances.js';
import type { UsageVerification } from '../../usage/engine/usage-books.js';
import { dayInWords, dayNumberOf, periodOfDays } from '../../usage/statement/local-words.js';
import type { UsageStatement } from '../../usage/statement/usage-statement.js';
import type { UsageChainRef } from '../../usage/usage-references.js';
import { at, count, label } from '../../views/format.js';
import { filters, select } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { card, empty, foreign, keyValues, pager, pill, table, type Tone } from '../../views/parts.js';
import type { ConsolePage } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { amountOf, queryOf, referenceOf } from './usage-reference.js';

const PATH = 'usage';

/** What the filters of the list hold; empty texts mean any. */
export interface UsageFilter {
  readonly marketplace: string;
  readonly group: string;
  readonly meter: string;
}

const STATES: Readonly<Record<UsageStatement['status'], readonly [Tone, string]>> = {
  open: ['info', 'Not sealed yet'],
  nothing: ['idle', 'Nothing to bill'],
  sealed: ['info', 'Being sent'],
  billed: ['good', 'Billed'],
  held: ['warn', 'Held'],
  refused: ['bad', 'Refused'],
  cancelling: ['info', 'Being taken back'],
  cancelled: ['idle', 'Taken back'],
  expired: ['bad', 'Expired'],
  writtenOff: ['idle', 'Written off'],
};

/** How a statement stands, as a shape and a word. */
export function stateOf({ status, error }: Pick<UsageStatement, 'status' | 'error'>): Html {
  const [tone, word] = error === 'usage.stale' && status === 'sealed' ? STALE : STATES[status];
  return pill(tone, word);
}

const STALE = ['bad', 'Too old to send'] as const;

/** Why a statement waits, in a sentence. */
export function reasonOf({ status, held, error, fields }: UsageStatement): string {
  if (status === 'held') {
    if (held === 'company')
      return 'Nobody knew the company when it left. It goes out by itself once somebody does, where the currency is its own.';
    return held === 'card'
      ? 'The company has no card. It goes out by itself once there is one, for 90 days.'
      : 'It is more than goes out without somebody who looks at it.';
  }
  if (status === 'expired') return 'The company had no card for 90 days.';
  if (status === 'refused') {
    const said = Object.entries(fields).map(([name, texts]) => `${label(name)} ${texts.join(', ')}`);
    return `The marketplace refused the bill${said.length === 0 ? '' : `: ${said.join('; ')}`}.`;
  }
  if (error === 'usage.stale')
    return 'It was sealed so long ago that nobody knows any more whether its bill was made.';
  return '';
}

/** What waits for somebody, then the companies. */
export function listPage(
  view: ConsoleView,
  waiting: readonly UsageStatement[],
  page: UsageBalancePage,
  filter: UsageFilter,
  marketplaces: readonly string[],
): ConsolePage {
  const isFirst = view.param('after') === '';
  const link = (more: Readonly<Record<string, string>>): string =>
    view.link(PATH, '', { ...filter, ...more });
  const body = html`${card(
      'Waits for somebody',
      waiting.length === 0
        ? empty(
            'good',
            'No statement waits',
            'A statement whose bill is large, has no card to go to, or was refused comes here. Its amount stays in the books.',
          )
        : statementTable(view, 'Statements that wait', waiting, true),
      { flush: true },
    )}
    ${filters(
      view.link(PATH),
      null,
      html`${select('Marketplace', 'marketplace', [['', 'All'], ...marketplaces], filter.marketplace)}
      ${field('Company (cld-…)', 'group', filter.group)} ${field('Meter', 'meter', filter.meter)}`,
    )}
    <section class="card flush" aria-label="Companies">
      <header><h2>Companies</h2></header>
      ${page.balances.length === 0 ? NOBODY : balanceTable(view, page.balances)}
      ${pager(
        `${count(page.balances.length, 'line')} shown`,
        isFirst ? null : link({}),
        page.next === null ? null : link({ after: page.next }),
        ['First', 'Next'],
      )}
    </section>`;
  return {
    title:
      waiting.length === 0
        ? 'No statement waits for you'
        : `${count(waiting.length, 'statement waits', 'statements wait')} for you`,
    lead: 'What companies used, and what became of it. A statement that is charged never changes: what was wrong becomes a line of the next one.',
    actions: html`<a class="button" href="${link({ format: 'json' })}">As JSON</a>`,
    body,
    data: { waiting, balances: page.balances, next: page.next },
  };
}

const NOBODY = empty('idle', 'Nothing here', 'A company is listed once something of it was recorded.');

function field(title: string, name: string, value: string): Html {
  return html`<label
    >${title}<input name="${name}" value="${value}" maxlength="256" autocomplete="off"
  /></label>`;
}

function balanceTable(view: ConsoleView, balances: readonly UsageBalance[]): Html {
  return table(
    'Companies',
    [
      { name: 'Company', kind: 'lead' },
      { name: 'Meter' },
      { name: 'Not billed yet', kind: 'num' },
      { name: 'Carried on', kind: 'num' },
      { name: 'State' },
    ],
    balances.map((one) => [
      html`<a href="${view.link(PATH, 'company', queryOf(one))}">${foreign(one.group)}</a>
        <small>${one.marketplace}</small>`,
      foreign(one.meter),
      amountOf(one.unsent, one.currency),
      amountOf(one.carry, one.currency),
      one.leftAt === null ? pill('good', 'There') : html`${pill('idle', 'Left')} ${view.when(one.leftAt)}`,
    ]),
  );
}

function statementTable(
  view: ConsoleView,
  caption: string,
  statements: readonly UsageStatement[],
  withCompany: boolean,
): Html {
  return table(
    caption,
    [
      { name: 'Statement', kind: 'lead' },
      { name: 'Amount', kind: 'num' },
      { name: 'State' },
      { name: 'Sealed' },
      { name: 'Why' },
    ],
    statements.map((one) => [
      html`<a href="${view.link(PATH, 'statement', queryOf(referenceOf(one)))}"
          >${withCompany ? foreign(one.company.name ?? one.company.group) : periodOf(one)}</a
        ><small
          >${withCompany ? html`${foreign(one.meter.label)}, ${periodOf(one)}` : `Statement ${one.seq}`}</small
        >`,
      amountOf(one.billed, one.currency),
      stateOf(one),
      view.when(one.sealedAt),
      reasonOf(one),
    ]),
  );
}

/** `October 2026`, or its first and last day, in the company's own days. */
export function periodOf({ period }: Pick<UsageStatement, 'period'>): string {
  if (period === null) return 'by hand';
  return period.localFrom === period.localTo
    ? dayInWords(dayNumberOf(period.localFrom))
    : periodOfDays(period.localFrom, period.localTo);
}

/** What the page of a company and meter is made of. */
export interface UsageCompanyLook {
  readonly ref: UsageChainRef;
  readonly balances: readonly UsageBalance[];
  /** Newest first. */
  readonly statements: readonly UsageStatement[];
  /** The next statement as it would be by now; or why it cannot be said. */
  readonly preview: UsageStatement | string;
  /** What came of looking through the digests; null where nobody asked. */
  readonly verification: UsageVerification | null;
}

/** One company and meter: the next statement, and those before. */
export function companyPage(view: ConsoleView, look: UsageCompanyLook): ConsolePage {
  const { ref, balances, statements, preview, verification } = look;
  const query = queryOf(ref);
  const name = statements[0]?.company.name ?? null;
  const next =
    typeof preview === 'string'
      ? html`<p class="soft">${preview}</p>`
      : html`${keyValues([
            ['Period', periodOf(preview)],
            ['Would be billed', amountOf(preview.billed, preview.currency)],
            ['Carried on from before', amountOf(preview.opening, preview.currency)],
            ['Carried on then', amountOf(preview.closing, preview.currency)],
          ])}
          <p class="small soft">As it would be sealed by now. More usage changes it.</p>`;
  const body = html`<div class="two">
    <div class="stack">
      <section class="card flush" aria-label="Statements">
        <header><h2>Statements</h2></header>
        ${statements.length === 0 ? empty('idle', 'None yet', 'The first one is sealed after the period and its grace time.') : statementTable(view, 'Statements', statements, false)}
        ${pager(`${count(statements.length, 'statement')}, the newest`, null, null)}
      </section>
    </div>
    <div class="stack">
      ${card('The next one', next)}
      ${card(
        'Books',
        keyValues(
          balances.flatMap(({ currency, unsent, carry, chain, leftAt }) => [
            [`Not billed yet`, amountOf(unsent, currency)] as const,
            [`Carried on`, amountOf(carry, currency)] as const,
            ['Chain', html`<code>${chain}</code>`] as const,
            ...(leftAt === null ? [] : [['Left', at(leftAt.toISOString())] as const]),
          ]),
        ),
      )}
      ${card('Are they as they were sealed?', verificationOf(view, query, verification))}
      ${card(
        'If something is wrong',
        html`<p>
            A correction gives one use another quantity. What was charged comes right with the next statement.
          </p>
          <p class="actions">
            <a class="button" href="${view.link(PATH, 'correct', query)}">Correct a use…</a>
          </p>`,
      )}
    </div>
  </div>`;
  return {
    title: `${name ?? ref.group}, ${ref.meter}`,
    lead: html`<code>${ref.group}</code> on ${ref.marketplace}`,
    crumbs: [['Usage', view.link(PATH)]],
    actions: html`<a class="button" href="${view.link(PATH, 'company', { ...query, format: 'json' })}"
      >As JSON</a
    >`,
    body,
    data: { ...ref, balances, preview, statements, verification },
  };
}

function verificationOf(
  view: ConsoleView,
  query: Readonly<Record<string, string>>,
  verification: UsageVerification | null,
): Html {
  const again = html`<p class="actions">
    <a class="button" href="${view.link(PATH, 'company', { ...query, check: 'yes' })}">Compare digests</a>
  </p>`;
  if (verification === null)
    return html`<p class="soft">Reads every statement and fact that is kept.</p>
      ${again}`;
  const { ok, firstBad, problem } = verification;
  return ok
    ? html`<p>${pill('good', 'All as they were sealed')}</p>`
    : html`<p>${pill('bad', `Statement ${firstBad ?? ''} is not`)}</p>
        <p>${problem}</p>`;
}
