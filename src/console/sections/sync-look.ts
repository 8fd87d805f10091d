import type { GroupReference } from '../../adapters/maestrano-group.adapter.js';
import type { SyncHeldRecord } from '../../sync/held-record.js';
import type { SyncEntityStatus, SyncStatus } from '../../sync/sync-status.interface.js';
import { count, number } from '../../views/format.js';
import { html, type Html } from '../../views/html.js';
import { card, empty, foreign, pill, table } from '../../views/parts.js';
import type { ConsolePage } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { groupQuery, holdWord, HOLDS } from './sync-reference.js';

const PATH = 'synchronization';

/** What the page of a company is made of. */
export interface CompanyLook {
  readonly group: GroupReference;
  readonly status: SyncStatus;
  /** Records that are held back, of each kind some. */
  readonly held: readonly (SyncHeldRecord & { readonly kind: string })[];
}

/** One company: its entities, and the records that wait. */
export function companyPage(view: ConsoleView, { group, status, held }: CompanyLook): ConsolePage {
  const { entities, run, enabled } = status;
  const waits = entities.flatMap(({ dueSince }) => dueSince ?? []);
  const dueSince = waits.length === 0 ? null : Math.min(...waits);
  const query = groupQuery(group);
  const stopped = entities.filter((one) => one.stopped !== null);
  const unconfirmed = entities.filter((one) => !one.confirmed && one.links > 0);
  const act = (
    action: string,
    label: string,
    more: Readonly<Record<string, string>> = {},
    kind: '' | 'primary' = '',
  ) => view.action({ section: PATH, action, role: 'replay', label, kind, fields: { ...query, ...more } });
  const body = html`${stopped.map((one) => stoppedCard(view, group, one))}
    ${
      run?.status === 'ERROR' && stopped.length === 0
        ? card(
            'The last run failed',
            html`<p>${run.message}</p>
              <p class="soft">
                The position is kept: the next run goes on from it. Where a side is away, nothing can be done
                here.
              </p>`,
            { cls: 'bad' },
          )
        : ''
    }
    ${
      unconfirmed.length > 0 && run?.needs?.confirmation
        ? card(
            'The first synchronization waits for you',
            html`<p>Nothing is written until somebody has looked at the plan.</p>
              <p class="actions">
                <a class="button primary" href="${view.link(PATH, 'plan', query)}">Look at the plan</a>
              </p>`,
            { cls: 'warn' },
          )
        : ''
    }
    <section class="card flush" aria-label="Records that wait">
      <header><h2>Records that wait</h2></header>
      ${held.length === 0 ? empty('good', 'No record waits', 'A conflict, a doubtful match, or a record that a side rejects comes here. The others go on.') : heldTable(view, group, held)}
    </section>
    <section class="card flush" aria-label="Kinds of records">
      <header><h2>Kinds of records</h2></header>
      ${entityTable(view, entities, run?.needs?.confirmation ?? false)}
    </section>
    ${card(
      'Run',
      html`<div class="actions">
          ${act('run', 'Run now', {}, 'primary')} ${act('run', 'Compare everything', { full: 'yes' })}
          ${entities.every(({ paused }) => paused) && entities.length > 0 ? act('resume', 'Go on') : act('pause', 'Pause')}
          <a class="button" href="${view.link(PATH, 'plan', query)}">What a run would do</a>
        </div>
        ${enabled ? '' : html`<p>${pill('idle', 'Switched off')} The customer switched it off at the marketplace: it is switched on there.</p>`}`,
      {
        aside:
          run === null
            ? 'no run yet'
            : html`${run.status === 'RUNNING' ? 'running since' : 'last run'}
              ${view.when(new Date(run.endedAt ?? run.startedAt))}`,
      },
    )}`;
  return {
    title:
      held.length === 0 && stopped.length === 0
        ? `${group.groupUid} is in step`
        : `${count(held.length, 'record')} of ${group.groupUid} ${held.length === 1 ? 'waits' : 'wait'}`,
    lead: html`<code>${group.groupUid}</code> on ${group.marketplace} ·
      ${dueSince === null ? 'no lag' : html`lag: oldest change ${view.when(new Date(dueSince))}`}${run?.message ? html` · ${run.message}` : ''}`,
    crumbs: [['Synchronization', view.link(PATH)]],
    actions: html`<a class="button" href="${view.link(PATH, 'company', { ...query, format: 'json' })}"
      >As JSON</a
    >`,
    body,
    data: { ...group, status, dueSince, held },
  };
}

