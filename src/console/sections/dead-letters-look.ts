import type {
  DeadLetter,
  DeadNotification,
  NotificationQueueCounts,
} from '../../connec/notifications/notification-queue.js';
import { listedHistory } from '../../connec/notifications/queued-entities.js';
import type { ConnecNotificationStats } from '../../interfaces/connec-notification.interface.js';
import { singularOf } from '../../utils/singular.js';
import { count, label, number } from '../../views/format.js';
import { chips } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { card, empty, keyValues, pager, table, tile, timeline } from '../../views/parts.js';
import type { ConsolePage } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { causeOf, type DeadLetterCause } from '../dead-letter-causes.js';
import { describeFilter, type LetterFilter, queryOf } from '../dead-letter-filter.js';
import type { CountedCauses, MeantLetters } from '../dead-letter-scan.js';
import { comparisonCard } from './dead-letter-attempts.js';
import { bodyCard, type LetterBody } from './dead-letter-body.js';

const PATH = 'dead-letters';
/** Lines of a page. */
export const LINES = 50;
/** Causes that have a card of their own. */
const CARDS = 6;

/** The page where notifications are handled before the response. */
export function withoutQueue(stats: ConnecNotificationStats): ConsolePage {
  return {
    title: 'No dead letters: there is no queue',
    lead: 'Notifications are handled before the response, and what fails is repeated by the platform.',
    body: html`${card(
      'Since this process started',
      keyValues(Object.entries(stats).map(([name, value]) => [label(name), number(Number(value))])),
    )}
    ${card(
      'To keep what fails',
      html`<p>
        Import <code>MaestranoBullmqModule</code> (Redis) or <code>MaestranoPgQueueModule</code> (PostgreSQL):
        notifications then are stored before the response, repeated with growing pauses, and kept here when
        all attempts are used up.
      </p>`,
    )}`,
    data: { queue: null, stats },
  };
}

/** What the list is made of. */
export interface ListedLetters {
  readonly counts: NotificationQueueCounts;
  readonly counted: CountedCauses;
  readonly list: { readonly letters: readonly DeadNotification[]; readonly next: number | null };
}

/** All dead letters by cause, and the list. */
export function listPage(
  view: ConsoleView,
  { counts, counted: { causes, looked }, list: { letters, next } }: ListedLetters,
  filter: LetterFilter,
): ConsolePage {
  const at = (more: Readonly<Record<string, string>>): string =>
    view.link(PATH, '', { ...queryOf(filter), ...more });
  const body = html`<div class="tiles">
      ${tile('Dead', number(counts.dead), 'given up', view.link(PATH))}
      ${tile('To be repeated', number(counts.delayed), 'after a pause', view.link(PATH))}
      ${tile('Waiting', number(counts.waiting), counts.lagMs === null ? 'none' : `oldest ${Math.round(counts.lagMs / 1_000)} s`, view.link(PATH))}
      ${tile('Being handled', number(counts.active), 'now', view.link(PATH))}
    </div>
    <div class="grid even">${causes.slice(0, CARDS).map((cause) => causeCard(view, cause))}</div>
    ${chips(
      'Show',
      [
        { name: 'All', href: view.link(PATH), on: filter.cause === '', count: number(counts.dead) },
        ...causes.slice(0, CARDS).map(({ cause, count: many }) => ({
          name: cause,
          href: view.link(PATH, '', { cause }),
          on: filter.cause === cause,
          count: number(many),
        })),
      ],
      html`<a href="${at({ format: 'json' })}">As JSON</a>`,
    )}
    <section class="card flush" aria-label="Dead letters">
      <h2 class="hidden">Dead letters</h2>
      ${letters.length > 0 ? letterTable(view, letters) : next === null ? NONE : NOT_YET}
      ${pager(
        `${count(letters.length, 'dead letter')} shown`,
        view.param('from') === '' ? null : at({}),
        next === null ? null : at({ from: String(next) }),
      )}
    </section>`;
  return {
    title:
      counts.dead === 0
        ? 'No dead letters'
        : `${count(counts.dead, 'dead letter')}, ${count(causes.length, 'cause')}`,
    lead:
      looked < counts.dead
        ? `${number(looked)} of ${number(counts.dead)} are counted by cause so far; each look at this page counts more. The list goes on to the oldest.`
        : 'Notifications that used up their attempts. They wait here until somebody decides; nothing is lost.',
    ...(counts.dead > 0
      ? {
          actions: html`<a class="button primary" href="${view.link(PATH, 'confirm')}"
            >Send all ${number(counts.dead)} again…</a
          >`,
        }
      : {}),
    body,
    data: {
      counts,
      causes,
      counted: looked,
      letters,
      next,
    },
  };
}

const NONE = empty(
  'good',
  'No dead letters',
  'A notification that fails with all its attempts comes here, and waits until somebody decides.',
);

const NOT_YET = empty(
  'idle',
  'None of these so far',
  'The search was ended before the page took too long. “Older” goes on.',
);

