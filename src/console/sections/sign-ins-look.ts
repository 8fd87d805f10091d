import type { LoginCheck, LoginTrace } from '../../interfaces/login-trace.interface.js';
import { at, count, number } from '../../views/format.js';
import { chips, filters, select } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { card, checks, code, empty, keyValues, pager, pill, table } from '../../views/parts.js';
import type { ConsolePage } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import {
  isAboutClocks,
  isAboutKeys,
  meaningOf,
  remedyOf,
  sentenceFor,
  type SignInCause,
} from '../sign-in-causes.js';

const PATH = 'sign-ins';
/** Lines of a page. */
const LINES = 50;
/** Causes that have a link of their own. */
const CHIPS = 8;
/** A difference of clocks that is worth a line, in milliseconds. */
const NOTEWORTHY_MS = 30_000;

/** What the list of sign-ins is made of. */
export interface SignInList {
  readonly chosen: readonly LoginTrace[];
  readonly causes: readonly SignInCause[];
  readonly filter: { readonly code: string; readonly person: string; readonly marketplace: string };
  /** What was typed as a support code and not found; empty where nothing was. */
  readonly typed: string;
  readonly marketplaces: readonly string[];
  /** Marketplaces that are looked at where none is chosen. */
  readonly looked: number;
}

/** Sign-ins of the last day, refused ones first where a cause or a person is chosen. */
export function listPage(view: ConsoleView, list: SignInList): ConsolePage {
  const { chosen, causes, filter, typed, marketplaces } = list;
  const from = Math.max(0, Number.parseInt(view.param('from'), 10) || 0);
  const shown = chosen.slice(from, from + LINES);
  const link = (more: Readonly<Record<string, string>>): string =>
    view.link(PATH, '', { ...filter, ...more });
  const refused = causes.reduce((sum, cause) => sum + cause.refused.length, 0);
  const body = html`${
      typed === ''
        ? ''
        : html`<div class="card warn">
            <p>
              Nothing is kept under the code <b>${typed}</b>: codes are kept for a day, and only the newest
              sign-ins.
            </p>
          </div>`
    }
    ${filters(
      view.link(PATH),
      { label: 'Support code', hint: 'K7Q2-M9XW', value: typed },
      select('Marketplace', 'marketplace', [['', 'All'], ...marketplaces], filter.marketplace),
    )}
    <details ${filter.person === '' ? '' : html`open`}>
      <summary>By person</summary>
      ${view.action({
        section: PATH,
        action: 'find',
        role: 'view',
        label: 'Look for this person',
        body: html`<label
            >Id or address of the person<input name="person" maxlength="320" autocomplete="off" required
          /></label>
          <p class="small soft">
            Nobody’s address is kept: it is compared with keyed digests, and that somebody was looked for is
            written to the audit log. Sign-ins that were refused before the signature was verified name
            nobody.
          </p>`,
      })}
    </details>
    ${chips(
      'Show',
      [
        { name: 'All', href: link({ code: '', person: '' }), on: filter.code === '' },
        ...causes.slice(0, CHIPS).map((cause) => ({
          name: meaningOf(cause.code),
          href: link({ code: cause.code, marketplace: cause.marketplace }),
          on: filter.code === cause.code,
          count: number(cause.refused.length),
        })),
      ],
      html`<a href="${link({ format: 'json' })}">As JSON</a>`,
    )}
    <section class="card flush" aria-label="Sign-ins">
      <h2 class="hidden">Sign-ins</h2>
      ${shown.length > 0 ? traceTable(view, 'Sign-ins', shown) : NONE}
      ${pager(
        `${shown.length} of ${number(chosen.length)} shown`,
        from > 0 ? link({ from: String(Math.max(0, from - LINES)) }) : null,
        from + LINES < chosen.length ? link({ from: String(from + LINES) }) : null,
      )}
    </section>`;
  return {
    title:
      refused === 0
        ? 'No sign-in was refused in the last day'
        : `${count(refused, 'sign-in was refused', 'sign-ins were refused')}, ${count(causes.length, 'cause')}`,
    lead: 'The newest of the last day: of each marketplace 300 refused ones, 50 accepted ones, 50 that were never begun here.',
    body,
    data: {
      causes: causes.map(({ marketplace, code: cause, refused: traces, isOver }) => ({
        marketplace,
        code: cause,
        count: traces.length,
        isOver,
      })),
      signIns: shown,
    },
  };
}

const NONE = empty('idle', 'Nothing here', 'No sign-in matches. Sign-ins are kept for a day.');

function traceTable(view: ConsoleView, caption: string, traces: readonly LoginTrace[]): Html {
  return table(
    caption,
    [
      { name: 'Code', kind: 'lead' },
      { name: 'Outcome' },
      { name: 'Person' },
      { name: 'Company' },
      { name: 'When' },
    ],
    traces.map((trace) => [
      html`<a href="${view.link(PATH, 'login', { code: trace.code })}">${trace.code}</a>
        <small>${trace.marketplace}</small>`,
      trace.accepted
        ? pill('good', 'Accepted')
        : html`${pill(trace.began ? 'bad' : 'idle', trace.began ? 'Refused' : 'Not begun here')}
            <small>${meaningOf(trace.rejection ?? '')}</small>`,
      trace.subject?.email ?? 'not known',
      trace.subject?.groupUid ?? '–',
      view.when(trace.at),
    ]),
  );
}

