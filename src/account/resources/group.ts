import { isRecord } from '../../utils/values.js';
import type { AccountResource } from '../account.collection.js';
import {
  type AccountEntity,
  boolean,
  date,
  ENTITY_FIELDS,
  type FieldsOf,
  type FilterOf,
  readOnly,
  text,
} from '../fields.js';

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

const metadata = readOnly((value): GroupMetadata | null =>
  isRecord(value)
    ? Object.freeze({
        pullDisabled: boolean.read(value.pull_disabled),
        pushDisabled: boolean.read(value.push_disabled),
      })
    : null,
);

const GROUP_FIELDS = {
  ...ENTITY_FIELDS,
  status: { column: 'status', type: text, local: true },
  name: { column: 'name', type: text },
  email: { column: 'email', type: text, local: true },
  hasCreditCard: { column: 'has_credit_card', type: boolean, local: true },
  freeTrialEndAt: { column: 'free_trial_end_at', type: date },
  currency: { column: 'currency', type: text, local: true },
  timezone: { column: 'timezone', type: text, local: true },
  country: { column: 'country', type: text, local: true },
  city: { column: 'city', type: text, local: true },
  mainAccounting: { column: 'main_accounting', type: text, local: true },
  metadata: { column: 'metadata', type: metadata, filter: false },
} as const satisfies FieldsOf<Group>;

/** What a list of groups is filtered by. */
export type GroupFilter = FilterOf<typeof GROUP_FIELDS>;

/** The customer companies of the application (protocol §8.8). */
export const GROUPS: AccountResource<Group, typeof GROUP_FIELDS> = {
  name: 'groups',
  fields: GROUP_FIELDS,
  filters: GROUP_FIELDS,
};
