import type { FieldWrite } from '../merge/merge.js';
import type { FieldRule, SideRecord } from '../merge/side-record.js';
import type { SyncSource } from '../source/sync-source.js';
import type { SyncNotice, SyncStream } from '../store/sync-store.js';

/** Notes the fields that a side keeps in another form than they were sent in: `sync.roundTrip`. */
export function roundTripNotices(
  altered: readonly FieldRule[],
  writes: readonly FieldWrite[],
  shown: SideRecord,
): readonly SyncNotice[] {
  return altered.map(({ name }) => ({
    code: 'sync.roundTrip',
    field: name,
    count: 1,
    since: Date.now(),
    sent: lengthOf(writes.find(({ rule }) => rule.name === name)?.value),
    kept: lengthOf(shown.values[name]),
  }));
}

/** Notes that a page of changes has a record twice, or versions that fall: `sync.changesOrder`. */
export function orderNotices(
  { versions }: Pick<SyncSource<never>, 'versions'>,
  records: readonly Pick<SideRecord, 'id' | 'version'>[],
): readonly SyncNotice[] {
  const ids = new Set(records.map(({ id }) => id));
  const falls = records.filter(({ version }, index) => {
    const before = records[index - 1]?.version;
    return typeof version === 'number' && typeof before === 'number' && version < before;
  }).length;
  const count = records.length - ids.size + (versions === 'table' ? falls : 0);
  return count === 0 ? [] : [{ code: 'sync.changesOrder', field: 'changes', count, since: Date.now() }];
}

/** Characters of a value as a text. */
function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : (JSON.stringify(value) ?? '').length;
}

/** The stream with what was noticed: each field once for each code, with the number of records. */
export function withNotices(
  stream: SyncStream,
  noticed: readonly SyncNotice[],
): { readonly stream: SyncStream; readonly added: readonly SyncNotice[] } {
  const notices = [...stream.notices];
  const added: SyncNotice[] = [];
  for (const notice of noticed) {
    const index = notices.findIndex(({ code, field }) => code === notice.code && field === notice.field);
    const known = notices[index];
    if (known) notices[index] = { ...known, count: known.count + notice.count };
    else {
      notices.push(notice);
      added.push(notice);
    }
  }
  return { stream: noticed.length === 0 ? stream : { ...stream, notices }, added };
}
