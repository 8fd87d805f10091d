import { Injectable } from '@nestjs/common';

import { count } from '../../views/format.js';
import { html, type Html } from '../../views/html.js';
import { attention, card, empty, timeline } from '../../views/parts.js';
import type { ConsoleAuditEntry } from '../audit/audit-entry.js';
import { ConsoleAuditLog } from '../audit/audit-log.js';
import type { ConsoleAttention, ConsolePage, ConsoleSection } from '../console-section.js';
import { ConsoleSections, type SectionAttention } from '../console-sections.js';
import type { ConsoleView } from '../console-view.js';
import { toneOf } from './audit-look.js';
import { HealthSection } from './health.section.js';

/** Last actions that are shown. */
const ACTIONS = 5;

/** What needs somebody now, and how everything is. */
@Injectable()
export class OverviewSection implements ConsoleSection {
  readonly path = '';
  readonly name = 'Overview';
  readonly actions = {};

  constructor(
    private readonly sections: ConsoleSections,
    private readonly health: HealthSection,
    private readonly audit: ConsoleAuditLog,
  ) {}

  attention(): Promise<readonly ConsoleAttention[]> {
    return Promise.resolve([]);
  }

  async page(view: ConsoleView, name: string): Promise<ConsolePage | null> {
    if (name !== '') return null;
    const [found, states, actions] = await Promise.all([
      this.sections.attention(),
      this.health.states(),
      this.#lastActions(),
    ]);
    const body = html`<section class="card flush" aria-labelledby="attention">
        <h2 class="hidden" id="attention">Needs attention</h2>
        ${found.length > 0 ? attention(found.map((one) => attentionLine(view, one))) : NOTHING}
      </section>
      <div class="two half">
        ${card('Health', this.health.summary(states))} ${card('Last actions', actionsOf(view, actions))}
      </div>`;
    return {
      title:
        found.length === 0 ? 'Nothing needs you' : count(found.length, 'thing needs you', 'things need you'),
      lead: 'Sorted by who is waiting: customers first, then money, then records.',
      body,
      data: {
        attention: found.map(({ section, ...one }) => ({ section: section.path, ...one })),
        health: states,
        actions,
      },
    };
  }

  /** A store that is away costs the last actions, not the page. */
  async #lastActions(): Promise<readonly ConsoleAuditEntry[]> {
    try {
      return (await this.audit.page(null, ACTIONS)).items.slice(0, ACTIONS);
    } catch {
      return [];
    }
  }
}

const NOTHING = empty(
  'good',
  'Nothing needs you',
  'Refused sign-ins, dead letters, undecided charges, silence and failing parts are listed here as they come.',
);

function attentionLine(view: ConsoleView, one: SectionAttention): Parameters<typeof attention>[0][number] {
  const { section, page = '', query = {}, tone, word, title, why, act } = one;
  return {
    tone,
    word,
    title,
    why,
    act: html`<a class="button" href="${view.link(section.path, page, query)}">${act}</a>`,
  };
}

function actionsOf(view: ConsoleView, entries: readonly ConsoleAuditEntry[]): Html {
  if (entries.length === 0) return html`<p class="soft">Nobody has done anything here yet.</p>`;
  const lines = entries.map(
    ({ outcome, who, what, on, at }) =>
      [
        toneOf(outcome),
        html`<b>${who}</b>: ${what}${on === '' ? '' : `, ${on}`} · ${view.when(at)}`,
      ] as const,
  );
  return html`${timeline(lines)}
    <p class="small"><a href="${view.link('audit')}">Audit log</a></p>`;
}
