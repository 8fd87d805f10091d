import type { ExternalId } from './external-ids.js';

/** A plain Connec! UUID, or every system's id when external ids are asked for (protocol §9.7). */
export type ConnecId = string | readonly ExternalId[];

/** What all records have (protocol §9.4). Fields that nobody listed are kept as they came. */
export interface ConnecRecord {
  readonly id?: ConnecId;
  /** ISO 8601. The read-only fields are left out of what is sent. */
  readonly created_at?: string;
  readonly updated_at?: string;
  /** `cld-…` */
  readonly group_id?: string;
  /** `org-…` */
  readonly channel_id?: string;
  readonly resource_type?: string;
  readonly code?: string | null;
  /** `ACTIVE`, `INACTIVE`, `ARCHIVED` and others. Archive instead of deleting. */
  readonly status?: string | null;
  readonly [field: string]: unknown;
}

/** A customer or supplier of the group. */
export interface ConnecOrganization extends ConnecRecord {
  readonly name?: string | null;
  readonly is_customer?: boolean | null;
  readonly is_supplier?: boolean | null;
}

/** A contact, or an employee. */
export interface ConnecPerson extends ConnecRecord {
  readonly first_name?: string | null;
  readonly last_name?: string | null;
  readonly email?: { readonly address?: string | null; readonly [field: string]: unknown } | null;
  readonly organization_id?: ConnecId | null;
}

/** The group's own company: the one record without plural. */
export interface ConnecCompany extends ConnecRecord {
  readonly name?: string | null;
}

/** One line of an invoice, order or quote. */
export interface ConnecLine {
  readonly id?: ConnecId;
  readonly item_id?: ConnecId | null;
  readonly [field: string]: unknown;
}

/** Invoices, orders and quotes: who, and what lines. */
export interface ConnecDocument extends ConnecRecord {
  readonly title?: string | null;
  readonly organization_id?: ConnecId | null;
  readonly lines?: readonly ConnecLine[] | null;
}

/** A product or service. */
export interface ConnecItem extends ConnecRecord {
  readonly name?: string | null;
  readonly reference?: string | null;
}

/** A record of which only the name is known for certain. */
export interface ConnecNamed extends ConnecRecord {
  readonly name?: string | null;
}

/** A delivery of a notification as Connec! recorded it (protocol §7.2). */
export interface ConnecTransactionLog extends ConnecRecord {
  readonly message?: string | null;
  readonly entity_id?: string | null;
  readonly entity_name?: string | null;
  readonly action?: string | null;
  readonly reference?: string | null;
}

/**
 * The documented resources and what is known of their records (protocol §9.11). Describe your own, or add the fields
 * you rely on, by declaration merging:
 *
 * ```ts
 * declare module 'nestjs-maestrano' {
 *   interface ConnecResources { loyalty_cards: ConnecRecord & { points?: number } }
 * }
 * ```
 */
export interface ConnecResources {
  accounts: ConnecNamed;
  app_users: ConnecRecord;
  company: ConnecCompany;
  connector_syncs: ConnecRecord;
  employees: ConnecPerson;
  event_orders: ConnecRecord;
  events: ConnecNamed;
  invoices: ConnecDocument;
  items: ConnecItem;
  journals: ConnecRecord;
  leave_applications: ConnecRecord;
  opportunities: ConnecNamed;
  organizations: ConnecOrganization;
  pay_items: ConnecNamed;
  pay_runs: ConnecRecord;
  pay_schedules: ConnecNamed;
  pay_stubs: ConnecRecord;
  payments: ConnecDocument;
  people: ConnecPerson;
  projects: ConnecNamed;
  purchase_orders: ConnecDocument;
  quotes: ConnecDocument;
  sales_orders: ConnecDocument;
  stock_adjustments: ConnecRecord;
  tax_codes: ConnecNamed;
  tax_rates: ConnecNamed;
  teams: ConnecNamed;
  time_activities: ConnecRecord;
  time_sheets: ConnecRecord;
  transaction_logs: ConnecTransactionLog;
  transactions: ConnecRecord;
  venues: ConnecNamed;
  warehouses: ConnecNamed;
  work_locations: ConnecNamed;
}

/** Name of a resource: documented ones are suggested, others allowed. */
export type ConnecResourceName = keyof ConnecResources | (string & {});

/** The record type of a resource. */
export type ConnecRecordOf<R> = R extends keyof ConnecResources ? ConnecResources[R] : ConnecRecord;

/** What may be sent of a record: any of its fields. */
export type ConnecChanges<R> = Partial<ConnecRecordOf<R>> & Readonly<Record<string, unknown>>;
