import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { SyncEntity } from '../fields/entity-definition.js';
import type { FieldRule, ListRule, SideRecord } from '../merge/side-record.js';
import { digest } from '../merge/values.js';
import { type SyncBase, type SyncIntent, type SyncLink, withBase } from '../store/sync-link.js';
import type { SyncDeclaration, SyncNotice, SyncStream } from '../store/sync-store.js';
import { type AppSideRecord, readConnec } from './records.js';
import type { RunContext } from './run-context.js';

/** How an entity is declared, as it is kept beside its links. */
export function declarationOf({ version, rules, lists }: SyncEntity): SyncDeclaration {
  const fields = [
    ...rules.map((rule) => [rule.name, rule.app, mappingOf(rule)] as const),
    ...lists.map(listOf),
  ];
  return {
    version,
    fields: Object.fromEntries(fields.map(([name, app, mapping]) => [name, { app, mapping }])),
  };
}

function listOf({ name, app, key, fields }: ListRule): readonly [name: string, app: string, mapping: string] {
  return [name, app, digest([key, ...fields.map((rule) => [rule.name, rule.app, mappingOf(rule)])])];
}

/** Conversions are compared by their text: what they close over is not seen, which is what `version` is for. */
function mappingOf({ direction, refers, toConnec, toApp }: FieldRule): string {
  return digest([
    direction,
    refers,
    toConnec === null ? null : String(toConnec),
    toApp === null ? null : String(toApp),
  ]);
}

/**
 * Tells a changed mapping from changed records (docs/synchronization.md): a field whose mapping changed is written
 * nowhere because of that. It is noted, and `remap` applies it when a person says so.
 *
 * @throws MaestranoSyncError `sync.olderDeclaration` when a newer version of the declaration has worked on the group
 */
export async function checkDeclaration(context: RunContext): Promise<void> {
  const { store, scope, entity, guard } = context;
  const stream = await guard.stream(entity.name);
  const [before, present] = [stream.declaration, declarationOf(entity)];
  checkNotOlder(context, stream);
  if (before !== null && digest(before.fields) === digest({ ...before.fields, ...present.fields })) {
    if (before.version === present.version) return;
  }
  const mapped = before === null ? [] : changedFields(before, present, entity);
  const moved = mapped.filter((name) => before!.fields[name]!.app !== present.fields[name]!.app);
  if (moved.length > 0) await rebase(context, moved, before!);
  const news =
    before === null ? [] : entity.rules.flatMap(({ name }) => (name in before.fields ? [] : [name]));
  if (news.length > 0) await baseNew(context, news);
  const changed = [...mapped, ...news];
  const { links } = changed.length > 0 ? await store.count(scope, entity.name, Date.now()) : { links: 0 };
  const added = changed.map((field): SyncNotice => ({
    code: 'sync.mappingChanged',
    field,
    count: links,
    since: Date.now(),
  }));
  context.notices.push(...added);
  const kept = stream.notices.filter(
    ({ code, field }) => code !== 'sync.mappingChanged' || !changed.includes(field),
  );
  // Fields that this declaration does not have are kept: an earlier release may come back.
  const fields = { ...before?.fields, ...present.fields };
  const declaration = { version: present.version, fields };
  await guard.commit({
    entity: entity.name,
    stream: { ...stream, declaration, notices: [...kept, ...added] },
  });
}

/** @throws MaestranoSyncError `sync.olderDeclaration` when a newer version of the declaration has worked on the group */
export function checkNotOlder(
  { scope, entity }: Pick<RunContext, 'scope' | 'entity'>,
  { declaration }: Pick<SyncStream, 'declaration'>,
): void {
  if (declaration === null || declaration.version <= entity.version) return;
  const { marketplace, group } = scope;
  throw new MaestranoSyncError('sync.olderDeclaration', { marketplace, group, entity: entity.name });
}

/**
 * Takes what both sides show in new fields for agreed: nobody edited them since they are kept the same. What differs stays as
 * it is until `remap`.
 */
