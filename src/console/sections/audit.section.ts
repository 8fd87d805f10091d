import { Injectable } from '@nestjs/common';

import { csvText } from '../../utils/csv.js';
import { count } from '../../views/format.js';
import { chips, filters, select } from '../../views/form.js';
import { html } from '../../views/html.js';
import { empty, pager, pill, table } from '../../views/parts.js';
import type { ConsoleAuditEntry } from '../audit/audit-entry.js';
import { ConsoleAuditLog } from '../audit/audit-log.js';
import type { ConsoleAttention, ConsolePage, ConsoleSection } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { toneOf } from './audit-look.js';

/** Entries of a page. */
const LIMIT = 50;

/** Members of an entry, as columns of the file. */
const COLUMNS = ['at', 'who', 'role', 'action', 'what', 'on', 'outcome', 'text'] as const;

const OUTCOMES = { begun: 'Not finished', done: 'Done', refused: 'Refused', failed: 'Failed' } as const;

/** Who did what here, refused actions included. */
@Injectable()
export class AuditSection implements ConsoleSection {
  readonly path = 'audit';
  readonly name = 'Audit log';
  readonly group = 'House';
  readonly actions = {};

  constructor(private readonly audit: ConsoleAuditLog) {}

  attention(): Promise<readonly ConsoleAttention[]> {
    return Promise.resolve([]);
  }

  async page(view: ConsoleView, name: string): Promise<ConsolePage | null> {
    if (name !== '') return null;
    const filter = { q: view.param('q'), role: view.param('role'), outcome: view.param('outcome') };
    const before = view.param('before') || null;
    const { items, next } = await this.audit.page(before, LIMIT, (entry) => isWanted(entry, filter));
    const link = (more: Readonly<Record<string, string | null>>): string =>
      view.link(this.path, '', { ...filter, ...more });
    const outcomes = [['', 'All'], ...Object.entries(OUTCOMES)] as const;
    const body = html`${filters(
        view.link(this.path),
        { label: 'Person, company or text', hint: 'cld-1, charge …', value: filter.q },
        select('Role', 'role', [['', 'All'], 'view', 'replay', 'money'], filter.role),
        { outcome: filter.outcome },
      )}
      ${chips(
        'Show',
        outcomes.map(([value, label]) => ({
          name: label,
          href: link({ outcome: value }),
          on: filter.outcome === value,
        })),
        html`<a href="${link({ format: 'csv' })}">As CSV</a> ·
          <a href="${link({ format: 'json' })}">As JSON</a>`,
      )}
      <section class="card flush" aria-label="Entries">
        <h2 class="hidden">Entries</h2>
        ${items.length > 0 ? entries(items, view) : NOTHING}
        ${pager(
          `${count(items.length, 'entry', 'entries')} shown`,
          view.param('before') === '' ? null : link({}),
          next === null ? null : link({ before: next }),
        )}
      </section>`;
    return {
      title: 'Audit log',
      lead: 'Every action that somebody took or tried in this console, and every look for a person or at masked values. Entries cannot be changed here.',
      body,
      data: { entries: items, next },
      csv: {
        name: 'audit-log',
        text: csvText([COLUMNS, ...items.map((one) => COLUMNS.map((column) => one[column]))]),
      },
    };
  }
}

const NOTHING = empty('idle', 'Nothing here', 'No entry matches, or nobody has done anything yet.');

function entries(items: readonly ConsoleAuditEntry[], view: ConsoleView) {
  return table(
    'Entries',
    [{ name: 'When' }, { name: 'Who' }, { name: 'What', kind: 'lead' }, { name: 'On' }, { name: 'Outcome' }],
    items.map(({ at, who, role, what, on, outcome, text }) => [
      view.when(at),
      html`${who} <small>${role}</small>`,
      what,
      on,
      html`${pill(toneOf(outcome), OUTCOMES[outcome])} <small>${text}</small>`,
    ]),
    { tight: true },
  );
}

function isWanted(
  { who, what, on, text, role, outcome }: ConsoleAuditEntry,
  filter: { readonly q: string; readonly role: string; readonly outcome: string },
): boolean {
  if (filter.role !== '' && filter.role !== role) return false;
  if (filter.outcome !== '' && filter.outcome !== outcome) return false;
  const wanted = filter.q.trim().toLowerCase();
  return wanted === '' || [who, what, on, text].some((part) => part.toLowerCase().includes(wanted));
}
