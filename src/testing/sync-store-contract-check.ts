import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { newLink, type SyncLink } from '../sync/store/sync-link.js';
import type { SyncLease, SyncScope, SyncStore } from '../sync/store/sync-store.js';
import type { StoresCheck } from './contract-case.js';

export type SyncStoreCheck = StoresCheck<SyncStore>;

/** The entity of most checks. */
export const ENTITY = 'people';

/** A scope that nobody else uses. */
export function freshScope(): SyncScope {
  return { app: 'contract', marketplace: 'acme', group: `cld-${randomUUID()}` };
}

/** The lease of a scope, for longer than a check takes. */
export async function leased(store: SyncStore, scope: SyncScope): Promise<SyncLease> {
  const lease = await store.acquire(scope, 60_000);
  assert.ok(lease, 'nobody else holds the lease');
  return lease;
}

/** A link of both sides, all of whose members differ from those of a new one. */
export function fullLink(key: string, changes: Partial<SyncLink> = {}): SyncLink {
  const { app, connec } = newLink(key, { app: `app-${key}`, connec: `connec-${key}` });
  return {
    key,
    app: { ...app, base: { name: '0123456789abcdef' }, version: 7, born: '2026-01-01', seen: true },
    connec: { ...connec, base: { 'email.address': 'fedcba9876543210' }, version: 'v2', missingSince: 12 },
    externalId: `external-${key}`,
    externalConfirmed: true,
    intents: [
      {
        side: 'app',
        sent: { name: 'Zażółć \u0000 😀', amount: 12.5, empty: null, list: [{ id: '1' }], big: 2n ** 60n },
        from: { name: '00' },
        version: 3,
        whole: null,
        at: 1_700_000_000_123,
      },
    ],
    gone: null,
    hold: null,
    waitsFor: null,
    matchKeys: [],
    lines: { lines: [{ key: 'a1', app: '1', connec: null }] },
    direction: 'toApp',
    dueAt: null,
    restUntil: 5,
    since: 4,
    causes: ['poll', 'touch'],
    attempts: 2,
    createdAt: 1_700_000_000_000,
    ...changes,
  };
}

/** What is no error of the store is no failure of it either: the code that a call is rejected with. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
  return 'resolved';
}
