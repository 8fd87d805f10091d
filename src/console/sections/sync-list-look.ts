import type { SyncKnownGroup, SyncRunState } from '../../sync/store/sync-store.js';
import type { SyncProgress } from '../../sync/sync-status.interface.js';
import { count, number } from '../../views/format.js';
import { chips, filters, select } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { empty, foreign, pager, pill, table, tile } from '../../views/parts.js';
import type { ConsolePage } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { groupQuery } from './sync-reference.js';

const PATH = 'synchronization';
/** Companies of a page. */
const LINES = 50;
/** A company whose last run ended before so many milliseconds is behind. */
const BEHIND_MS = 3_600_000;

/** What a company is in need of, the most urgent first. */
export type GroupState =
  'failed' | 'stopped' | 'records' | 'confirmation' | 'off' | 'paused' | 'running' | 'good';

/** How a company stands, as its last run left it. */
export function stateOf({ state: { enabled, paused, run } }: SyncKnownGroup): GroupState {
  if (!enabled) return 'off';
  if (run?.status === 'ERROR') return (run.needs?.stopped ?? 0) > 0 ? 'stopped' : 'failed';
  if ((run?.needs?.records ?? 0) > 0) return 'records';
  if (run?.needs?.confirmation) return 'confirmation';
  if (Object.keys(paused).length > 0) return 'paused';
  return run?.status === 'RUNNING' ? 'running' : 'good';
}

/** States that wait for a person. */
export const NEEDS_YOU: readonly GroupState[] = ['failed', 'stopped', 'records', 'confirmation'];
const ORDER: readonly GroupState[] = [...NEEDS_YOU, 'paused', 'off', 'running', 'good'];

function statePill(group: SyncKnownGroup): Html {
  const records = group.state.run?.needs?.records ?? 0;
  switch (stateOf(group)) {
    case 'failed':
      return pill('bad', 'Failed');
    case 'stopped':
      return pill('bad', 'Stopped');
    case 'records':
      return pill('warn', `${count(records, 'record')} to decide`);
    case 'confirmation':
      return pill('warn', 'First run');
    case 'paused':
      return pill('idle', 'Paused');
    case 'off':
      return pill('idle', 'Switched off');
    case 'running':
      return pill('info', 'Running');
    default:
      return pill('good', 'Up to date');
  }
}

/** What narrows the list of companies, and its order; empty texts mean any, and those that need somebody first. */
export interface GroupFilter {
  readonly q: string;
  readonly marketplace: string;
  readonly show: string;
  readonly sort: string;
  /** Where the companies that are looked at begin, in the order of the store; empty for the beginning. */
  readonly after: string;
}

/** The parts of the list that have a chip, and which companies are among them. */
const SHOWN: readonly (readonly [
  show: string,
  name: string,
  is: (group: SyncKnownGroup, now: number) => boolean,
])[] = [
  ['', 'All', () => true],
  ['needy', 'Needs you', (group) => NEEDS_YOU.includes(stateOf(group))],
  ['first', 'First run', (group) => stateOf(group) === 'confirmation'],
  ['paused', 'Paused', (group) => stateOf(group) === 'paused'],
  ['behind', 'No run for an hour', isBehind],
];

const SORTS: readonly (readonly [sort: string, name: string])[] = [
  ['', 'Needs you first'],
  ['oldest', 'Longest without a run'],
  ['lag', 'Longest lag'],
  ['name', 'Name'],
];

function isBehind(group: SyncKnownGroup, now: number): boolean {
  const { enabled, run } = group.state;
  return enabled && stateOf(group) !== 'paused' && lastRun(run) < now - BEHIND_MS;
}

function lastRun(run: SyncRunState | null): number {
  return run?.endedAt ?? run?.startedAt ?? 0;
}

/** Since when the oldest record of a company waits, as its last run left it; those where none does come last. */
function waitsSince({ state: { run } }: SyncKnownGroup): number {
  return run?.dueSince ?? Number.MAX_SAFE_INTEGER;
}

