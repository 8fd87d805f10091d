import { type AccountEntity, EntityReader, type RecordOrigin } from './entity-reader.js';

/** A reseller of the marketplace (protocol §8.10). */
export interface Reseller extends AccountEntity {
  readonly name: string | null;
  /** Such as `US-204512-BCL`. */
  readonly code: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
}

export function toReseller(record: unknown, origin: RecordOrigin): Reseller {
  const reader = new EntityReader(record, origin);
  return Object.freeze({
    ...reader.common,
    name: reader.text('name'),
    code: reader.text('code'),
    country: reader.text('country'),
  });
}
