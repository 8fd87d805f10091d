import type { Marketplace } from './marketplace.interface.js';

/** What a handler is given beside the entity. */
export interface ConnecNotificationContext {
  /** The snapshot this piece of work belongs to. */
  readonly marketplace: Marketplace;
  /** `cld-…`, as the entity says. */
  readonly groupUid: string;
  /** Plural resource name such as `invoices`; `company` is singular. */
  readonly resource: string;
  /** Connec! id of the record; null for an entity without one. */
  readonly recordId: string | null;
  /** When the record changed; null when the entity does not say, or a time more than a day ahead. */
  readonly updatedAt: Date | null;
  /**
   * The same text for the same delivery, also on another instance: for a unique index in your own transaction, which
   * is the only way to be safe from a process that dies right after your last write (docs/notifications.md).
   */
  readonly deliveryKey: string;
  /** 1 for the first. Inline, the platform's repetitions are not counted. */
  readonly attempt: number;
  /**
   * Aborted when the handler is to end: its group cancelled the application, it took longer than `handlerTimeoutMs`, or
   * the application is stopping. `signal.reason` says which. Hand it to whatever takes a signal.
   */
  readonly signal: AbortSignal;
  /**
   * In a handler with `@ConnecTransaction()`: your database library's own object of the transaction in which the delivery is
   * marked as handled. Undefined in others.
   */
  readonly tx: unknown;
}

/** A handler that threw. */
export interface ConnecNotificationFailure extends ConnecNotificationContext {
  /** `BillingListener.onInvoice` */
  readonly handler: string;
  readonly error: unknown;
}

/** What became of notifications since the process started; one number an entity unless said otherwise. */
export interface ConnecNotificationStats {
  /** Requests. */
  readonly received: number;
  /** Requests rejected as malformed or too large. */
  readonly rejected: number;
  /** Requests handed to the queue. */
  readonly queued: number;
  readonly handled: number;
  /** Calls of a handler that a guard bound to it rejected. The entity counts as handled, and is not repeated. */
  readonly skipped: number;
  readonly failed: number;
  /** Being handled elsewhere at that moment. */
  readonly busy: number;
  readonly duplicates: number;
  /** Older than what was handled before. */
  readonly stale: number;
  readonly unknownResource: number;
  /** Without group, or of one that the notification adapter does not know. */
  readonly unknownGroup: number;
  readonly deletedGroup: number;
}