/** The companies that a filter means, in its order. */
export function chosenGroups(
  all: readonly SyncKnownGroup[],
  { q, marketplace, show, sort }: GroupFilter,
  now: number,
): readonly SyncKnownGroup[] {
  const [, , is] = SHOWN.find(([one]) => one === show) ?? SHOWN[0]!;
  const part = q.trim().toLowerCase();
  const chosen = all.filter(
    (group) =>
      (marketplace === '' || group.marketplace === marketplace) &&
      is(group, now) &&
      group.groupUid.toLowerCase().includes(part),
  );
  return chosen.toSorted((one, other) => {
    if (sort === 'name') return one.groupUid < other.groupUid ? -1 : 1;
    if (sort === 'oldest') return lastRun(one.state.run) - lastRun(other.state.run);
    if (sort === 'lag') return waitsSince(one) - waitsSince(other);
    return ORDER.indexOf(stateOf(one)) - ORDER.indexOf(stateOf(other));
  });
}

/** The part of them that a page shows. */
export function groupsOfPage(
  view: ConsoleView,
  chosen: readonly SyncKnownGroup[],
): readonly SyncKnownGroup[] {
  return chosen.slice(fromOf(view), fromOf(view) + LINES);
}

function fromOf(view: ConsoleView): number {
  return Math.max(0, Number.parseInt(view.param('from'), 10) || 0);
}

/** What the list is made of. */
export interface GroupsLook {
  readonly all: readonly SyncKnownGroup[];
  /** Where those begin that were not looked at; null where all were. */
  readonly next: string | null;
  readonly filter: GroupFilter;
  readonly chosen: readonly SyncKnownGroup[];
  readonly shown: readonly SyncKnownGroup[];
  /** How far those are that run now, as far as it could be said in time. */
  readonly progress: ReadonlyMap<SyncKnownGroup, SyncProgress>;
  readonly marketplaces: readonly string[];
}

/** All companies, those that need somebody first. */
export function listPage(view: ConsoleView, look: GroupsLook): ConsolePage {
  const { all, next, filter, chosen, shown, progress, marketplaces } = look;
  const from = fromOf(view);
  const amount = (show: string): number =>
    all.filter((one) => SHOWN.find(([name]) => name === show)![2](one, view.now)).length;
  const needy = amount('needy');
  const link = (more: Readonly<Record<string, string>>): string =>
    view.link(PATH, '', { ...filter, ...more });
  const body = html`${tiles(all, amount, link)}
    ${filters(
      view.link(PATH),
      { label: 'Company', hint: 'cld-4 …', value: filter.q },
      html`${select('Marketplace', 'marketplace', [['', 'All'], ...marketplaces], filter.marketplace)}
      ${select('Sort', 'sort', SORTS, filter.sort)}`,
      { show: filter.show, after: filter.after },
    )}
    ${chips(
      'Show',
      SHOWN.map(([show, name]) => ({
        name,
        href: link({ show }),
        on: filter.show === show,
        count: number(amount(show)),
      })),
      html`<a href="${link({ format: 'json' })}">As JSON</a>`,
    )}
    <section class="card flush" aria-label="Companies">
      <h2 class="hidden">Companies</h2>
      ${shown.length > 0 ? groupTable(view, shown, progress) : all.length === 0 ? NOBODY : NO_MATCH}
      ${pager(
        `${shown.length} of ${number(chosen.length)} shown`,
        from > 0 ? link({ from: String(Math.max(0, from - LINES)) }) : null,
        from + LINES < chosen.length ? link({ from: String(from + LINES) }) : null,
        ['Back', 'More'],
      )}
    </section>`;
  return {
    title:
      needy === 0
        ? 'No company needs you'
        : `${number(needy)} of ${count(all.length, 'company', 'companies')} ${needy === 1 ? 'needs' : 'need'} you`,
    lead: html`${next === null && filter.after === '' ? '' : stretchText(all, filter.after)} The state of each
    company is that of its last run.`,
    ...(next === null && filter.after === ''
      ? {}
      : {
          actions: html`${filter.after === '' ? '' : html`<a class="button" href="${link({ after: '' })}">From the beginning</a>`}
          ${next === null ? '' : html`<a class="button" href="${link({ after: next })}">The following companies</a>`}`,
        }),
    body,
    data: { companies: shown, total: all.length, needsYou: needy, next },
  };
}

