import { randomUUID } from 'node:crypto';

import type { MaestranoStore } from '../stores/maestrano-store.js';
import type { StoresCheck } from './contract-case.js';

export type StoreCheck = StoresCheck<MaestranoStore>;

/** A time to live that no test outlasts, in milliseconds. */
export const HOUR = 3_600_000;

/** A key that nobody else uses; also for the name of an index. */
export function freshKey(): string {
  return `contract:${randomUUID()}`;
}
