import { randomUUID } from 'node:crypto';

import type { MaestranoStore } from '../stores/maestrano-store.js';

/** A check of the contract: two stores over the same entries, or twice the same one. */
export type StoreCheck = (store: MaestranoStore, other: MaestranoStore) => Promise<void>;

/** A time to live that no test outlasts, in milliseconds. */
export const HOUR = 3_600_000;

/** A key that nobody else uses; also for the name of an index. */
export function freshKey(): string {
  return `contract:${randomUUID()}`;
}
