import type { UsageKnownFact } from '../../usage/engine/usage-books.js';
import type { UsageChainRef } from '../../usage/usage-references.js';
import { at, count } from '../../views/format.js';
import { hiddenField, select } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { foreign, keyValues } from '../../views/parts.js';
import type { ConsolePage } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { maskedText } from '../../utils/masked-values.js';
import { queryOf } from './usage-reference.js';

const PATH = 'usage';

/** What the page of a correction is made of. */
export interface CorrectionLook {
  readonly ref: UsageChainRef;
  /** Null before one was asked for. */
  readonly known: UsageKnownFact | null;
  /** Id that was typed; empty at first. */
  readonly typed: string;
  /** The new quantity; null takes the use away, empty is none yet. */
  readonly quantity: string | null;
  /** Names the correction: posted twice, it is one. */
  readonly id: string;
}

/** Finds a use, and shows what its correction would be. */
export function correctionPage(view: ConsoleView, look: CorrectionLook): ConsolePage {
  const { ref, known, typed, quantity, id } = look;
  const query = queryOf(ref);
  const isAway = quantity === null;
  const search = html`<form class="card" action="${view.link(PATH, 'correct')}">
    ${Object.entries(query).map(([name, value]) => hiddenField(name, value))}
    <div class="fields">
      <label
        >Id of the use<input name="fact" value="${typed}" maxlength="200" autocomplete="off" required
      /></label>
      ${select(
        'What is right',
        'take',
        [
          ['', 'Another quantity'],
          ['away', 'It never happened'],
        ],
        isAway ? 'away' : '',
      )}
      <label
        >Quantity that is right<input
          name="quantity"
          value="${quantity ?? ''}"
          inputmode="decimal"
          maxlength="20"
          autocomplete="off"
      /></label>
    </div>
    <p class="soft">
      The id is the one that the application recorded the use with. Uses are kept for a time only; what is
      older cannot be corrected any more.
    </p>
    <p class="actions"><button class="${known ? '' : 'primary'}">Show what would change</button></p>
  </form>`;
  const missing =
    typed !== '' && known === null
      ? html`<div class="card warn" role="status">
          <p>There is no use with the id <b>${foreign(typed)}</b> in this meter.</p>
        </div>`
      : '';
  return {
    title: known ? 'Correct this use?' : 'Correct a use',
    lead: html`${foreign(ref.group)} on ${ref.marketplace}, ${foreign(ref.meter)}`,
    crumbs: [
      ['Usage', view.link(PATH)],
      [`${ref.group}, ${ref.meter}`, view.link(PATH, 'company', query)],
    ],
    body: html`${known && quantity !== '' ? confirmation(view, known, query, quantity, id) : ''} ${missing}
    ${search}`,
    data: { ...ref, known: known && masked(known), quantity },
  };
}

/** What a use counts for may be a person. */
function masked(known: UsageKnownFact): UsageKnownFact {
  const { key, ...fact } = known.fact;
  return key === undefined ? known : { ...known, fact: { ...fact, key: maskedText(key) } };
}

function confirmation(
  view: ConsoleView,
  known: UsageKnownFact,
  query: Readonly<Record<string, string>>,
  quantity: string | null,
  id: string,
): Html {
  const { fact, present, corrections, statement } = known;
  const fields = {
    ...query,
    fact: fact.id,
    id,
    seen: present ?? 'away',
    ...(quantity === null ? { take: 'away' } : { quantity }),
  };
  return html`<section class="card confirm money" aria-label="What will change">
    <p class="big">${present ?? 'taken away'} → ${quantity ?? 'taken away'}</p>
    ${keyValues([
      ['Use', html`<code>${fact.id}</code>`],
      ['When', at(fact.at.toISOString())],
      ['Recorded as', String(fact.quantity)],
      ...(fact.key === undefined ? [] : [['Of', foreign(maskedText(fact.key))] as const]),
      ['Corrected before', corrections === 0 ? 'never' : count(corrections, 'time')],
      [
        'Stated',
        statement === null
          ? 'not yet'
          : statement === 0
            ? 'never: it is history only'
            : `in statement ${statement}`,
      ],
    ])}
    <p>
      ${
        statement === null
          ? 'It counts like this from now on.'
          : 'The period is priced again, and the difference is a line of the next statement.'
      }
      The last correction of a use holds.
    </p>
    <div class="actions">
      ${view.action({ section: PATH, action: 'correct', role: 'money', label: 'Correct it', kind: 'danger', fields })}
      <a class="button quiet" href="${view.link(PATH, 'company', query)}">Leave it as it is</a>
    </div>
  </section>`;
}