function causeCard(
  view: ConsoleView,
  { cause, count: many, marketplaces, first, last }: DeadLetterCause,
): Html {
  return card(
    cause,
    html`<p class="big">${number(many)}</p>
      <p class="soft">
        ${marketplaces.slice(0, 3).join(', ')} · first ${view.when(first)} · last ${view.when(last)}
      </p>
      <p class="actions">
        <a class="button mini" href="${view.link(PATH, '', { cause })}">Show these</a
        ><a class="button mini" href="${view.link(PATH, 'confirm', { cause })}">Send these again…</a>
      </p>`,
    { cls: 'bad' },
  );
}

function letterTable(view: ConsoleView, letters: readonly DeadNotification[]): Html {
  return table(
    'Dead letters',
    [
      { name: 'What', kind: 'lead' },
      { name: 'Marketplace' },
      { name: 'Why' },
      { name: 'Attempts', kind: 'num' },
      { name: 'Last' },
      { name: 'Actions', hide: true, kind: 'act' },
    ],
    letters.map(({ id, marketplace, reason, attempts, failedAt, entities }) => [
      html`<a href="${view.link(PATH, 'letter', { id })}">${entitiesText(entities)}</a>`,
      marketplace,
      reason,
      String(attempts),
      view.when(failedAt),
      html`<a class="button mini" href="${view.link(PATH, 'confirm', { id })}">Send again…</a>`,
    ]),
  );
}

/** One dead letter. */
export function letterPage(
  view: ConsoleView,
  letter: DeadLetter,
  causes: readonly DeadLetterCause[],
  sent: LetterBody,
): ConsolePage {
  const { id, marketplace, receivedAt, attempts, reason, failedAt, entities } = letter;
  const { resources: _, ...listed } = letter;
  const cause = causeOf(reason);
  const others = Math.max(0, (causes.find((one) => one.cause === cause)?.count ?? 0) - 1);
  const body = html`<div class="two">
    <div class="stack">
      <section class="card bad">
        <header><h2>Why it failed</h2></header>
        <p><b>${reason}</b></p>
        <p>
          ${others === 0 ? 'No other dead letter has this cause.' : html`<a href="${view.link(PATH, '', { cause })}">${count(others, 'other dead letter')}</a> with the same cause.`}
        </p>
        <div class="card warn">
          <h3>What to do</h3>
          <p>
            This is what your handler threw with the last attempt. Mend the cause, deploy, then send them
            again. Sending before that will most likely fail again. A record that became newer meanwhile is
            not set back: what is stale by then is dropped.
          </p>
        </div>
      </section>
      ${bodyCard(view, id, sent)}
      ${sent.kept === 'sealed' && sent.comparison ? comparisonCard(view, letter, sent.comparison) : ''}
      ${attemptsCard(view, letter)}
    </div>
    <div class="stack">
      ${card(
        'The notification',
        keyValues([
          ['Id', html`<code>${id}</code>`],
          ['Marketplace', marketplace],
          ['Entities left', entitiesText(entities)],
          ['Received', view.when(receivedAt)],
          ['Given up', view.when(failedAt)],
          ['Attempts', String(attempts)],
        ]),
      )}
      ${card(
        'Not to be handled at all',
        html`<p>Discarding cannot be undone. The record is up to date again with its next change.</p>
          <p class="actions">
            <a class="button danger" href="${view.link(PATH, 'discard', { id })}">Discard…</a>
          </p>`,
      )}
    </div>
  </div>`;
  return {
    title: entitiesText(entities),
    lead: html`Notification of ${marketplace}, given up ${view.when(failedAt)}.`,
    crumbs: [['Dead letters', view.link(PATH)]],
    actions: html`<a class="button primary" href="${view.link(PATH, 'confirm', { id })}">Send again…</a>`,
    body,
    data: { ...listed, history: listedHistory(letter), sent },
  };
}

/** The attempts, newest first, each with what differs from the one before. */
function attemptsCard(view: ConsoleView, { history = [] }: DeadNotification): Html | '' {
  if (history.length === 0) return '';
  const lines = history.map((attempt, index) => {
    const before = history[index - 1];
    const isOther = before !== undefined && causeOf(before.reason) !== causeOf(attempt.reason);
    const note = [
      isOther ? 'another reason than before' : before === undefined ? '' : 'the same reason',
      before === undefined ? '' : handledBetween(before.entities, attempt.entities),
      `${entitiesText(attempt.entities)} left`,
    ].filter((part) => part !== '');
    const text = html`<b>${attempt.reason}</b> · ${view.when(attempt.at)}`;
    return [isOther ? 'warn' : 'bad', text, note.join(' · ')] as const;
  });
  const causes = new Set(history.map(({ reason }) => causeOf(reason)));
  return card('Attempts', timeline(lines.toReversed()), {
    aside: causes.size === 1 ? 'all failed for the same reason' : count(causes.size, 'reason'),
  });
}

