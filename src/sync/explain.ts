import { SYNC_ERROR_CODES, type SyncErrorCode } from '../errors/sync.error.js';
import type { SyncLink } from './store/sync-link.js';
import type { SyncHistoryEntry, SyncScope, SyncStore, SyncStream } from './store/sync-store.js';
import { recordRef, type SyncRecordRef, unknownRecord } from './record-ref.js';

/** Entries of a history that are put into sentences. */
const LIMIT = 1_000;

/** How it stands with a record, in sentences. @throws MaestranoSyncError `sync.operation` for one that is not known */
export async function explainRecord(
  store: SyncStore,
  scope: SyncScope,
  ref: SyncRecordRef,
): Promise<readonly string[]> {
  const link = await knownLink(store, scope, ref);
  const stream = await store.stream(scope, ref.entity);
  const history = await store.history(scope, ref.entity, link.key, LIMIT);
  return explanationOf(link, stream, history, Date.now());
}

/** What was decided about a record, newest first. @throws MaestranoSyncError `sync.operation` for one that is not known */
export async function recordHistory(
  store: SyncStore,
  scope: SyncScope,
  ref: SyncRecordRef,
  limit: number,
): Promise<readonly SyncHistoryEntry[]> {
  const { key } = await knownLink(store, scope, ref);
  return store.history(scope, ref.entity, key, limit);
}

async function knownLink(store: SyncStore, scope: SyncScope, ref: SyncRecordRef): Promise<SyncLink> {
  const [link] = await store.links(scope, ref.entity, [recordRef(ref)]);
  if (link) return link;
  throw unknownRecord(ref);
}

/** Says in sentences how it stands with a record. None of them holds a value of the record. */
export function explanationOf(
  link: SyncLink,
  stream: SyncStream,
  history: readonly SyncHistoryEntry[],
  now: number,
): readonly string[] {
  const lines: string[] = [];
  const { app, connec, hold, gone } = link;
  if (app.id !== null && connec.id !== null) {
    lines.push(`Record ${app.id} of the application is ${connec.id} at Connec!.`);
  } else if (app.id !== null) lines.push(`Record ${app.id} of the application has none at Connec! yet.`);
  else if (gone === null) lines.push(`Record ${connec.id} of Connec! has none in the application yet.`);
  if (gone !== null) {
    const what = gone.archived ? 'that of Connec! is archived' : 'that of Connec! is not archived yet';
    lines.push(`The application deleted its record at ${time(gone.since)}; ${what}.`);
  }
  if (stream.stopped !== null) lines.push(`The entity is stopped: ${meaningOf(stream.stopped.code)}`);
  if (!stream.confirmed)
    lines.push('The first synchronization has to be confirmed where firstRun is "plan".');
  if (link.direction !== 'both') lines.push(`Its direction is limited to "${link.direction}".`);
  if (hold !== null) lines.push(heldSentence(link, now));
  if (link.intents.length > 0) {
    const sides = [...new Set(link.intents.map(({ side }) => side))].join(' and ');
    lines.push(
      `The outcome of a write to ${sides} is not known; it is looked at after ${time(link.restUntil)}.`,
    );
    const failed = link.intents.findLast((intent) => intent.failed !== undefined)?.failed;
    if (failed) lines.push(`The last call of its source, ${failed.call}(), ended with ${failed.error}.`);
  }
  if (link.dueAt !== null && hold === null) {
    lines.push(`It is due since ${time(link.since ?? now)}, because of: ${link.causes.join(', ')}.`);
  }
  if (link.dueAt === null && hold === null && gone === null)
    lines.push('Both sides agree; there is nothing to do.');
  for (const { at, field, to, rule } of history) {
    const where = to === null ? 'was written nowhere' : `was written to ${to}`;
    lines.push(`${field} ${where} at ${time(at)}: ${rule}.`);
  }
  return lines;
}

function heldSentence({ hold, waitsFor }: SyncLink, now: number): string {
  if (hold === null) return '';
  const hours = Math.floor((now - hold.since) / 3_600_000);
  const duration = hours > 0 ? `${hours} h` : 'less than an hour';
  const [entity, side, id] = waitsFor?.split(':') ?? [];
  const what = entity
    ? `It waits for ${entity}/${id} (${side}), held `
    : `Nothing is written: ${meaningOf(hold.code)} Held `;
  const fields = hold.fields.length > 0 ? ` Fields: ${hold.fields.join(', ')}.` : '';
  return `${what}for ${duration}.${hold.reason === '' ? '' : ` ${hold.reason}.`}${fields}`;
}

function meaningOf(code: string): string {
  return code in SYNC_ERROR_CODES ? SYNC_ERROR_CODES[code as SyncErrorCode].meaning : code;
}

function time(at: number): string {
  return new Date(at).toISOString();
}
