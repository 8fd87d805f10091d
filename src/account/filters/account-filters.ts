import type { FilterOf } from './filter-definition.js';

const COMMON = {
  id: ['text', 'uid'],
  createdAt: ['date', 'created_at'],
  updatedAt: ['date', 'updated_at'],
} as const;

/** Fields that a list of bills is filtered by. */
export const BILL_FILTERS = {
  ...COMMON,
  groupId: ['text', 'group_id'],
  priceCents: ['number', 'price_cents'],
  description: ['text', 'description'],
  currency: ['text', 'currency'],
  units: ['decimal', 'units'],
  periodStartedAt: ['date', 'period_started_at'],
  periodEndedAt: ['date', 'period_ended_at'],
  thirdParty: ['boolean', 'third_party'],
  status: ['text', 'status'],
} as const;

/** Fields that a list of recurring bills is filtered by. */
export const RECURRING_BILL_FILTERS = {
  ...COMMON,
  groupId: ['text', 'group_id'],
  priceCents: ['number', 'price_cents'],
  description: ['text', 'description'],
  currency: ['text', 'currency'],
  frequency: ['number', 'frequency'],
  cycles: ['number', 'cycles'],
  startDate: ['date', 'start_date'],
  status: ['text', 'status'],
} as const;

/** Fields that a list of groups is filtered by. */
export const GROUP_FILTERS = {
  ...COMMON,
  name: ['text', 'name'],
  status: ['text', 'status'],
  email: ['text', 'email'],
  currency: ['text', 'currency'],
  timezone: ['text', 'timezone'],
  country: ['text', 'geo_country_code'],
  freeTrialEndAt: ['date', 'free_trial_end_at'],
} as const;

/** Fields that a list of users is filtered by. */
export const USER_FILTERS = {
  ...COMMON,
  groupId: ['text', 'group_id'],
  name: ['text', 'name'],
  surname: ['text', 'surname'],
  email: ['text', 'email'],
  companyName: ['text', 'company'],
  country: ['text', 'geo_country_code'],
} as const;

/** Fields that a list of resellers is filtered by. */
export const RESELLER_FILTERS = {
  ...COMMON,
  name: ['text', 'name'],
  code: ['text', 'code'],
} as const;

/** What a list of bills is filtered by. */
export type BillFilter = FilterOf<typeof BILL_FILTERS>;
/** What a list of recurring bills is filtered by. */
export type RecurringBillFilter = FilterOf<typeof RECURRING_BILL_FILTERS>;
/** What a list of groups is filtered by. */
export type GroupFilter = FilterOf<typeof GROUP_FILTERS>;
/** What a list of users is filtered by. */
export type UserFilter = FilterOf<typeof USER_FILTERS>;
/** What a list of resellers is filtered by. */
export type ResellerFilter = FilterOf<typeof RESELLER_FILTERS>;