async function baseNew(context: RunContext, fields: readonly string[]): Promise<void> {
  const { store, scope, entity, source, connec, settings, guard } = context;
  let after: string | undefined;
  do {
    const page = await store.page(scope, entity.name, {
      limit: settings.pageSize,
      ...(after === undefined ? {} : { after }),
    });
    const linked = page.links.filter(
      ({ app, connec: other, gone }) => app.id !== null && other.id !== null && gone === null,
    );
    if (linked.length > 0) {
      await guard.check('app');
      const apps = await source.get(linked.map(({ app }) => app.id!));
      await guard.check('connec');
      const read = await connec.get(
        entity.resource,
        linked.map((link) => link.connec.id!),
      );
      const others = new Map(read.map((record) => [record.id, readConnec(entity, record)]));
      const links = linked.flatMap((link) => {
        const [app, other] = [apps.get(link.app.id!), others.get(link.connec.id!)];
        if (!app || !other) return [];
        return [withBase(withBase(link, 'app', digestsOf(app, fields)), 'connec', digestsOf(other, fields))];
      });
      if (links.length > 0) await guard.commit({ entity: entity.name, links });
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
}

function digestsOf({ digests }: SideRecord, fields: readonly string[]): SyncBase {
  return Object.fromEntries(fields.flatMap((name) => (name in digests ? [[name, digests[name]!]] : [])));
}

function changedFields(before: SyncDeclaration, present: SyncDeclaration, { rules }: SyncEntity): string[] {
  const newer = before.version !== present.version;
  return Object.entries(present.fields).flatMap(([name, { app, mapping }]) => {
    const known = before.fields[name];
    if (known === undefined) return [];
    const rule = rules.find((one) => one.name === name);
    const converted = rule !== undefined && (rule.toConnec !== null || rule.toApp !== null);
    return known.app !== app || known.mapping !== mapping || (newer && converted) ? [name] : [];
  });
}

/**
 * Takes what the application shows under a field's new property for unchanged: nobody edited it. Where the record still
 * has the old property, and that was edited since the last run, the field stays changed. Writes whose outcome is open know
 * the field by its old property, and get to know the new one.
 */
async function rebase(
  context: RunContext,
  fields: readonly string[],
  before: SyncDeclaration,
): Promise<void> {
  const { store, scope, entity, source, settings, guard } = context;
  let after: string | undefined;
  do {
    await guard.check('app');
    const page = await store.page(scope, entity.name, {
      limit: settings.pageSize,
      ...(after === undefined ? {} : { after }),
    });
    const ids = page.links.flatMap(({ app, gone }) => (app.id === null || gone !== null ? [] : [app.id]));
    const records = await source.get(ids);
    const links: SyncLink[] = [];
    for (const link of page.links) {
      const record = link.app.id === null ? await beingCreated(context, link) : records.get(link.app.id);
      if (!record) continue;
      const oldOf = (name: string): unknown => record.record[before.fields[name]!.app];
      const based = fields.filter((name) => {
        const [base, old] = [link.app.base[name], oldOf(name)];
        return base !== undefined && (old === undefined || digest(old) === base);
      });
      const rebased = withBase(link, 'app', digestsOf(record, based));
      const intents = link.intents.map((intent) => {
        const shown = fields.filter((name) => digest(oldOf(name)) === appDigest(intent, name));
        return inNewTerms(intent, shown, record);
      });
      if (based.length > 0 || intents.length > 0) links.push({ ...rebased, intents });
    }
    if (links.length > 0) await guard.commit({ entity: entity.name, links });
    after = page.next ?? undefined;
  } while (after !== undefined);
}

/** The record of a link whose creation in the application has no response yet, where it is there. */
async function beingCreated({ entity, source }: RunContext, link: SyncLink): Promise<AppSideRecord | null> {
  if (link.intents.length === 0 || entity.source.withoutKey) return null;
  return source.find(link.connec.id!);
}

/** What an unfinished write knows of a field of the application: its value before a write to Connec!, or what was sent to it. */
function appDigest({ side, sent, from }: SyncIntent, name: string): string | undefined {
  if (side === 'connec') return from[name];
  return name in sent ? digest(sent[name]) : undefined;
}

/** An unfinished write in terms of the new properties, for fields that the application shows as the write knows them. */
function inNewTerms(intent: SyncIntent, names: readonly string[], record: SideRecord): SyncIntent {
  if (intent.side === 'connec') return { ...intent, from: { ...intent.from, ...digestsOf(record, names) } };
  const values = names.map((name) => [name, record.values[name]] as const);
  return { ...intent, sent: { ...intent.sent, ...Object.fromEntries(values) } };
}
