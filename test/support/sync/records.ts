import type { SideRecord, FieldRule } from '../../../src/sync/merge/side-record.js';
import { digestsOf } from '../../../src/sync/merge/side-record.js';
import { newLink, type SyncLink, type SyncSide } from '../../../src/sync/store/sync-link.js';

/** A field of the same name and form on both sides. */
export function plainRule(name: string, given: Partial<FieldRule> = {}): FieldRule {
  return {
    name,
    app: name,
    direction: 'both',
    refers: null,
    conflict: null,
    toConnec: null,
    toApp: null,
    equal: null,
    onCreate: {},
    ...given,
  };
}

/** A record of a side, last changed at second `at`. */
export function sideRecord(side: SyncSide, values: Readonly<Record<string, unknown>>, at = 0): SideRecord {
  return {
    side,
    id: side === 'app' ? '1' : 'c-1',
    version: at,
    at: at * 1_000,
    born: '0',
    values,
    digests: digestsOf(values),
    whole: () => null,
  };
}

/** A link of which both sides agreed on the values; the sides may have had different forms of them. */
export function agreedLink(
  app: Readonly<Record<string, unknown>>,
  connec: Readonly<Record<string, unknown>> = app,
): SyncLink {
  const link = newLink('k', { app: '1', connec: 'c-1' });
  return {
    ...link,
    externalId: '1',
    externalConfirmed: true,
    app: { ...link.app, base: digestsOf(app), version: 0, born: '0', seen: true },
    connec: { ...link.connec, base: digestsOf(connec), version: 0, born: '0', seen: true },
  };
}
