import type { AccountEntity } from '../../account/fields.js';
import type { ChargeCandidate, ChargeInspection } from '../../account/ledger/charge-inspection.js';
import type { ListedKey, ListedKeys } from '../../account/ledger/charge-ledger.service.js';
import { at, count, label, moneyText } from '../../views/format.js';
import { html, type Html } from '../../views/html.js';
import {
  type Candidate,
  candidates,
  card,
  type Compared,
  empty,
  keyValues,
  pager,
  pill,
  table,
} from '../../views/parts.js';
import type { ConsolePage } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import type { ChargeReference } from './charge-reference.js';

const PATH = 'charges';
/** Candidates that are shown side by side. */
const SHOWN = 6;

const KINDS: Readonly<Record<string, string>> = { bills: 'One-time', recurring_bills: 'Recurring' };

/** The amount of a key: the currency is known with what was sent only. */
export function amountOf({ priceCents }: Pick<ListedKey, 'priceCents'>, currency = ''): string {
  return moneyText(Number(priceCents), currency).trim();
}

/** Undecided charges first, then what was made. */
export function listPage(
  view: ConsoleView,
  {
    open,
    done,
    isUndecided,
  }: {
    readonly open: ListedKeys;
    readonly done: ListedKeys;
    readonly isUndecided: (key: ListedKey) => boolean;
  },
): ConsolePage {
  const undecided = open.keys.filter((key) => isUndecided(key));
  const worked = open.keys.length - undecided.length;
  const body = html`${card(
      'Undecided',
      undecided.length === 0
        ? empty(
            'good',
            'No charge is undecided',
            'A charge whose response got lost, and that could not be found by itself, comes here.',
          )
        : keyTable(view, 'Undecided charges', undecided),
      { flush: true, aside: worked > 0 ? `${count(worked, 'other')} being made at this moment` : '' },
    )}
    <section class="card flush" aria-label="Charges that were made">
      <header><h2>Made with createOnce</h2></header>
      ${done.keys.length === 0 ? empty('idle', 'Nothing here', 'Charges made with createOnce are listed as long as their keys are remembered.') : keyTable(view, 'Charges', done.keys)}
      ${pager(
        `${count(done.keys.length, 'charge')} shown`,
        view.param('before') === '' ? null : view.link(PATH),
        done.next === null ? null : view.link(PATH, '', { before: done.next }),
      )}
    </section>`;
  return {
    title:
      undecided.length === 0 ? 'No charge is undecided' : `${count(undecided.length, 'charge')} undecided`,
    lead: 'What the ledger of createOnce holds, of all marketplaces. The marketplace makes the invoice.',
    actions: html`<a class="button" href="${view.link(PATH, '', { format: 'json' })}">As JSON</a>`,
    body,
    data: { undecided, beingMade: worked, made: done.keys, next: done.next },
  };
}

function keyTable(view: ConsoleView, caption: string, keys: readonly ListedKey[]): Html {
  return table(
    caption,
    [
      { name: 'Key', kind: 'lead' },
      { name: 'Company' },
      { name: 'Price', kind: 'num' },
      { name: 'Kind' },
      { name: 'When' },
      { name: 'Charge' },
    ],
    keys.map((one) => {
      const { marketplace, resource, key, groupId, chargeId, at: time } = one;
      const query = { marketplace, resource, key };
      return [
        chargeId === null
          ? html`<a href="${view.link(PATH, 'undecided', query)}"><code>${key}</code></a>`
          : html`<code>${key}</code>`,
        html`${groupId === '' ? '–' : groupId} <small>${marketplace}</small>`,
        one.priceCents === '' ? '–' : amountOf(one),
        KINDS[resource] ?? resource,
        view.when(time),
        chargeId === null ? pill('warn', 'Open') : html`<code>${chargeId}</code>`,
      ];
    }),
  );
}

/** What was sent beside what is there. */
export function inspectionPage(
  view: ConsoleView,
  reference: ChargeReference,
  inspection: ChargeInspection<AccountEntity>,
): ConsolePage {
  const { groupId, payload, arrivesWithinMs, candidates: found } = inspection;
  const query = { ...reference };
  const best = found.find(({ isNew }) => isNew);
  const shown = found.slice(0, SHOWN);
  const body = html`${candidates('What we sent and what is there', [
    {
      title: 'What we sent',
      values: [
        ...(payload === null
          ? [{ name: 'Company', value: groupId }]
          : Object.entries(payload).map(([name, value]): Compared => ({
              name: label(name),
              value: shownValue(name, value),
            }))),
        { name: 'Key', value: html`<code>${reference.key}</code>` },
      ],
      foot: html`<p class="small soft">Sent at least once, or about to be when the process ended.</p>`,
    },
    ...shown.map((one) => candidateOf(view, query, one, one === best)),
    neither(view, query, inspection),
  ])}
  ${found.length > SHOWN ? html`<p class="soft">${found.length - SHOWN} more charges of this company have this price; they fit less.</p>` : ''}
  ${card('Why this is not decided by itself', html`<p>${reasonOf(inspection)}</p>`)}`;
  return {
    title: `Was ${groupId} charged ${titleAmount(inspection)}?`,
    lead: 'The connection broke before the response. Nothing is sent again until this is decided.',
    crumbs: [['Charges', view.link(PATH)]],
    actions: html`<a class="button" href="${view.link(PATH, 'undecided', { ...query, format: 'json' })}"
      >As JSON</a
    >`,
    body,
    data: {
      ...reference,
      groupId,
      payload,
      arrivesWithinMs,
      candidates: found.map(({ charge, isNew, values }) => ({
        id: charge.id,
        createdAt: charge.createdAt,
        isNew,
        values,
      })),
    },
  };
}

