import { type AccountEntity, EntityReader, type RecordOrigin } from './entity-reader.js';

/** Known states of a group; others are passed on as they come. */
export type GroupStatus = 'running' | 'terminated' | (string & {});

/** What a group's `metadata` is known to hold. */
export interface GroupMetadata {
  readonly pullDisabled: boolean | null;
  readonly pushDisabled: boolean | null;
}

/** A customer company (protocol §8.8). A terminated one may come with little more than id and status. */
export interface Group extends AccountEntity {
  readonly status: GroupStatus | null;
  readonly name: string | null;
  readonly email: string | null;
  readonly hasCreditCard: boolean | null;
  readonly freeTrialEndAt: Date | null;
  /** ISO 4217. */
  readonly currency: string | null;
  /** Olson name. */
  readonly timezone: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  readonly city: string | null;
  /** The customer's main accounting application, such as `quickbooks`. */
  readonly mainAccounting: string | null;
  readonly metadata: GroupMetadata | null;
}

export function toGroup(record: unknown, origin: RecordOrigin): Group {
  const reader = new EntityReader(record, origin);
  const metadata = reader.record('metadata');
  return Object.freeze({
    ...reader.common,
    status: reader.text('status'),
    name: reader.text('name'),
    email: reader.text('email'),
    hasCreditCard: reader.boolean('has_credit_card'),
    freeTrialEndAt: reader.date('free_trial_end_at'),
    currency: reader.text('currency'),
    timezone: reader.text('timezone'),
    country: reader.text('country'),
    city: reader.text('city'),
    mainAccounting: reader.text('main_accounting'),
    metadata:
      metadata &&
      Object.freeze({
        pullDisabled: asBoolean(metadata.pull_disabled),
        pushDisabled: asBoolean(metadata.push_disabled),
      }),
  });
}

function asBoolean(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null;
}
