import type { GroupReference } from '../../adapters/maestrano-group.adapter.js';
import { isCreate, type SyncPlan } from '../../sync/engine/plan.js';
import { number } from '../../views/format.js';
import { html } from '../../views/html.js';
import { card, empty, foreign, table } from '../../views/parts.js';
import type { ConsolePage } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { maskedText, valueText } from '../../utils/masked-values.js';
import { groupQuery } from './sync-reference.js';

const PATH = 'synchronization';
/** Fields that are listed. */
const LINES = 50;

/** What a run would do; nothing has been written. */
export function planPage(
  view: ConsoleView,
  group: GroupReference,
  plan: SyncPlan | string,
  shows: boolean,
): ConsolePage {
  const query = groupQuery(group);
  const crumbs = [
    ['Synchronization', view.link(PATH)],
    [group.groupUid, view.link(PATH, 'company', query)],
  ] as const;
  if (typeof plan === 'string') {
    return {
      title: 'No plan',
      crumbs,
      body: card('Why', html`<p>${plan}</p>`, { cls: 'warn' }),
      data: { ...group, plan: null, why: plan },
    };
  }
  const { entries, summary, truncated } = plan;
  const shown = (value: unknown): string => (shows ? valueText(value) : maskedText(value));
  // What is there already first: a new record takes nothing from anybody.
  const fields = [...entries]
    .sort((one, other) => Number(isCreate(one)) - Number(isCreate(other)))
    .flatMap((entry) => entry.fields.map((field) => ({ ...entry, ...field })));
  const body = html`<section class="card flush" aria-label="By kind of record">
      <header><h2>By kind of record</h2></header>
      ${
        entries.length === 0
          ? empty('good', 'Nothing to do', 'Nothing is due: both sides agree, or wait for somebody.')
          : table(
              'By kind of record',
              [
                { name: 'Kind', kind: 'lead' },
                ...ACTIONS.map(([, name]) => ({ name, kind: 'num' as const })),
              ],
              Object.entries(summary).map(([entity, counts]) => [
                entity,
                ...ACTIONS.map(([action]) => number(counts[action] ?? 0)),
              ]),
            )
      }
    </section>
    <section class="card flush" aria-label="Field by field">
      <header>
        <h2>What would be written, field by field</h2>
        ${shows ? '' : view.action({ section: PATH, action: 'show', role: 'view', label: 'Show values', mini: true, fields: { ...query, page: 'plan' } })}
      </header>
      ${
        fields.length === 0
          ? empty(
              'idle',
              'No field is written',
              'Records that are linked, archived or left out are counted above.',
            )
          : table(
              'Fields',
              [
                { name: 'Record', kind: 'lead' },
                { name: 'Field' },
                { name: 'On' },
                { name: 'Has' },
                { name: 'Gets' },
                { name: 'Rule' },
              ],
              fields
                .slice(0, LINES)
                .map(({ entity, key, app, connec, name, to, from, value, rule }) => [
                  html`<a href="${view.link(PATH, 'record', { ...query, entity, key })}"
                    >${entity} ${foreign(app ?? connec ?? key)}</a
                  >`,
                  name,
                  to === 'app' ? 'the application' : 'the marketplace',
                  foreign(shown(from)),
                  foreign(shown(value)),
                  rule,
                ]),
            )
      }
    </section>
    ${card(
      'Do it',
      html`<p>
          ${entries.length === 0 ? 'There is nothing to do.' : 'Records that look otherwise by then are decided anew. Nothing is deleted on a first run.'}
        </p>
        ${view.action({ section: PATH, action: 'confirm', role: 'replay', label: entries.length === 0 ? 'Confirm, and run' : `Confirm, and do these ${number(entries.length)}${truncated ? ' and more' : ''}`, kind: 'primary', fields: { ...query, count: String(entries.length) } })}`,
      { cls: 'confirm' },
    )}`;
  return {
    title: `What a run would do for ${group.groupUid}`,
    lead: `Nothing has been written. Computed from both sides ${truncated ? `for the first ${number(entries.length)} records that are due` : 'for all records that are due'}.`,
    crumbs,
    body,
    data: {
      ...group,
      summary,
      truncated,
      entries: entries.map(({ fields: some, ...entry }) => ({
        ...entry,
        fields: some.map(({ from, value, ...field }) => ({
          ...field,
          from: shown(from),
          value: shown(value),
        })),
      })),
    },
  };
}

const ACTIONS = [
  ['match', 'Linked'],
  ['createInApp', 'Made here'],
  ['createInConnec', 'Made there'],
  ['update', 'Changed'],
  ['archiveInConnec', 'Archived there'],
  ['hold', 'Left out'],
] as const;