/** What an attempt handled of what the one before had left. */
function handledBetween(before: DeadNotification['entities'], after: DeadNotification['entities']): string {
  const handled = Object.entries(before).flatMap(([name, many]) => {
    const done = many - (after[name] ?? 0);
    return done > 0 ? [recordsOf(name, done)] : [];
  });
  return handled.length === 0 ? '' : `${handled.join(', ')} handled meanwhile`;
}

/** What would be sent again. */
export interface ChosenLetters extends MeantLetters {
  readonly total: number;
  /** How many dead letters there are. */
  readonly dead: number;
}

/** What exactly will happen. */
export function confirmPage(
  view: ConsoleView,
  filter: LetterFilter,
  { letters, looked, total, dead }: ChosenLetters,
): ConsolePage {
  const isPart = looked !== null && total === letters.length;
  const fields: Record<string, string> = { ...queryOf(filter), count: String(total) };
  if (isPart) Object.assign(fields, { looked: String(looked), dead: String(dead) });
  const again = { section: PATH, action: 'again', role: 'replay' } as const;
  const byMarketplace = new Map<string, number>();
  for (const { marketplace } of letters)
    byMarketplace.set(marketplace, (byMarketplace.get(marketplace) ?? 0) + 1);
  const body = html`<section class="card confirm">
    <h2>${count(total, 'notification')}, ${count(byMarketplace.size, 'marketplace')}</h2>
    <p class="soft">
      Filter:
      ${describeFilter(filter)}${isPart ? `, among the newest ${number(looked)} of ${number(dead)}` : ''}. If
      the number has changed when you send, nothing is sent, and this page says so.
    </p>
    ${table(
      'By marketplace',
      [
        { name: 'Marketplace', kind: 'lead' },
        { name: 'Notifications', kind: 'num' },
      ],
      [...byMarketplace].map(([name, many]) => [name, number(many)]),
    )}
    <div class="card warn">
      <h3>Before you send</h3>
      <p>Without a deployment since the failure the same code will most likely fail again.</p>
    </div>
    <p>
      Each is handled once, with all its attempts; records that became newer meanwhile are left as they are.
    </p>
    <div class="actions">
      ${view.action({ ...again, label: `Send ${number(total)} again`, kind: 'primary', fields })}
      ${total > 1 ? view.action({ ...again, label: 'Send one as a trial', fields: { ...fields, trial: 'yes' } }) : ''}
      <a class="button quiet" href="${view.link(PATH, '', queryOf({ ...filter, id: '' }))}">Leave them</a>
    </div>
  </section>`;
  return {
    title: `Send ${count(total, 'dead letter')} again?`,
    crumbs: [['Dead letters', view.link(PATH)]],
    body,
    data: { filter, count: total, byMarketplace: Object.fromEntries(byMarketplace) },
  };
}

/** The page where what a filter means is older than what one page looks through. */
export function noneOfNewestPage(view: ConsoleView, filter: LetterFilter, looked: number): ConsolePage {
  return {
    title: `None of the newest ${number(looked)}`,
    crumbs: [['Dead letters', view.link(PATH)]],
    body: card(
      `Filter: ${describeFilter(filter)}`,
      html`<p>
          What it means is older than the newest ${number(looked)} dead letters, which is as many as are sent
          again by a filter at once. Send those first, or look for these in the list and send them one by one.
        </p>
        <p class="actions">
          <a class="button" href="${view.link(PATH, '', queryOf(filter))}">Look for them</a>
        </p>`,
    ),
    data: { filter, count: 0, looked },
  };
}

/** What will not be handled any more. */
export function discardPage(
  view: ConsoleView,
  { id, marketplace, entities, reason }: DeadNotification,
): ConsolePage {
  const body = html`<section class="card confirm money">
    <h2>${entitiesText(entities)} of ${marketplace}</h2>
    ${keyValues([
      ['Id', html`<code>${id}</code>`],
      ['Why it failed', reason],
    ])}
    <p>
      Nothing of it will be handled, and it cannot be undone. Each record is up to date again with its next
      change.
    </p>
    <div class="actions">
      ${view.action({ section: PATH, action: 'discard', role: 'replay', label: 'Discard it', kind: 'danger', fields: { id } })}
      <a class="button quiet" href="${view.link(PATH, 'letter', { id })}">Leave it</a>
    </div>
  </section>`;
  return {
    title: 'Discard this dead letter?',
    crumbs: [
      ['Dead letters', view.link(PATH)],
      [entitiesText(entities), view.link(PATH, 'letter', { id })],
    ],
    body,
    data: { id, marketplace, entities },
  };
}

/** `3 invoices, 1 person`. */
function entitiesText(entities: DeadNotification['entities']): string {
  const parts = Object.entries(entities).map(([name, many]) => recordsOf(name, many));
  return parts.length > 0 ? parts.join(', ') : 'Nothing left';
}

function recordsOf(resource: string, many: number): string {
  return count(many, singularOf(resource), resource);
}