/** One login: cause, how many others, remedy, a sentence for the customer. */
export function loginPage(view: ConsoleView, trace: LoginTrace, others: readonly LoginTrace[]): ConsolePage {
  const { code: support, marketplace, rejection, accepted } = trace;
  const failed = trace.checks.filter(({ result }) => result === 'failed');
  const first = failed[0];
  const body = html`<div class="two">
    <div class="stack">
      ${
        accepted || rejection === null
          ? card('The login was accepted', html`<p>Everything that was looked at held.</p>`, { cls: 'good' })
          : rejectionNotice(view, trace, first, others)
      }
      ${card('What was looked at, in this order', checks(trace.checks.filter(({ result }) => result !== 'skipped').map((check) => checkLine(check))))}
      ${
        others.length === 0
          ? ''
          : card(
              'Refused for the same reason',
              html`${traceTable(view, 'Others', others.slice(0, 10))}
              ${pager(`${Math.min(10, others.length)} of ${others.length} shown`, null, view.link(PATH, '', { code: rejection, marketplace }))}`,
              { flush: true },
            )
      }
    </div>
    <div class="stack">
      ${card('This login', facts(trace))}
      ${accepted || rejection === null ? '' : forCustomer(rejection, marketplace)} ${sessionsOf(view, trace)}
    </div>
  </div>`;
  return {
    title: rejection === null ? `Login ${support} was accepted` : `Refused: “${meaningOf(rejection)}” failed`,
    lead: html`Found by the support code ${support}.`,
    crumbs: [['Sign-ins', view.link(PATH)]],
    actions: html`<a class="button" href="${view.link(PATH, 'login', { code: support, format: 'json' })}"
      >As JSON</a
    >`,
    body,
    data: {
      ...trace,
      others: others.length,
      remedy: rejection === null ? null : remedyOf(rejection),
      sentence: rejection === null ? null : sentenceFor(rejection, marketplace),
    },
  };
}

function rejectionNotice(
  view: ConsoleView,
  { marketplace, rejection, clockOffsetMs, began }: LoginTrace,
  first: LoginCheck | undefined,
  others: readonly LoginTrace[],
): Html {
  const cause = rejection ?? '';
  return html`<section class="card bad">
    <header>
      <h2>${meaningOf(cause)}</h2>
      ${pill('bad', 'Refused')}
    </header>
    ${first ? html`<p>Expected <b>${first.expected}</b>; seen <b>${first.seen}</b>. <code>${cause}</code></p>` : html`<p><code>${cause}</code></p>`}
    <p>
      ${others.length === 0 ? 'Nobody else' : html`<b>${count(others.length, 'other sign-in', 'other sign-ins')}</b>`}
      of ${marketplace} ${others.length === 1 ? 'was' : others.length === 0 ? 'was' : 'were'} refused for this
      reason in the last day.
    </p>
    ${began ? '' : html`<p>No login of ours was open for it: most likely a copied address, or somebody who tries.</p>`}
    <div class="card warn">
      <h3>What to do</h3>
      <p>${remedyOf(cause)}</p>
      ${
        isAboutKeys(cause)
          ? html`<p>
              A marketplace that changed its key usually publishes the new one already:
              <a href="${view.link('marketplaces')}">fetch the configuration</a>. If that changes nothing,
              write to the marketplace with the fingerprints above.
            </p>`
          : ''
      }
      ${isAboutClocks(cause) || Math.abs(clockOffsetMs ?? 0) > NOTEWORTHY_MS ? html`<p>${clockText(clockOffsetMs)}</p>` : ''}
    </div>
  </section>`;
}

function clockText(offsetMs: number | null): string {
  if (offsetMs === null) return 'Compare the clocks: the response did not say when it was made.';
  const seconds = Math.round(offsetMs / 1_000);
  return `The clock of the marketplace is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind ours, or the response was that long on its way' : 'ahead of ours'}. Compare both with a time server (chronyc tracking); the one that is wrong has to be set by whoever runs it.`;
}

function checkLine({ code: name, title, result, expected, seen }: LoginCheck) {
  const passed = result === 'passed';
  return [
    passed,
    passed || expected === '' ? title : `${title}: expected ${expected}, seen ${seen}`,
    name,
  ] as const;
}

function facts({
  code: support,
  marketplace,
  subject,
  at: time,
  clockOffsetMs,
  requestId,
}: LoginTrace): Html {
  return keyValues([
    ['Code', html`<code>${support}</code>`],
    ['Marketplace', marketplace],
    ['Person', subject?.email ?? 'Not known: nothing in a response counts before its signature is verified'],
    ['Company', subject?.groupUid ? html`<code>${subject.groupUid}</code>` : 'Not known'],
    ['When', at(time)],
    ['Clock', clockOffsetMs === null ? 'not known' : `${Math.round(clockOffsetMs / 1_000)} s against ours`],
    ['Request', requestId === null ? 'none of ours' : html`<code>${requestId}</code>`],
  ]);
}

function forCustomer(rejection: string, marketplace: string): Html {
  return card(
    'For the customer',
    code('sentence', 'Sentence for the customer', sentenceFor(rejection, marketplace)),
  );
}

function sessionsOf(view: ConsoleView, { marketplace, subject }: LoginTrace): Html | '' {
  if (!subject?.groupUid) return '';
  const query = { marketplace, group: subject.groupUid };
  return html`<p class="small">
    <a href="${view.link('sessions', '', query)}">End sessions of this company…</a>
  </p>`;
}
