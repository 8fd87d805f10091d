import type { LoggerService } from '@nestjs/common';

import type { GroupReference } from '../adapters/maestrano-group.adapter.js';
import { MaestranoError } from '../errors/maestrano.error.js';
import { MaestranoSqlError } from '../errors/sql.error.js';
import { SYNC_ERROR_CODES } from '../errors/sync.error.js';
import { errorName } from './engine/call-failure.js';
import type { SyncRunResult } from './engine/sync-engine.js';

/** Says in the log what stopped entities, what calls of sources failed with, and what was noticed of fields: once each, without values. */
export function logRun(
  logger: Pick<LoggerService, 'warn'>,
  { marketplace, groupUid }: GroupReference,
  { errors, failures, notices }: SyncRunResult,
): void {
  const where = `${marketplace}/${groupUid}`;
  for (const { code, entity, message, cause } of errors) {
    logger.warn(`${code} ${entity ?? ''} (${where}): ${message}${causeSentence(cause)}`);
  }
  for (const { entity, call, error, count } of failures) {
    logger.warn(
      `${entity} (${where}): ${call}() of its source ended with ${error}. Whether it was carried out is not known, and is found out after a while. Records: ${count}.`,
    );
  }
  for (const { code, entity, field, count } of notices) {
    logger.warn(
      `${code} ${entity}.${field} (${where}): ${SYNC_ERROR_CODES[code].meaning} Records: ${count}.`,
    );
  }
}

/** Why, as far as it can be said: errors of our own hold no values, of those of others the name and code is safe. */
function causeSentence(cause: unknown): string {
  if (cause === undefined || cause === null) return '';
  if (!(cause instanceof MaestranoError)) return ` Cause: ${errorName(cause)}.`;
  const inner =
    cause instanceof MaestranoSqlError && cause.cause instanceof Error ? ` (${cause.cause.message})` : '';
  return ` Cause: ${cause.code}: ${cause.message}${inner}`;
}
