import { connecId, type ExternalId, type ExternalIdOwner } from '../../connec/client/external-ids.js';
import type { ConnecSideRecord } from '../connec/connec-records.js';
import type { AppRecord, SyncEntity } from '../fields/entity-definition.js';
import { linesDigest } from '../merge/lines.js';
import {
  digestsOf,
  type FieldRule,
  type ListRule,
  type SideLine,
  type SideRecord,
} from '../merge/side-record.js';
import { isRecord } from '../../utils/values.js';
import { digest, valueAt } from '../merge/values.js';
import type { SyncIdentity } from '../source/sync-source.js';

/** A record of the application as it was read. */
export interface AppSideRecord extends SideRecord {
  readonly side: 'app';
  /** The key that it was created with. */
  readonly key: string | null;
  /** The version as the source gave it, to be handed back. */
  readonly ifVersion: SyncIdentity['version'];
  readonly record: AppRecord;
}

/** A record of Connec! as it was read. */
export interface ConnecSide extends SideRecord {
  readonly side: 'connec';
  readonly externalIds: readonly string[];
  readonly record: Readonly<Record<string, unknown>>;
}

/** Reads a record of the application. */
export function readApp(entity: SyncEntity, record: AppRecord): AppSideRecord {
  const { id, version, updatedAt, fieldChangedAt, bornAt, key } = entity.source.identity(record);
  const values = Object.fromEntries(
    entity.rules.map((rule) => [rule.name, appValue(rule, record[rule.app])]),
  );
  return {
    side: 'app',
    id: String(id),
    version: comparable(version),
    ifVersion: version,
    at: updatedAt.getTime(),
    ...(fieldChangedAt ? { fieldsAt: timesOf(fieldChangedAt) } : {}),
    born: bornAt instanceof Date ? bornAt.toISOString() : (bornAt ?? null),
    key: key ?? null,
    values,
    ...withLists(
      values,
      entity.lists.map((list) => [list.name, appLines(list, record[list.app])]),
    ),
    whole: () => null,
    record,
  };
}

function timesOf(dates: Readonly<Record<string, Date>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(dates).map(([name, at]) => [name, at.getTime()]));
}

/** Reads a record of Connec!. */
export function readConnec(entity: SyncEntity, read: ConnecSideRecord): ConnecSide {
  const { id, externalIds, updatedAt, createdAt, record } = read;
  const values = Object.fromEntries(
    entity.rules.map((rule) => [rule.name, connecValue(rule, valueAt(record, rule.name))]),
  );
  return {
    side: 'connec',
    id,
    externalIds,
    version: updatedAt,
    at: updatedAt,
    born: createdAt,
    values,
    ...withLists(
      values,
      entity.lists.map((list) => [list.name, connecLines(list, valueAt(record, list.name), read.owner)]),
    ),
    whole: () => digest([{ ...record, updated_at: null }, externalIds]),
    record,
  };
}

/** The lists of a record, and digests with one of each list: that of all lines, in whatever order. */
function withLists(
  values: Readonly<Record<string, unknown>>,
  lists: readonly (readonly [string, readonly SideLine[]])[],
): Pick<SideRecord, 'digests' | 'lists'> {
  const whole = Object.fromEntries(lists.map(([name, lines]) => [name, digest(linesDigest(lines))]));
  return { digests: { ...digestsOf(values), ...whole }, lists: Object.fromEntries(lists) };
}

function appLines(list: ListRule, value: unknown): readonly SideLine[] {
  return recordsOf(value).map((raw, index) => {
    const id = raw[list.key];
    const values = Object.fromEntries(list.fields.map((rule) => [rule.name, appValue(rule, raw[rule.app])]));
    return {
      id: typeof id === 'string' || typeof id === 'number' ? String(id) : `#${index}`,
      externalIds: [],
      values,
      raw,
    };
  });
}

function connecLines(list: ListRule, value: unknown, owner?: ExternalIdOwner): readonly SideLine[] {
  return recordsOf(value).map((raw, index) => {
    const ids = Array.isArray(raw['id']) ? (raw['id'] as readonly ExternalId[]) : [];
    const own = ids.filter(({ provider, realm }) => provider === owner?.provider && realm === owner?.realm);
    const values = Object.fromEntries(
      list.fields.map((rule) => [rule.name, connecValue(rule, valueAt(raw, rule.name))]),
    );
    return { id: connecId(raw['id']) ?? `#${index}`, externalIds: own.map(({ id }) => id), values, raw };
  });
}

function recordsOf(value: unknown): readonly AppRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** Ids of records are texts wherever they are compared. */
function appValue(rule: FieldRule, value: unknown): unknown {
  if (rule.refers === null) return value;
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' || typeof value === 'bigint' ? value.toString() : null;
}

/** A reference is the platform's id of the record, however many other ids it came with. */
function connecValue(rule: FieldRule, value: unknown): unknown {
  return rule.refers === null ? value : connecId(value);
}

function comparable(version: SyncIdentity['version']): number | string {
  if (version instanceof Date) return version.getTime();
  return typeof version === 'bigint' ? Number(version) : version;
}
