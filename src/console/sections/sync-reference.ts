import { createHash } from 'node:crypto';

import type { GroupReference } from '../../adapters/maestrano-group.adapter.js';
import { MaestranoConsoleError } from '../../errors/console.error.js';
import type { SyncHoldKind } from '../../sync/store/sync-link.js';
import type { SyncRecord } from '../../sync/sync-record.js';
import type { ConsoleFields } from '../console-section.js';
import { valueText } from '../../utils/masked-values.js';

/** A company in the fields of a form, or of an address. @throws MaestranoConsoleError `console.input` */
export function groupOf(fields: ConsoleFields): GroupReference {
  const [marketplace = '', groupUid = ''] = [fields.get('marketplace'), fields.get('group')];
  if (marketplace !== '' && groupUid !== '') return { marketplace, groupUid };
  throw new MaestranoConsoleError('console.input', {
    message: 'A company is named by marketplace and identifier.',
    remedy: 'Begin with the list of companies.',
  });
}

/** A record of a company: the entity, and the name of the tie between both sides. */
export interface RecordReference {
  readonly entity: string;
  readonly key: string;
}

/** @throws MaestranoConsoleError `console.input` */
export function recordOf(fields: ConsoleFields): RecordReference {
  const [entity = '', key = ''] = [fields.get('entity'), fields.get('key')];
  if (entity !== '' && key !== '') return { entity, key };
  throw new MaestranoConsoleError('console.input', { message: 'A record is named by entity and key.' });
}

/** A company as parameters of an address. */
export function groupQuery({ marketplace, groupUid }: GroupReference): Readonly<Record<string, string>> {
  return { marketplace, group: groupUid };
}

/** A record, for the audit log: names and ids, no values. */
export function describeRecord({ entity, key }: RecordReference, group: GroupReference): string {
  return `${entity} ${key} of ${group.groupUid} on ${group.marketplace}`;
}

/** What both sides of a record say, as one word: who decides has seen exactly these values. */
export function seenOf({ app, connec, hold }: SyncRecord): string {
  const values = [app, connec].map((side) =>
    side === null ? null : Object.entries(side.values).map(([name, value]) => [name, valueText(value)]),
  );
  return createHash('sha256')
    .update(JSON.stringify([values, hold?.kind]))
    .digest('base64url')
    .slice(0, 22);
}

/** Kinds of holds in words, those that a person has to decide first. */
export const HOLDS: readonly (readonly [kind: SyncHoldKind, one: string, several: string])[] = [
  ['conflict', 'Conflict', 'Conflicts'],
  ['ambiguous', 'Ambiguous match', 'Ambiguous matches'],
  ['quarantined', 'Set aside', 'Set aside'],
  ['merged', 'Merged there', 'Merged there'],
  ['vanished', 'Not found there', 'Not found there'],
  ['absent', 'Not found here', 'Not found here'],
  ['waiting', 'Waits for another', 'Wait for others'],
  ['ignored', 'Left alone', 'Left alone'],
];

/** The word for one record that is held back. */
export function holdWord(kind: SyncHoldKind): string {
  return HOLDS.find(([name]) => name === kind)?.[1] ?? kind;
}
