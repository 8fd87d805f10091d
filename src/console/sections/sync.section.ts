import type { GroupReference } from '../../adapters/maestrano-group.adapter.js';
import { MaestranoConsoleError } from '../../errors/console.error.js';
import type { SyncPlan } from '../../sync/engine/plan.js';
import type { SyncKnownGroup } from '../../sync/store/sync-store.js';
import type { SyncHeldRecord } from '../../sync/held-record.js';
import { progressOf } from '../../sync/progress.js';
import type { SyncRecordRef } from '../../sync/record-ref.js';
import type { SyncOperations } from '../../sync/sync-operations.js';
import type { SyncRecord } from '../../sync/sync-record.js';
import type { SyncProgress } from '../../sync/sync-status.interface.js';
import type { MaestranoSync } from '../../sync/sync.service.js';
import { count } from '../../views/format.js';
import type {
  ConsoleAction,
  ConsoleAttention,
  ConsoleFields,
  ConsoleOutcome,
  ConsolePage,
  ConsoleSection,
} from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import { inTime } from '../in-time.js';
import { chosenGroups, groupsOfPage, listPage, NEEDS_YOU, stateOf } from './sync-list-look.js';
import { companyPage } from './sync-look.js';
import { planPage } from './sync-plan-look.js';
import { recordPage } from './sync-record-look.js';
import { SyncGroups } from './sync-groups.js';
import { describeRecord, groupOf, groupQuery, HOLDS, recordOf, seenOf } from './sync-reference.js';

/** Records of one kind that are listed, and entries of a plan. */
const [HELD, PLANNED] = [20, 200];
/** Companies whose progress is shown, and how long they may take to say it, in milliseconds. */
const [RUNNING, PROGRESS_MS] = [5, 100];
/** How long a plan may take to compute, in milliseconds. */
const PLAN_MS = 8_000;

/** An action upon a record that has been seen as it is. */
type RecordWork = (
  operations: SyncOperations,
  ref: SyncRecordRef,
  record: SyncRecord,
  fields: ConsoleFields,
) => Promise<string>;

