import { setTimeout as pause } from 'node:timers/promises';

import { MaestranoHttpError } from '../../errors/http.error.js';
import type { MaestranoHttp } from '../../http/maestrano-http.service.js';
import { connecTarget } from '../../http/marketplace-target.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { isRecord } from '../../utils/values.js';
import { type Finding, ok, trouble } from './finding.js';
import { idOf, idsOf, ThrowAwayRecord } from './throw-away-record.js';

/** Longer than the second that stamps have, in milliseconds. */
const TICK_MS = 1_100;

/** Times a list is looked at until it shows the record. */
const LOOKS = 10;

/** Length of a text that nobody would write, and how it is found again. */
const LONG_TEXT = 5_000;

/** Batches that are tried, the largest first. */
const BATCHES = [50, 25, 10, 1] as const;

/** What one probe does with the record; null where there is nothing to say. */
type Probe = (record: ThrowAwayRecord, name: string) => Promise<Finding | null>;

const SURE = 'connec';

/**
 * Finds out what the synchronization assumes of Connec! (synchronization §11), with one person of a company whom it makes
 * and archives again. Nothing else of the company is read but that one, and ids and stamps of what changed meanwhile.
 */
export async function checkConnec(
  marketplace: Marketplace,
  group: string,
  http: MaestranoHttp,
): Promise<Finding[]> {
  const { name, connec } = marketplace;
  const target = connecTarget(marketplace);
  if (!connec.enabled || !target) {
    return [trouble('error', SURE, name, 'it shares no data', 'Configure connec.host of the marketplace.')];
  }
  const record = new ThrowAwayRecord(http, target, marketplace, group);
  const findings: Finding[] = [];
  try {
    const made = await record.post({
      first_name: 'Doctor',
      last_name: 'of nestjs-maestrano',
      email: { address: 'one@doctor.invalid', address2: 'two@doctor.invalid' },
    });
    record.id = idOf(made);
    if (made === null || record.id === null) {
      const remedy =
        'Check the id of the company, and whether the marketplace shares its data with the application.';
      return [trouble('error', SURE, name, `no person can be made for ${group}`, remedy)];
    }
    for (const probe of PROBES) {
      const finding = await probe(record, name);
      if (finding) findings.push(finding);
    }
  } catch (error) {
    if (!(error instanceof MaestranoHttpError)) throw error;
    findings.push(
      trouble('error', SURE, name, `a probe broke off (${error.code})`, error.remedy || 'Try again.'),
    );
  }
  if (record.id !== null) findings.push(await putAway(record, name));
  return findings;
}

async function putAway(record: ThrowAwayRecord, name: string): Promise<Finding> {
  const left = `the person ${record.id} of these probes`;
  const archived = await record.put({ status: 'INACTIVE' }).catch(() => null);
  return archived === null
    ? trouble('warning', SURE, name, `${left} could not be archived`, 'Archive it at the marketplace.')
    : ok(SURE, name, `${left} is archived (INACTIVE): Connec! deletes nothing`);
}

const upsert: Probe = async (record, name) => {
  const again = await record.post({ first_name: 'Doctor again' });
  if (idOf(again) === record.id && again?.['first_name'] === 'Doctor again') {
    return ok(SURE, name, 'a POST with a known external id changes its record');
  }
  return trouble(
    'error',
    SURE,
    name,
    'a POST with a known external id does not change its record',
    'Synchronize to the application only: a create whose response is lost would be made twice.',
  );
};

const order: Probe = async (record, name) => {
  const { updated_at: stamp } = (await record.get()) ?? {};
  if (typeof stamp !== 'string') return null;
  for (let look = 0; look < LOOKS; look += 1) {
    const list = await record.changedSince(stamp);
    if (list === null) break;
    const { ids, stamps } = list;
    if (stamps.some((one, index) => index > 0 && one < (stamps[index - 1] ?? ''))) break;
    if (record.id !== null && ids.includes(record.id)) {
      return ok(
        SURE,
        name,
        `changes are listed by updated_at, oldest first${look > 0 ? `, ${look} s late` : ''}`,
      );
    }
    await pause(TICK_MS);
  }
  return trouble(
    'error',
    SURE,
    name,
    "a changed record is not found by $filter=updated_at gte '…' and $orderby=updated_at asc",
    'Have everything listed often (sweepEveryMs): changes are not found otherwise.',
  );
};

const unchanged: Probe = async (record, name) => {
  const before = await record.get();
  await pause(TICK_MS);
  const after = await record.put({ first_name: before?.['first_name'] });
  const moved = after?.['updated_at'] !== before?.['updated_at'];
  const effect = moved ? 'moves updated_at; such records are read once more' : 'leaves updated_at';
  return ok(SURE, name, `a write that changes nothing ${effect}`);
};

const partial: Probe = async (record, name) => {
  await record.put({ email: { address: 'three@doctor.invalid' } });
  const email = (await record.get())?.['email'];
  const merged = isRecord(email) && email['address2'] === 'two@doctor.invalid';
  const effect = merged ? 'leaves the rest of it' : 'replaces all of it; the rest is sent along';
  return ok(SURE, name, `a part of an object ${effect}`);
};

const moreIds: Probe = async (record, name) => {
  const second = { ...record.externalId, id: `${record.externalId.id}~2` };
  const ids = idsOf(await record.put({ id: [second] }));
  const has = (id: string): boolean => ids.some((one) => one.id === id);
  if (has(second.id) && has(record.externalId.id))
    return ok(SURE, name, 'external ids are added to those that are known');
  if (has(second.id)) return ok(SURE, name, 'an external id takes the place of the one before');
  return trouble(
    'warning',
    SURE,
    name,
    'a second external id is not kept',
    'Never use ids of the application again.',
  );
};

const longText: Probe = async (record, name) => {
  const text = 'doctor '.repeat(LONG_TEXT / 5).slice(0, LONG_TEXT - 1);
  await record.put({ notes: `${text}.` });
  const kept = (await record.get())?.['notes'];
  if (typeof kept !== 'string') return null;
  if (kept === `${text}.`) return ok(SURE, name, `a text of ${LONG_TEXT} characters is kept as it is`);
  return trouble(
    'warning',
    SURE,
    name,
    `a text of ${LONG_TEXT} characters comes back with ${kept.length}`,
    'The application keeps its own text; say in the fields which texts are longer.',
  );
};

const batches: Probe = async (record, name) => {
  for (const size of BATCHES) {
    const status = await record.batch(size);
    if (status >= 300) continue;
    if (size === BATCHES[0]) return ok(SURE, name, `a batch of ${size} operations is taken`);
    return trouble(
      'warning',
      SURE,
      name,
      `a batch of more than ${size} operations is rejected`,
      `Set batchSize to ${size}.`,
    );
  }
  return trouble('error', SURE, name, 'batches are rejected', 'Check connec.basePath of the marketplace.');
};

const PROBES: readonly Probe[] = [upsert, order, unchanged, partial, moreIds, longText, batches];
