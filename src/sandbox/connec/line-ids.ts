import { createHash } from 'node:crypto';

import { isRecord } from '../../utils/values.js';
import type { SandboxConnecRecord, SandboxExternalId } from '../state/records.js';
import { asExternalIds, CONNEC_PROVIDER, sameExternalId } from './external-ids.js';

type Document = Record<string, unknown>;

/**
 * Lines as they are stored: each has an id of Connec!'s own, which it keeps as long as it is sent again under it or under
 * an external id of it (protocol §9.7). What is not sent again is gone.
 */
export function withLineIds(record: SandboxConnecRecord, lines: readonly unknown[]): unknown[] {
  const before = record.lineIds ?? {};
  const after: Record<string, SandboxExternalId[]> = {};
  const stored = lines.map((line) => {
    if (!isRecord(line)) return line;
    const given = asExternalIds(line['id']) ?? [];
    const own = typeof line['id'] === 'string' ? line['id'] : given.find(isOwn)?.id;
    const known = Object.keys(before).find(
      (id) => id === own || before[id]!.some((one) => given.some((other) => sameExternalId(one, other))),
    );
    const id = known ?? own ?? newLineId(record);
    const external = [...(before[id] ?? []), ...given.filter((one) => !isOwn(one))];
    after[id] = external.filter(
      (one, index) => external.findIndex((other) => sameExternalId(one, other)) === index,
    );
    return { ...line, id } satisfies Document;
  });
  record.lineIds = after;
  return stored;
}

function isOwn({ provider }: SandboxExternalId): boolean {
  return provider === CONNEC_PROVIDER;
}

/** Drawn from the record and not from the sandbox's generator, so that lines do not change what others are called. */
function newLineId(record: SandboxConnecRecord): string {
  record.lineCount = (record.lineCount ?? 0) + 1;
  const hex = createHash('sha256').update(`${record.id}/${record.lineCount}`).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
