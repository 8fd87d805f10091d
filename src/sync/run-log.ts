import type { LoggerService } from '@nestjs/common';

import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import { SYNC_ERROR_CODES } from '../errors/sync.error.js';
import type { SyncRunResult } from './engine/sync-engine.js';

/** Says in the log what stopped entities, and what was noticed of fields. */
export function logRun(
  logger: Pick<LoggerService, 'warn'>,
  { marketplace, groupUid }: GroupReference,
  { errors, notices }: SyncRunResult,
): void {
  const where = `${marketplace}/${groupUid}`;
  for (const { code, entity, message } of errors) {
    logger.warn(`${code} ${entity ?? ''} (${where}): ${message}`);
  }
  for (const { code, entity, field, count } of notices) {
    logger.warn(
      `${code} ${entity}.${field} (${where}): ${SYNC_ERROR_CODES[code].meaning} Records: ${count}.`,
    );
  }
}