function candidateOf(
  view: ConsoleView,
  query: Readonly<Record<string, string>>,
  { charge, isNew, values }: ChargeCandidate<AccountEntity>,
  isBest: boolean,
): Candidate {
  const choose = view.link(PATH, 'confirm', { ...query, charge: charge.id });
  return {
    title: html`${charge.id} ${isBest ? pill('info', 'Fits best') : ''}`,
    best: isBest,
    values: [
      ...values.map(({ column, found, isSame }): Compared => ({
        name: label(column),
        value: found === undefined || found === null ? '–' : shownValue(column, found),
        same: isSame,
      })),
      {
        name: 'Made at',
        value: charge.createdAt === null ? 'not known' : at(charge.createdAt.toISOString()),
      },
      {
        name: 'Belongs to',
        value: isNew ? 'no other key, and is new' : 'another key, or was there before',
        same: isNew,
      },
    ],
    foot: isNew
      ? html`<p><a class="button ${isBest ? 'primary' : ''}" href="${choose}">This one is it…</a></p>`
      : html`<p class="small soft">This one cannot be it.</p>`,
  };
}

function neither(
  view: ConsoleView,
  query: Readonly<Record<string, string>>,
  { arrivesWithinMs }: ChargeInspection<AccountEntity>,
): Candidate {
  const seconds = Math.ceil(arrivesWithinMs / 1_000);
  return {
    title: 'None of them',
    values: [
      {
        name: 'Arrival',
        value: seconds > 0 ? `may still arrive, for ${seconds} s` : 'nothing can arrive any more',
        same: seconds === 0,
      },
    ],
    foot:
      seconds > 0
        ? html`<p class="small soft">
            Wait, then look again: a request that is on its way would charge a second time.
          </p>`
        : html`<p><a class="button" href="${view.link(PATH, 'confirm', query)}">Nothing was charged…</a></p>`,
  };
}

/** Why the ledger did not decide. */
function reasonOf({ candidates: found, arrivesWithinMs }: ChargeInspection<AccountEntity>): string {
  const fresh = found.filter(({ isNew }) => isNew);
  if (fresh.length > 1) {
    return `${fresh.length} new charges have this price, and more than were sent may be equal: a program cannot decide which one is ours.`;
  }
  if (fresh.length === 1 && fresh[0]!.values.some(({ isSame }) => !isSame)) {
    return 'A new charge has the price and other contents: the marketplace may have changed what was sent, or somebody else made it.';
  }
  if (fresh.length === 1)
    return 'It fits. Call createOnce with the same key, which takes it, or settle it here.';
  return arrivesWithinMs > 0
    ? `Nothing of it is at the marketplace, and what was sent counts as on its way for ${Math.ceil(arrivesWithinMs / 1_000)} s more: as long as the longest call and the settling time together.`
    : 'Nothing of it is at the marketplace, and the time in which a request could still arrive is over. Call createOnce with the same key, which sends it, or settle it here.';
}

/** What will be written down. */
export function confirmPage(
  view: ConsoleView,
  reference: ChargeReference,
  inspection: ChargeInspection<AccountEntity>,
  charge: string,
): ConsolePage {
  const fields = { ...reference, charge };
  const isNone = charge === '';
  const body = html`<section class="card confirm money">
    <h2>${isNone ? 'Nothing was charged' : `${charge} is the charge`}</h2>
    ${keyValues([
      ['Company', `${inspection.groupId} on ${reference.marketplace}`],
      ['Amount', titleAmount(inspection)],
      ['Key', html`<code>${reference.key}</code>`],
    ])}
    <p>
      ${
        isNone
          ? 'The key is forgotten: the next createOnce with it sends the charge. If one was made after all, the customer pays twice.'
          : `The key stands for ${charge} from now on, and nothing is sent for it again. If that is another charge, this one is never made.`
      }
    </p>
    <div class="actions">
      ${view.action({ section: PATH, action: 'settle', role: 'money', label: isNone ? 'Settle as not charged' : `Settle as ${charge}`, kind: 'danger', fields })}
      <a class="button quiet" href="${view.link(PATH, 'undecided', { ...reference })}">Leave it undecided</a>
    </div>
  </section>`;
  return {
    title: isNone ? 'Settle as not charged?' : `Settle as ${charge}?`,
    crumbs: [
      ['Charges', view.link(PATH)],
      ['Undecided', view.link(PATH, 'undecided', { ...reference })],
    ],
    body,
    data: { ...reference, charge: isNone ? null : charge },
  };
}

function titleAmount({ payload }: ChargeInspection<AccountEntity>): string {
  const { price_cents: cents, currency } = payload ?? {};
  return cents === undefined
    ? 'for this'
    : amountOf({ priceCents: String(cents) }, typeof currency === 'string' ? currency : '');
}

function shownValue(column: string, value: unknown): string {
  if (column === 'price_cents') return amountOf({ priceCents: String(value) });
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value).slice(0, 300)
    : 'an object';
}
