import type { DeliveryResult } from '../../connec/notifications/notification-stats.js';
import type { ConnecNotificationStats } from '../../interfaces/connec-notification.interface.js';
import { count, number } from '../../views/format.js';
import { chips, filters, select } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import {
  card,
  empty,
  foreign,
  id as identifier,
  keyValues,
  pager,
  pill,
  table,
  tile,
  timeline,
  type Tone,
} from '../../views/parts.js';
import type { ConsolePage } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { type DeliveryTrace, placeOf } from '../deliveries/delivery-trace.js';

const PATH = 'deliveries';
/** Lines of a page. */
const LINES = 50;

/** What became of a delivery, in words, and what follows of it. */
const RESULTS: Readonly<
  Record<DeliveryResult, { readonly tone: Tone; readonly word: string; readonly follows: string }>
> = {
  failed: {
    tone: 'bad',
    word: 'Failed',
    follows:
      'A handler threw. Where notifications are queued it is tried again with growing pauses, and becomes a dead letter after the last attempt; elsewhere the marketplace sends it again.',
  },
  busy: {
    tone: 'info',
    word: 'Waits',
    follows:
      'Another update of the same record was being handled elsewhere, or the application was stopping. It is tried again by itself.',
  },
  unknownGroup: {
    tone: 'warn',
    word: 'Unknown company',
    follows:
      'The notification adapter of the application does not know the company, so it was not handled and is not tried again. If the company is a customer, look at why it is not known.',
  },
  handled: {
    tone: 'good',
    word: 'Handled',
    follows: 'All handlers are done with it. Nothing is left to do.',
  },
  duplicates: {
    tone: 'idle',
    word: 'Came again',
    follows: 'The same update had been handled before, so it was left out. Nothing is left to do.',
  },
  stale: {
    tone: 'idle',
    word: 'Out of date',
    follows:
      'A newer update of the record had been handled before, so it was left out. Nothing is left to do.',
  },
  deletedGroup: {
    tone: 'idle',
    word: 'Company left',
    follows: 'The company had cancelled the application, so it was left out. Nothing is left to do.',
  },
};

/** What narrows the list; empty texts mean any. */
export interface DeliveryFilter {
  readonly q: string;
  readonly marketplace: string;
  readonly resource: string;
  readonly result: string;
}

/** What the list is made of. */
export interface DeliveriesLook {
  /** All that are kept, newest first. */
  readonly all: readonly DeliveryTrace[];
  readonly filter: DeliveryFilter;
  readonly marketplaces: readonly string[];
  readonly stats: ConnecNotificationStats;
}

/** Single deliveries, newest first, beside how many there were. */
export function listPage(
  view: ConsoleView,
  { all, filter, marketplaces, stats }: DeliveriesLook,
): ConsolePage {
  const others = all.filter((one) => isWanted(one, { ...filter, result: '' }));
  const chosen = others.filter((one) => isWanted(one, filter));
  const before = view.param('before');
  const following = before === '' ? chosen : chosen.filter((one) => placeOf(one) < before);
  const shown = following.slice(0, LINES);
  const last = shown.at(-1);
  const next = last && following.length > LINES ? placeOf(last) : null;
  const failed = all.filter(({ result }) => result === 'failed').length;
  const link = (more: Readonly<Record<string, string>>): string =>
    view.link(PATH, '', { ...filter, ...more });
  const resources = [...new Set(all.map(({ resource }) => resource))].toSorted();
  const body = html`${tiles(stats, link)}
    ${filters(
      view.link(PATH),
      { label: 'Company or record', hint: 'cld-4 …', value: filter.q },
      html`${select('Marketplace', 'marketplace', [['', 'All'], ...marketplaces], filter.marketplace)}
      ${select('Resource', 'resource', [['', 'All'], ...resources], filter.resource)}`,
      { result: filter.result },
    )}
    ${chips(
      'Show',
      [
        {
          name: 'All',
          href: link({ result: '' }),
          on: filter.result === '',
          count: number(others.length),
        },
        ...Object.entries(RESULTS).map(([result, { word }]) => ({
          name: word,
          href: link({ result }),
          on: filter.result === result,
          count: number(others.filter((one) => one.result === result).length),
        })),
      ],
      html`<a href="${link({ format: 'json' })}">As JSON</a>`,
    )}
    <section class="card flush" aria-label="Deliveries">
      <h2 class="hidden">Deliveries</h2>
      ${shown.length > 0 ? deliveryTable(view, shown) : all.length === 0 ? NONE : NO_MATCH}
      ${pager(
        `${shown.length} of ${number(chosen.length)} shown`,
        before === '' ? null : link({}),
        next === null ? null : link({ before: next }),
      )}
    </section>`;
  return {
    title:
      all.length === 0
        ? 'No delivery in the last day'
        : failed === 0
          ? 'No delivery failed'
          : `${count(failed, 'delivery', 'deliveries')} failed`,
    lead: 'Each entity of a notification is one. The last day is listed: at most 500 that failed or wait, and 1,000 others. Where very many come at once, some are counted only.',
    body,
    data: { deliveries: shown, next, total: chosen.length, stats },
  };
}

const NONE = empty(
  'idle',
  'Nothing came',
  'What the marketplaces send is listed here some seconds after it was handled, with what became of it.',
);
const NO_MATCH = empty('idle', 'Nothing matches', 'Look at all, or for another company or record.');

