import type { GroupReference } from '../../adapters/maestrano-group.adapter.js';
import type { SyncHistoryEntry } from '../../sync/store/sync-store.js';
import type { SyncRecord, SyncRecordSide } from '../../sync/sync-record.js';
import { count } from '../../views/format.js';
import { html, type Html } from '../../views/html.js';
import { type Candidate, candidates, card, foreign, timeline } from '../../views/parts.js';
import type { ConsolePage } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { maskedText, valueText } from '../../utils/masked-values.js';
import { describeRecord, groupQuery, holdWord, seenOf } from './sync-reference.js';

const PATH = 'synchronization';
/** Candidates that are shown side by side. */
const SHOWN = 4;

/** What the page of a record is made of. */
export interface RecordLook {
  readonly group: GroupReference;
  readonly record: SyncRecord;
  /** Records that an ambiguous one could be the same as. */
  readonly others: readonly SyncRecord[];
  /** How it stands, in sentences without values. */
  readonly explanation: readonly string[];
  /** Newest first. */
  readonly history: readonly SyncHistoryEntry[];
}

/** One record: why it waits, both sides, what was decided about it before. */
export function recordPage(view: ConsoleView, look: RecordLook): ConsolePage {
  const { group, record, others, explanation, history } = look;
  const { entity, key, ids, hold } = record;
  const query = { ...groupQuery(group), entity, key };
  const shows = view.shows(PATH, describeRecord(record, group));
  const title =
    hold === null ? `${entity} ${ids.app ?? ids.connec ?? key}` : QUESTIONS[hold.kind](entity, hold.fields);
  const body = html`<section class="card" aria-label="Values">
      ${
        shows
          ? html`<p>Values are shown to you for five minutes. It is in the audit log.</p>`
          : html`<p>Values are masked. Who looks at them is written to the audit log.</p>
              ${view.action({ section: PATH, action: 'show', role: 'view', label: 'Show values', fields: query })}`
      }
    </section>
    ${hold?.kind === 'ambiguous' ? matches(view, look, shows) : sides(view, look, shows)}
    <div class="two half gap">
      ${card('Why', html`${explanation.map((sentence) => html`<p>${sentence}</p>`)}${remedy(record)}`)}
      ${otherDecisions(view, look)}
    </div>
    ${card('What was decided before', historyOf(view, history, shows), { aside: count(history.length, 'decision') })}`;
  return {
    title,
    lead: html`${hold === null ? '' : html`${holdWord(hold.kind)} since ${view.when(hold.since)} · `}<code
        >${ids.app ?? 'none here'}</code
      >
      = <code>${ids.connec ?? 'none there'}</code> · ${group.groupUid} on ${group.marketplace}`,
    crumbs: [
      ['Synchronization', view.link(PATH)],
      [group.groupUid, view.link(PATH, 'company', groupQuery(group))],
    ],
    actions: html`<a class="button" href="${view.link(PATH, 'record', { ...query, format: 'json' })}"
      >As JSON</a
    >`,
    body,
    data: {
      ...group,
      ...record,
      app: sideData(record.app, shows),
      connec: sideData(record.connec, shows),
      others: others.map((one) => ({
        ...one,
        app: sideData(one.app, shows),
        connec: sideData(one.connec, shows),
      })),
      explanation,
      history: history.map((entry) => historyData(entry, shows)),
    },
  };
}

const QUESTIONS: Readonly<
  Record<NonNullable<SyncRecord['hold']>['kind'], (entity: string, fields: readonly string[]) => string>
> = {
  conflict: (_entity, fields) => `Which ${fields.length === 1 ? fields[0] : 'values'} is right?`,
  ambiguous: (entity) => `Which of these ${entity} is the same?`,
  quarantined: (entity) => `Why this record of ${entity} is set aside`,
  merged: (entity) => `This record of ${entity} was merged at the marketplace`,
  vanished: (entity) => `The marketplace does not find this record of ${entity}`,
  absent: (entity) => `The application does not find this record of ${entity}`,
  waiting: (entity) => `This record of ${entity} waits for another`,
  ignored: (entity) => `This record of ${entity} is left alone`,
};

function sideData(side: SyncRecordSide | null, shows: boolean): unknown {
  if (side === null) return null;
  const values = Object.entries(side.values).map(([name, value]) => [name, shown(value, shows)]);
  return { ...side, values: Object.fromEntries(values) as unknown };
}

function historyData({ values, ...decided }: SyncHistoryEntry, shows: boolean): unknown {
  if (!values) return decided;
  return { ...decided, values: { app: shown(values.app, shows), connec: shown(values.connec, shows) } };
}

function shown(value: unknown, shows: boolean): string {
  return shows ? valueText(value) : maskedText(value);
}

