import { randomUUID } from 'node:crypto';

import { match } from '../merge/match.js';
import type { FieldWrite } from '../merge/merge.js';
import { digest } from '../merge/values.js';
import { dueNow, type SyncLink, type SyncSide } from '../store/sync-link.js';
import type { Look, Step } from './decide.js';
import { look } from './look-at-records.js';
import { Sharing } from './match-records.js';
import { decideOne } from './process.js';
import { References } from './references.js';
import type { RunContext } from './run-context.js';

/** What would be done with a record. */
export type SyncPlanAction =
  /** The two records are the same by a match key, and become one. */
  | 'match'
  | 'createInApp'
  | 'createInConnec'
  | 'update'
  | 'archiveInConnec'
  /** Nothing, for the reason given. */
  | 'hold'
  | 'stop';

/** A field that would be written. */
export interface SyncPlanField {
  readonly name: string;
  readonly to: SyncSide;
  /** Such as `only app changed`, `newest: app`; `new record` where it is created. */
  readonly rule: string;
  /** The values; only in a plan that was asked for with `values`. */
  readonly from?: unknown;
  readonly value?: unknown;
}

/** What would be done with one record. */
export interface SyncPlanEntry {
  readonly entity: string;
  readonly key: string;
  readonly app: string | null;
  readonly connec: string | null;
  readonly action: SyncPlanAction;
  readonly fields: readonly SyncPlanField[];
  /** Why nothing is done: a code such as `sync.ambiguousMatch`; null where something is. */
  readonly reason: string | null;
  /** How both sides looked: `apply` leaves records alone that look otherwise by then. */
  readonly fingerprint: string;
}

/** What a run would do: JSON, to be shown, kept, and handed to `apply`. */
export interface SyncPlan {
  readonly id: string;
  readonly createdAt: Date;
  /** How many entries there are of each action, by entity. */
  readonly summary: Readonly<Record<string, Readonly<Partial<Record<SyncPlanAction, number>>>>>;
  readonly entries: readonly SyncPlanEntry[];
  /** Whether there was more than the limit. */
  readonly truncated: boolean;
}

/** Whether the entry makes a record, so that nothing is overwritten. */
export function isCreate({ action }: Pick<SyncPlanEntry, 'action'>): boolean {
  return action === 'createInApp' || action === 'createInConnec';
}

/** How both sides of a record look. */
export function fingerprintOf({ link, app, connec }: Look): string {
  return digest([link.app.id, link.connec.id, app?.digests ?? null, connec?.digests ?? null]);
}

/** Puts the entries of all entities together. */
export function planOf(entries: readonly SyncPlanEntry[], truncated: boolean): SyncPlan {
  const summary: Record<string, Partial<Record<SyncPlanAction, number>>> = {};
  for (const { entity, action } of entries) {
    const counts = (summary[entity] ??= {});
    counts[action] = (counts[action] ?? 0) + 1;
  }
  return { id: randomUUID(), createdAt: new Date(), summary, entries, truncated };
}

/** What would be done for the records of an entity that are due. Writes nothing, neither to a side nor to the store. */
export async function planEntity(
  context: RunContext,
  options: { readonly limit: number; readonly values: boolean },
): Promise<readonly SyncPlanEntry[]> {
  const { store, scope, entity, settings } = context;
  const entries: SyncPlanEntry[] = [];
  const paired = new Set<string>();
  let after: string | undefined;
  do {
    const page = await store.page(scope, entity.name, {
      limit: settings.batchSize,
      ...(after === undefined ? {} : { after }),
    });
    const due = page.links.filter((link) => link.dueAt !== null && !paired.has(link.key));
    const links: SyncLink[] = [];
    const sharing = await Sharing.of(store, scope, entity.name, due);
    for (const link of due) {
      const found = match(link, sharing.with(link));
      if (found.kind === 'ambiguous') entries.push(ambiguous(entity.name, link));
      else if (found.kind === 'pair') {
        if (paired.has(link.key)) continue;
        paired.add(found.other.key);
        const [app, connec] = link.app.id === null ? [found.other, link] : [link, found.other];
        links.push({ ...dueNow(app, 'poll', context.now()), connec: connec.connec, matchKeys: [] });
        paired.add(link.key);
      } else links.push(link);
    }
    entries.push(...(await entriesOf(context, links, paired, options.values)));
    after = page.next ?? undefined;
  } while (after !== undefined && entries.length < options.limit);
  return entries.slice(0, options.limit);
}

async function entriesOf(
  context: RunContext,
  links: readonly SyncLink[],
  paired: ReadonlySet<string>,
  values: boolean,
): Promise<readonly SyncPlanEntry[]> {
  if (links.length === 0) return [];
  const looks = await look(context, links);
  const records = looks.flatMap(({ app, connec }) => [app, connec].filter((one) => one !== null));
  const { store, scope, entity, owner } = context;
  const references = await References.of(store, scope, entity, records, owner);
  return looks.flatMap((one) => {
    const step = decideOne(context, references, one);
    const entry = entryOf(entity.name, one, step, values);
    if (paired.has(one.link.key)) return [{ ...entry, action: 'match' as const }];
    return entry.action === 'hold' && entry.reason === null ? [] : [entry];
  });
}

function entryOf(entity: string, one: Look, step: Step, values: boolean): SyncPlanEntry {
  const actions: Readonly<Record<Step['kind'], SyncPlanAction>> = {
    keep: 'hold',
    write: 'update',
    createInApp: 'createInApp',
    createInConnec: 'createInConnec',
    archive: 'archiveInConnec',
    restored: 'stop',
  };
  return {
    entity,
    key: one.link.key,
    app: one.link.app.id,
    connec: one.link.connec.id,
    action: actions[step.kind],
    fields: fieldsOf(one, step, values),
    reason: step.kind === 'restored' ? 'sync.restored' : (step.link.hold?.code ?? null),
    fingerprint: fingerprintOf(one),
  };
}

function fieldsOf(one: Look, step: Step, values: boolean): readonly SyncPlanField[] {
  const fieldsTo = (to: SyncSide, writes: readonly FieldWrite[], ruleOf: (name: string) => string) =>
    writes.map(({ rule: { name }, value }) => ({
      name,
      to,
      rule: ruleOf(name),
      ...(values ? { from: one[to]?.values[name], value } : {}),
    }));
  if (step.kind === 'createInApp') return fieldsTo('app', step.writes, () => 'new record');
  if (step.kind === 'createInConnec') return fieldsTo('connec', step.writes, () => 'new record');
  if (step.kind !== 'write') return [];
  const ruleOf = (name: string): string =>
    step.decisions.find(({ unit }) => unit.some((rule) => rule.name === name))?.rule ?? '';
  return [...fieldsTo('app', step.toApp, ruleOf), ...fieldsTo('connec', step.toConnec, ruleOf)];
}

function ambiguous(entity: string, link: SyncLink): SyncPlanEntry {
  return {
    entity,
    key: link.key,
    app: link.app.id,
    connec: link.connec.id,
    action: 'hold',
    fields: [],
    reason: 'sync.ambiguousMatch',
    fingerprint: '',
  };
}
