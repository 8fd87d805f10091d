import type { SyncEntity } from '../fields/entity-definition.js';
import { ConversionFailure } from './references.js';

/** Whether a record takes part, as the entity says. @throws ConversionFailure where it cannot say */
export function isAccepted(
  { accept }: SyncEntity,
  record: Parameters<NonNullable<SyncEntity['accept']>>[0],
): boolean {
  try {
    return accept?.(record) ?? true;
  } catch (error) {
    throw new ConversionFailure('accept', error);
  }
}