/** Which companies numbers, search and order are of, where there are more. */
function stretchText(all: readonly SyncKnownGroup[], after: string): Html {
  const [first, last] = [all[0], all.at(-1)];
  if (!first || !last) return html`No company follows.`;
  return html`${after === '' ? `The first ${number(all.length)}` : number(all.length)} companies are looked
    at, search and order included: from <code>${first.groupUid}</code> on ${first.marketplace} to
    <code>${last.groupUid}</code> on ${last.marketplace}, in the order of the store.`;
}

function tiles(
  all: readonly SyncKnownGroup[],
  amount: (show: string) => number,
  link: (more: Readonly<Record<string, string>>) => string,
): Html {
  const good = all.filter((one) => stateOf(one) === 'good').length;
  const running = all.filter(({ state: { run } }) => run?.status === 'RUNNING').length;
  const waiting = all.filter(({ state: { run } }) => (run?.needs?.records ?? 0) > 0);
  const records = waiting.reduce((sum, { state: { run } }) => sum + (run?.needs?.records ?? 0), 0);
  return html`<div class="tiles">
    ${tile('Up to date', number(good), running === 0 ? 'none runs now' : `${number(running)} run now`, link({ show: '', sort: '' }))}
    ${tile('First run', number(amount('first')), 'wait to be confirmed', link({ show: 'first' }))}
    ${tile('No run for an hour', number(amount('behind')), 'paused ones left out', link({ show: 'behind', sort: 'oldest' }))}
    ${tile('Records to decide', number(records), `in ${count(waiting.length, 'company', 'companies')}`, link({ show: 'needy' }))}
  </div>`;
}

const NOBODY = empty('idle', 'Nothing here', 'A company is listed once its synchronization ran.');
const NO_MATCH = empty('idle', 'Nothing matches', 'Look at all, or for another name.');

function groupTable(
  view: ConsoleView,
  groups: readonly SyncKnownGroup[],
  progress: ReadonlyMap<SyncKnownGroup, SyncProgress>,
): Html {
  return table(
    'Companies',
    [
      { name: 'Company', kind: 'lead' },
      { name: 'State' },
      { name: 'Progress' },
      { name: 'To decide', kind: 'num' },
      { name: 'Lag' },
      { name: 'Last run' },
    ],
    groups.map((group) => {
      const { run } = group.state;
      return [
        html`<a href="${view.link(PATH, 'company', groupQuery(group))}">${foreign(group.groupUid)}</a>
          <small>${group.marketplace}</small>`,
        statePill(group),
        progressCell(group, progress.get(group)),
        number(run?.needs?.records ?? 0),
        run?.dueSince ? html`oldest change ${view.when(new Date(run.dueSince))}` : 'none',
        run === null ? 'none yet' : view.when(new Date(lastRun(run))),
      ];
    }),
  );
}

function progressCell(
  { groupUid, state: { run } }: SyncKnownGroup,
  progress: SyncProgress | undefined,
): Html {
  const said = html`<small>${run?.message ?? ''}</small>`;
  if (!progress || progress.records === 0) return said;
  const { settled, records } = progress;
  const part = Math.floor((100 * settled) / records);
  return html`<progress max="100" value="${part}" aria-label="Progress of ${groupUid}">${part} %</progress>
    <small>${number(settled)} of ${number(records)} records</small>`;
}