/** Both sides beside each other; the fields of a conflict first, each with the way to take it. */
function sides(view: ConsoleView, { group, record }: RecordLook, shows: boolean): Html {
  const { app, connec, hold, entity, key } = record;
  const isConflict = hold?.kind === 'conflict';
  const names = [...new Set([...Object.keys(app?.values ?? {}), ...Object.keys(connec?.values ?? {})])];
  const asked = names.toSorted(
    (one, other) =>
      Number(hold?.fields.includes(other) ?? false) - Number(hold?.fields.includes(one) ?? false),
  );
  const one = (
    title: string,
    side: SyncRecordSide | null,
    other: SyncRecordSide | null,
    winner: string,
  ): Candidate => ({
    title,
    best: false,
    values:
      side === null
        ? [{ name: 'Record', value: 'none' }]
        : [
            ...asked.map((name) => ({
              name,
              value: foreign(shown(side.values[name], shows)),
              ...(other === null
                ? {}
                : { same: valueText(side.values[name]) === valueText(other.values[name]) }),
            })),
            { name: 'Changed', value: view.when(side.changedAt) },
          ],
    foot: isConflict
      ? view.action({
          section: PATH,
          action: 'resolve',
          role: 'replay',
          label: `Take this: ${hold.fields.join(', ')}`,
          kind: 'primary',
          fields: { ...groupQuery(group), entity, key, winner, seen: seenOf(record) },
        })
      : '',
  });
  return candidates('Both sides', [
    one('The application', app, connec, 'app'),
    one('The marketplace', connec, app, 'connec'),
  ]);
}

/** The record and those that it could be the same as. */
function matches(view: ConsoleView, { group, record, others }: RecordLook, shows: boolean): Html {
  const own = record.app ?? record.connec;
  const valuesOf = (side: SyncRecordSide | null, compare: boolean) =>
    Object.entries(side?.values ?? {}).map(([name, value]) => ({
      name,
      value: foreign(shown(value, shows)),
      ...(compare && own ? { same: valueText(value) === valueText(own.values[name]) } : {}),
    }));
  const isOurs = record.ids.app !== null;
  const fields = { ...groupQuery(group), entity: record.entity, key: record.key, seen: seenOf(record) };
  const opposite = others.filter(({ ids }) => (isOurs ? ids.connec : ids.app) !== null);
  return candidates('The record, and those that it could be', [
    {
      title: isOurs ? `Here: ${record.ids.app}` : `There: ${record.ids.connec}`,
      values: valuesOf(own, false),
    },
    ...opposite.slice(0, SHOWN).map((other): Candidate => ({
      title: isOurs ? `There: ${other.ids.connec}` : `Here: ${other.ids.app}`,
      values: valuesOf(isOurs ? other.connec : other.app, true),
      foot: view.action({
        section: PATH,
        action: 'adopt',
        role: 'replay',
        label: 'It is this one',
        kind: 'primary',
        fields: { ...fields, other: other.key },
      }),
    })),
    {
      title: 'None of them',
      values: [{ name: 'Then', value: 'a new record is made on the other side' }],
      foot: view.action({ section: PATH, action: 'reject', role: 'replay', label: 'None of them', fields }),
    },
  ]);
}

function remedy({ hold }: SyncRecord): Html | '' {
  if (hold === null) return '';
  switch (hold.kind) {
    case 'quarantined':
      return html`<p>
        <b>What to do:</b> correct the record on either side, which sends it again by itself, or the mapping
        of the application; then look at it again.
      </p>`;
    case 'vanished':
      return html`<p>
        <b>What to do:</b> see in the marketplace whether it was deleted there. Look at it again, or leave it
        alone.
      </p>`;
    default:
      return '';
  }
}

/** What can be decided beside the question itself. */
function otherDecisions(view: ConsoleView, { group, record }: RecordLook): Html {
  const { entity, key, hold } = record;
  const fields = { ...groupQuery(group), entity, key, seen: seenOf(record) };
  const act = (action: string, label: string, more: Readonly<Record<string, string>> = {}): Html =>
    view.action({ section: PATH, action, role: 'replay', label, fields: { ...fields, ...more } });
  return card(
    'What else can be done',
    html`<div class="actions">
        ${
          hold?.kind === 'merged'
            ? html`${act('merge', 'Keep the survivor', { decision: 'accept' })}
              ${act('merge', 'Make a record of its own again', { decision: 'split' })}`
            : ''
        }
        ${hold === null || hold.kind === 'ambiguous' || hold.kind === 'conflict' ? '' : act('retry', 'Look at it again')}
        ${hold?.kind === 'ignored' ? '' : act('ignore', 'Leave it alone')}
      </div>
      <p class="small soft below">
        What is left alone stays as it is on both sides until somebody looks at it again.
      </p>`,
  );
}

/** What was decided, newest first: what was written, and what was not taken. */
function historyOf(view: ConsoleView, history: readonly SyncHistoryEntry[], shows: boolean): Html {
  if (history.length === 0) {
    return html`<p class="soft">
      Nothing yet. Each field that was written, and each that was not taken, comes here: the newest 20.
    </p>`;
  }
  const lines = timeline(
    history.map(({ field, to, rule, at, conflict, values }) => {
      const when = view.when(new Date(at));
      const where = to === 'app' ? 'the application' : 'the marketplace';
      const before = values
        ? html` · it was ${foreign(shown(values.app, shows))} here, ${foreign(shown(values.connec, shows))}
          there`
        : '';
      const text =
        to === null
          ? html`<b>Not taken: ${field}</b>${before} · ${when}`
          : html`<b>${field}</b> written to ${where}${before} · ${when}`;
      const note = `rule: ${rule}${conflict ? '; both sides had changed it' : ''}`;
      return [to === null ? 'warn' : 'good', text, note] as const;
    }),
  );
  return html`${lines}${
    history.some(({ values }) => values)
      ? ''
      : html`<p class="small soft">
          What a field had before is not kept: with the option <code>history: 'values'</code> of the
          synchronization it is, and is shown as other values are.
        </p>`
  }`;
}
