import { Injectable } from '@nestjs/common';

import { MaestranoHealthIndicator } from '../../health/maestrano.health-indicator.js';
import { count, label } from '../../views/format.js';
import { html, type Html } from '../../views/html.js';
import { card, json, keyValues, pill, type Tone } from '../../views/parts.js';
import type { ConsoleAttention, ConsolePage, ConsoleSection } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';

/** What one part says of itself, and what a person can do about it. */
export interface PartState {
  readonly name: string;
  readonly tone: Extract<Tone, 'good' | 'warn' | 'bad'>;
  readonly problems: readonly string[];
  readonly details: unknown;
}

/** What to do where a part has problems. */
const REMEDIES: Readonly<Record<string, string>> = {
  configuration:
    'Open Marketplaces: it says which source failed and why. What was loaded before stays in force, so customers notice nothing yet.',
  certificates:
    'Open Marketplaces: it says which certificate ends when. Ask the marketplace for the new one.',
  store:
    'See whether the store runs and may evict nothing. While it is away, logins cannot end, charges are not made and notifications are repeated later.',
  sessions:
    'Sessions go on without a look at removals. Bring the store back; sessions of removed people end by themselves then.',
  targets:
    'The server of the marketplace failed several times in a row, so calls to it are stopped and tried again by themselves. See the status of the marketplace, or write to it; nothing can be done here.',
  notifications: 'Numbers of this process; see Dead letters.',
  queue: 'Open Dead letters. A queue that lags needs more workers, or a handler that is slow needs a look.',
  synchronization: 'Open Synchronization: it says which company waits for what, and what can be decided.',
  silence:
    'Where there used to be traffic there is none. See whether requests reach the application (load balancer, certificate of the host, DNS), then whether the marketplace sends any.',
};

/** Parts whose problems a page of its own shows as what needs somebody. */
const ELSEWHERE: readonly string[] = ['queue', 'configuration', 'certificates', 'synchronization'];

/** What each part of the integration says of itself: the same as the health check. */
@Injectable()
export class HealthSection implements ConsoleSection {
  readonly path = 'health';
  readonly name = 'Health';
  readonly group = 'House';
  readonly actions = {};

  constructor(private readonly indicator: MaestranoHealthIndicator) {}

  async attention(): Promise<readonly ConsoleAttention[]> {
    const states = await this.states();
    return states.filter(({ name }) => !ELSEWHERE.includes(name)).flatMap((state) => attentionOf(state));
  }

  async page(view: ConsoleView, name: string): Promise<ConsolePage | null> {
    if (name !== '') return null;
    const states = await this.states();
    const ill = states.filter(({ tone }) => tone !== 'good');
    return {
      title:
        ill.length === 0 ? 'All parts are well' : `${count(ill.length, 'part')} of ${states.length} not well`,
      lead: 'What the health check of this instance says. Other instances may see it differently.',
      body: html`<div class="stack">${states.map((state) => partCard(state, view))}</div>`,
      data: states,
    };
  }

  /** Every part, in the order of the health check. */
  async states(): Promise<readonly PartState[]> {
    return (await this.indicator.reports()).map(({ name, report }) => {
      const { failures = [], warnings = [], details = null } = report;
      const tone = failures.length > 0 ? 'bad' : warnings.length > 0 ? 'warn' : 'good';
      return { name, tone, problems: [...failures, ...warnings], details };
    });
  }

  /** One line a part. */
  summary(states: readonly PartState[]): Html {
    return keyValues(
      states.map(({ name, tone, problems }) => [
        label(name),
        html`${pill(tone, WORDS[tone])} <span class="small soft">${problems[0] ?? ''}</span>`,
      ]),
    );
  }
}

const WORDS = { good: 'Well', warn: 'Look', bad: 'Down' } as const;

function partCard({ name, tone, problems, details }: PartState, view: ConsoleView): Html {
  const remedy = tone === 'good' ? null : (REMEDIES[name] ?? 'This part is the application’s own.');
  return card(
    label(name),
    html`<p>${pill(tone, WORDS[tone])}</p>
      ${problems.map((problem) => html`<p>${problem}</p>`)}
      ${remedy === null ? '' : html`<p><b>What to do:</b> ${remedy}</p>`} ${linkOf(name, view)}
      <details>
        <summary>Details</summary>
        ${json(`details-${name}`, `Details of ${name}`, JSON.stringify(details ?? null))}
      </details>`,
    { cls: tone === 'good' ? '' : tone, id: `part-${name}` },
  );
}

function linkOf(name: string, view: ConsoleView): Html | '' {
  const isConfiguration = name === 'configuration' || name === 'certificates';
  return isConfiguration ? html`<p><a href="${view.link('marketplaces')}">Marketplaces</a></p>` : '';
}

function attentionOf({ name, tone, problems }: PartState): ConsoleAttention[] {
  if (tone === 'good') return [];
  const isSilent = name === 'silence';
  return problems.map((problem) => ({
    waiting: isSilent ? 'customers' : 'operation',
    tone,
    word: isSilent ? 'Silence' : label(name),
    title: `${problem.charAt(0).toUpperCase()}${problem.slice(1)}`,
    why: REMEDIES[name] ?? '',
    act: 'What to do',
  }));
}