/** Two-way synchronization: which company is behind, what waits for a decision, why a value is what it is. */
export class SyncSection implements ConsoleSection {
  readonly path = 'synchronization';
  readonly name = 'Synchronization';
  readonly group = 'Records';
  readonly #groups: SyncGroups;
  readonly actions: Readonly<Record<string, ConsoleAction>> = {
    show: {
      role: 'view',
      describe: (fields) => ({ what: 'Looked at masked values', on: describeShown(fields) }),
      run: (fields) => Promise.resolve(whereShown(fields)),
    },
    run: this.#onGroup('Started a run', async (group, fields) => {
      await this.sync.start(group, { full: fields.get('full') === 'yes' });
      return 'A run follows at once. Reload to see how far it is.';
    }),
    pause: this.#onGroup('Paused the synchronization', async (group) => {
      await this.sync.pause(group);
      return 'Paused: nothing is read or written until somebody goes on.';
    }),
    resume: this.#onGroup('Went on with the synchronization', async (group) => {
      await this.sync.resume(group);
      await this.sync.start(group);
      return 'It goes on, with what changed meanwhile.';
    }),
    confirm: this.#onGroup('Confirmed what a run would do', (group, fields) => this.#confirm(group, fields)),
    restored: this.#onGroup('Said which side of a restored one is right', async (group, fields) => {
      const right = (['theOther', 'theRestored', 'byField'] as const).find(
        (one) => one === fields.get('right'),
      );
      const entity = fields.get('entity') ?? '';
      if (!right || entity === '') throw input('It is not said which side is right.');
      await (await this.sync.operations(group)).restored(entity, right);
      await this.sync.start(group);
      return 'Decided: a run follows at once.';
    }),
    resolve: this.#onRecord('Decided a conflict', async (operations, ref, record, fields) => {
      const winner = (['app', 'connec'] as const).find((one) => one === fields.get('winner'));
      if (!winner) throw input('It is not said which side is right.');
      if (record.hold?.kind !== 'conflict') throw changed();
      await operations.resolve(ref, winner);
      return `Decided: what the ${winner === 'app' ? 'application' : 'marketplace'} has holds for ${record.hold.fields.join(', ')}.`;
    }),
    adopt: this.#onRecord('Said which record is the same', async (operations, _ref, record, fields) => {
      const other = await this.sync.record(groupOf(fields), {
        entity: record.entity,
        key: fields.get('other') ?? '',
      });
      const [app, connec] =
        record.ids.app === null ? [other?.ids.app, record.ids.connec] : [record.ids.app, other?.ids.connec];
      if (!app || !connec) throw changed();
      await operations.adopt(record.entity, app, connec);
      return `${app} here and ${connec} there are one record from now on.`;
    }),
    reject: this.#onRecord('Said that no record is the same', async (operations, ref) => {
      await operations.reject(ref);
      return 'It is a record of its own: one is made on the other side.';
    }),
    retry: this.#onRecord('Had a record looked at again', async (operations, ref) => {
      await operations.retry(ref);
      return 'It is looked at again. What is still wrong comes back here.';
    }),
    ignore: this.#onRecord('Left a record alone', async (operations, ref) => {
      await operations.ignore(ref);
      return 'It is left alone on both sides until somebody looks at it again.';
    }),
    merge: this.#onRecord('Decided about a merge', async (operations, ref, _record, fields) => {
      const decision = fields.get('decision') === 'split' ? 'split' : 'accept';
      await operations.merge(ref, decision);
      return decision === 'split'
        ? 'The marketplace gets a record of its own again.'
        : 'The survivor stays, this tie ends.';
    }),
  };

  constructor(
    private readonly sync: MaestranoSync,
    private readonly marketplaces: () => readonly string[],
  ) {
    this.#groups = new SyncGroups(sync);
  }

  async attention(): Promise<readonly ConsoleAttention[]> {
    const needy = await this.#groups.all((one) => NEEDS_YOU.includes(stateOf(one)));
    return NEEDS_YOU.flatMap((state) => {
      const some = needy.filter((one) => stateOf(one) === state);
      return some.length === 0 ? [] : [attentionOf(state, some)];
    });
  }

  async page(view: ConsoleView, name: string): Promise<ConsolePage | null> {
    const fields = new Map(view.query);
    switch (name) {
      case '':
        return this.#list(view);
      case 'company':
        return this.#company(view, groupOf(fields));
      case 'plan':
        return this.#plan(view, groupOf(fields));
      case 'record':
        return this.#record(view, groupOf(fields), recordOf(fields));
      default:
        return null;
    }
  }

  async #list(view: ConsoleView): Promise<ConsolePage> {
    const after = view.param('after');
    const { groups: all, next } = await this.#groups.stretch(after === '' ? null : after);
    const filter = {
      after,
      q: view.param('q'),
      marketplace: view.param('marketplace'),
      show: view.param('show'),
      sort: view.param('sort'),
    };
    const chosen = chosenGroups(all, filter, view.now);
    const shown = groupsOfPage(view, chosen);
    const progress = await this.#progress(shown);
    return listPage(view, {
      all,
      next,
      filter,
      chosen,
      shown,
      progress,
      marketplaces: this.marketplaces(),
    });
  }

  /** How far some of those are that run now; whoever does not say it in time is left out. */
  async #progress(shown: readonly SyncKnownGroup[]): Promise<ReadonlyMap<SyncKnownGroup, SyncProgress>> {
    const running = shown.filter(({ state: { run } }) => run?.status === 'RUNNING').slice(0, RUNNING);
    const asked = running.map(async (group) => [group, progressOf(await this.sync.status(group))] as const);
    const said = await inTime(PROGRESS_MS, Promise.all(asked), { late: '', failed: '' });
    return new Map(typeof said === 'string' ? [] : said);
  }

  async #company(view: ConsoleView, group: GroupReference): Promise<ConsolePage> {
    const status = await this.sync.status(group);
    if (status.run === null && status.entities.every(({ links }) => links === 0)) {
      throw new MaestranoConsoleError('console.unknown', {
        message: 'Nothing of this company was synchronized yet.',
      });
    }
    const held: (SyncHeldRecord & { readonly kind: string })[] = [];
    for (const { entity, holds } of status.entities) {
      for (const [kind] of HOLDS) {
        if (!holds[kind]) continue;
        const some = await this.sync.held(group, entity, kind, HELD);
        held.push(...some.map((one) => ({ ...one, kind })));
      }
    }
    return companyPage(view, { group, status, held });
  }

  async #plan(view: ConsoleView, group: GroupReference): Promise<ConsolePage> {
    return planPage(view, group, await this.#planned(group), view.shows(this.path, describePlan(group)));
  }

  /** What a run would do; in words where that cannot be said. Both sides are read for it. */
  #planned(group: GroupReference): Promise<SyncPlan | string> {
    return inTime(PLAN_MS, this.sync.plan(group, { values: true, limit: PLANNED }), {
      late: `It could not be computed within ${PLAN_MS / 1_000} seconds: a side is slow, or very much is due.`,
      failed: 'A side could not be read',
    });
  }

  async #record(
    view: ConsoleView,
    group: GroupReference,
    ref: ReturnType<typeof recordOf>,
  ): Promise<ConsolePage | null> {
    const record = await this.sync.record(group, ref);
    if (!record) return null;
    const found = await Promise.all(
      (record.hold?.others ?? [])
        .slice(0, HELD)
        .map((key) => this.sync.record(group, { entity: ref.entity, key })),
    );
    const by = refOf(record);
    return recordPage(view, {
      group,
      record,
      others: found.filter((one) => one !== null),
      explanation: (await this.sync.explain(group, by)).filter(
        // The history is a table of its own, and the page of the company says what waits to be confirmed.
        (sentence) => !/ was written |^The first synchronization has/.test(sentence),
      ),
      history: await this.sync.history(group, by),
    });
  }

  async #confirm(group: GroupReference, fields: ConsoleFields): Promise<string> {
    const entity = fields.get('entity') ?? '';
    if (entity === '') {
      const plan = await this.#planned(group);
      if (typeof plan === 'string') throw new MaestranoConsoleError('console.changed', { message: plan });
      if (String(plan.entries.length) !== fields.get('count')) {
        throw new MaestranoConsoleError('console.changed', {
          message: `The plan meant ${fields.get('count')} records when you looked, and means ${plan.entries.length} now. Nothing was confirmed.`,
        });
      }
    }
    await (entity === '' ? this.sync.confirm(group) : this.sync.confirm(group, entity));
    await this.sync.start(group);
    return 'Confirmed: a run follows at once.';
  }

  #onGroup(
    what: string,
    work: (group: GroupReference, fields: ConsoleFields) => Promise<string>,
  ): ConsoleAction {
    return {
      role: 'replay',
      describe: (fields) => {
        const { marketplace, groupUid } = groupOf(fields);
        const entity = fields.get('entity');
        return { what, on: `${entity ? `${entity} of ` : ''}${groupUid} on ${marketplace}` };
      },
      run: async (fields): Promise<ConsoleOutcome> => {
        const group = groupOf(fields);
        return { text: await work(group, fields), page: 'company', query: groupQuery(group) };
      },
    };
  }

  #onRecord(what: string, work: RecordWork): ConsoleAction {
    return {
      role: 'replay',
      describe: (fields) => ({ what, on: describeRecord(recordOf(fields), groupOf(fields)) }),
      run: async (fields): Promise<ConsoleOutcome> => {
        const group = groupOf(fields);
        const record = await this.sync.record(group, recordOf(fields));
        // Decided is what was looked at: other values by now are another question.
        if (!record || seenOf(record) !== fields.get('seen')) throw changed();
        const text = await work(await this.sync.operations(group), refOf(record), record, fields);
        await this.sync.start(group);
        return { text: `${text} A run follows at once.`, page: 'company', query: groupQuery(group) };
      },
    };
  }
}