function stoppedCard(view: ConsoleView, group: GroupReference, { entity, stopped }: SyncEntityStatus): Html {
  if (stopped === null) return html``;
  const isRestored = stopped.code === 'sync.restored';
  const fields = { ...groupQuery(group), entity };
  const choices = isRestored
    ? html`${CHOICES.map(([right, label]) =>
        view.action({
          section: PATH,
          action: 'restored',
          role: 'replay',
          label,
          kind: 'danger',
          fields: { ...fields, right },
        }),
      )}`
    : view.action({
        section: PATH,
        action: 'confirm',
        role: 'replay',
        label: 'Go on with this change',
        kind: 'danger',
        fields,
      });
  return card(
    `${entity} stopped`,
    html`<p>${stopped.reason}</p>
      <p>
        ${
          isRestored
            ? `The ${stopped.side === 'app' ? 'application' : 'marketplace'} shows older records than it had: it was restored from a backup. Nothing is written either way until somebody says which side is right.`
            : 'More records would be overwritten or deleted than usual. Look at what a run would do first.'
        }
      </p>
      <div class="actions">
        ${choices}<a class="button" href="${view.link(PATH, 'plan', groupQuery(group))}"
          >What a run would do</a
        >
      </div>`,
    { cls: 'bad', aside: html`since ${view.when(new Date(stopped.since))}` },
  );
}

const CHOICES = [
  ['theOther', 'The other side is right'],
  ['theRestored', 'The restored side is right'],
  ['byField', 'Field by field, by the rules'],
] as const;

function heldTable(view: ConsoleView, group: GroupReference, held: CompanyLook['held']): Html {
  return table(
    'Records that wait',
    [{ name: 'Record', kind: 'lead' }, { name: 'State' }, { name: 'Fields' }, { name: 'Since' }],
    held.map(({ entity, key, app, connec, kind, fields, since, reason }) => [
      html`<a href="${view.link(PATH, 'record', { ...groupQuery(group), entity, key })}"
        >${entity} ${foreign(app ?? connec ?? key)}</a
      >`,
      html`${pill(kind === 'ignored' || kind === 'waiting' || kind === 'absent' ? 'idle' : 'warn', holdWord(kind as Parameters<typeof holdWord>[0]))}
        <small>${reason}</small>`,
      fields.join(', ') || '–',
      view.when(since),
    ]),
  );
}

function entityTable(view: ConsoleView, entities: readonly SyncEntityStatus[], asksFirst: boolean): Html {
  return table(
    'Kinds of records',
    [
      { name: 'Kind', kind: 'lead' },
      { name: 'Linked', kind: 'num' },
      { name: 'To do', kind: 'num' },
      { name: 'Waits since' },
      { name: 'Held back', kind: 'num' },
      { name: 'State' },
    ],
    entities.map(({ entity, links, due, dueSince, holds, stopped, paused, confirmed }) => [
      entity,
      number(links),
      number(due),
      dueSince === null ? '–' : view.when(new Date(dueSince)),
      html`${number(Object.values(holds).reduce((sum, some) => sum + some, 0))}
        <small
          >${HOLDS.flatMap(([kind, , several]) => (holds[kind] ? [`${several.toLowerCase()} ${holds[kind]}`] : [])).join(', ')}</small
        >`,
      stopped !== null
        ? pill('bad', 'Stopped')
        : paused
          ? pill('idle', 'Paused')
          : confirmed || links === 0 || !asksFirst
            ? pill('good', 'Goes on')
            : pill('warn', 'Not confirmed'),
    ]),
  );
}