function isWanted(
  { marketplace, groupUid, resource, recordId, result }: DeliveryTrace,
  filter: DeliveryFilter,
): boolean {
  const part = filter.q.trim().toLowerCase();
  return (
    (filter.marketplace === '' || filter.marketplace === marketplace) &&
    (filter.resource === '' || filter.resource === resource) &&
    (filter.result === '' || filter.result === result) &&
    [groupUid, recordId ?? ''].some((one) => one.toLowerCase().includes(part))
  );
}

function tiles(
  { handled, failed, duplicates, stale }: ConnecNotificationStats,
  link: (more: Readonly<Record<string, string>>) => string,
): Html {
  const since = 'in this process';
  return html`<div class="tiles">
    ${tile('Handled', number(handled), since, link({ result: 'handled' }))}
    ${tile('Failed attempts', number(failed), since, link({ result: 'failed' }))}
    ${tile('Came again', number(duplicates), since, link({ result: 'duplicates' }))}
    ${tile('Out of date', number(stale), since, link({ result: 'stale' }))}
  </div>`;
}

function deliveryTable(view: ConsoleView, traces: readonly DeliveryTrace[]): Html {
  return table(
    'Deliveries',
    [
      { name: 'What', kind: 'lead' },
      { name: 'Company' },
      { name: 'Outcome' },
      { name: 'Attempts', kind: 'num' },
      { name: 'Last' },
    ],
    traces.map((trace) => [
      html`<a href="${view.link(PATH, 'delivery', { id: trace.id })}">${nameOf(trace)}</a>`,
      html`${foreign(trace.groupUid)} <small>${trace.marketplace}</small>`,
      html`${resultPill(trace.result)} <small>${reasonOf(trace)}</small>`,
      number(trace.times),
      view.when(trace.at),
    ]),
  );
}

function nameOf({ resource, recordId }: DeliveryTrace): Html {
  return html`${resource} ${recordId === null ? 'without id' : foreign(recordId)}`;
}

function resultPill(result: DeliveryResult): Html {
  const { tone, word } = RESULTS[result];
  return pill(tone, word);
}

/** Why it failed last, while it has not been handled. */
function reasonOf({ result, attempts }: DeliveryTrace): string {
  return result === 'failed' ? (attempts.findLast(({ reason }) => reason !== null)?.reason ?? '') : '';
}

/** One delivery: what became of it, and its attempts. */
export function deliveryPage(view: ConsoleView, trace: DeliveryTrace, isQueued: boolean): ConsolePage {
  const { id, marketplace, groupUid, resource, recordId, updatedAt, receivedAt, result, times } = trace;
  const { tone, follows } = RESULTS[result];
  const reason = reasonOf(trace);
  const body = html`<div class="two">
    <div class="stack">
      <section class="card ${tone === 'bad' || tone === 'warn' ? tone : ''}">
        <header><h2>What became of it</h2></header>
        <p>${resultPill(result)}</p>
        ${reason === '' ? '' : html`<p><b>${reason}</b></p>`}
        <p>${follows}</p>
        ${
          result === 'failed' && isQueued
            ? html`<p class="actions">
                <a class="button" href="${view.link('dead-letters')}">Dead letters</a>
              </p>`
            : ''
        }
      </section>
      ${attemptsCard(view, trace)}
    </div>
    <div class="stack">
      ${card(
        'The delivery',
        keyValues([
          ['Company', html`${identifier(groupUid)} on ${marketplace}`],
          ['Resource', resource],
          ['Record', recordId === null ? 'without id' : identifier(recordId)],
          ['Changed', updatedAt === null ? 'not said' : view.when(updatedAt)],
          ['Came', view.when(receivedAt)],
          ['Times', number(times)],
          ['Name', identifier(id)],
        ]),
      )}
      ${card(
        'More of it',
        html`<p>
            <a href="${view.link(PATH, '', { q: groupUid, marketplace })}">Deliveries of this company</a>
          </p>
          ${recordId === null ? '' : html`<p><a href="${view.link(PATH, '', { q: recordId, marketplace })}">Deliveries of this record</a></p>`}
          <p class="small soft">What was sent is not kept with it, and it is forgotten after a day.</p>`,
      )}
    </div>
  </div>`;
  return {
    title: `${RESULTS[result].word}: ${resource} ${recordId ?? 'without id'}`,
    lead: html`For ${foreign(groupUid)} on ${marketplace}, ${view.when(trace.at)}.`,
    crumbs: [['Deliveries', view.link(PATH)]],
    actions: html`<a class="button" href="${view.link(PATH, 'delivery', { id, format: 'json' })}"
      >As JSON</a
    >`,
    body,
    data: trace,
  };
}

function attemptsCard(view: ConsoleView, { attempts, times }: DeliveryTrace): Html {
  const lines = attempts.map(({ at, attempt, result, reason }) => {
    const { tone, word } = RESULTS[result];
    const text = html`<b>${word}</b> · ${view.when(at)}`;
    const note = [`attempt ${attempt}`, reason ?? ''].filter((part) => part !== '').join(' · ');
    return [tone, text, note] as const;
  });
  return card('Attempts', timeline(lines.toReversed()), {
    aside:
      times > attempts.length ? `the last ${attempts.length} of ${number(times)}` : count(times, 'attempt'),
  });
}