function refOf({ entity, ids }: SyncRecord): SyncRecordRef {
  return ids.app === null ? { entity, connec: ids.connec ?? '' } : { entity, app: ids.app };
}

function describePlan({ marketplace, groupUid }: GroupReference): string {
  return `the plan of ${groupUid} on ${marketplace}`;
}

function describeShown(fields: ConsoleFields): string {
  const group = groupOf(fields);
  return fields.get('page') === 'plan' ? describePlan(group) : describeRecord(recordOf(fields), group);
}

function whereShown(fields: ConsoleFields): ConsoleOutcome {
  const group = groupOf(fields);
  const isPlan = fields.get('page') === 'plan';
  return {
    text: 'Values are shown to you for five minutes.',
    tone: 'info',
    page: isPlan ? 'plan' : 'record',
    query: { ...groupQuery(group), ...(isPlan ? {} : { ...recordOf(fields) }) },
  };
}

function attentionOf(state: (typeof NEEDS_YOU)[number], groups: readonly SyncKnownGroup[]): ConsoleAttention {
  const [first] = groups as [SyncKnownGroup];
  const records = groups.reduce((sum, { state: { run } }) => sum + (run?.needs?.records ?? 0), 0);
  const whose = groups.length === 1 ? first.groupUid : count(groups.length, 'company', 'companies');
  const one = groups.length === 1;
  const words: Readonly<
    Partial<Record<typeof state, Pick<ConsoleAttention, 'tone' | 'word' | 'title' | 'why'>>>
  > = {
    failed: {
      tone: 'bad',
      word: 'Synchronization fails',
      title: `The last run of ${whose} failed`,
      why: first.state.run?.message ?? '',
    },
    stopped: {
      tone: 'bad',
      word: 'Synchronization stopped',
      title: `The synchronization of ${whose} stopped`,
      why: 'A side was restored from a backup, or very much changed at once. Nothing is written until somebody decides.',
    },
    records: {
      tone: 'warn',
      word: 'Records to decide',
      title: `${count(records, 'record')} of ${whose} ${records === 1 ? 'waits' : 'wait'} for a decision`,
      why: 'Both sides changed the same, several could be the same, or a side rejects them. The others go on.',
    },
    confirmation: {
      tone: 'warn',
      word: 'First run',
      title: `The first synchronization of ${whose} waits to be confirmed`,
      why: 'Nothing is written until somebody has looked at what it would do.',
    },
  };
  return {
    waiting: 'records',
    ...words[state]!,
    act: one ? 'Look at it' : 'Look at them',
    ...(one
      ? { page: state === 'confirmation' ? 'plan' : 'company', query: groupQuery(first) }
      : { query: { show: 'needy' } }),
  };
}

function input(message: string): MaestranoConsoleError {
  return new MaestranoConsoleError('console.input', { message });
}

function changed(): MaestranoConsoleError {
  return new MaestranoConsoleError('console.changed', {
    message: 'The record is another by now, on one of the sides or here. Nothing was decided.',
  });
}
