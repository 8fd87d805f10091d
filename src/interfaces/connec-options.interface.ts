/** How the Connec! client works unless a call says otherwise. */
export interface ConnecClientOptions {
  /** Ask for ids as arrays of every system's id (`CONNEC-EXTERNAL-IDS`, protocol §9.7); false by default. */
  readonly externalIds?: boolean;
  /** `CONNEC-COUNTRY-FORMAT`; ISO 3166-1 alpha-2 by default, null sends no such header (protocol §9.2). */
  readonly countryFormat?: string | null;
  /** Milliseconds for one attempt; the marketplace's own `connec.timeout` by default. */
  readonly timeoutMs?: number;
  /** Pages of a collection under way at once, 1 to 16; 4 by default. */
  readonly pageConcurrency?: number;
  /** Most bytes of one response; 20 MB (20,971,520) by default. */
  readonly maxResponseBytes?: number;
}

/** How Connec! notifications are received and handled (docs/notifications.md). */
export interface ConnecNotificationOptions {
  /**
   * `whenHandled` (default): a failed handler makes the response a 500, so the platform can repeat. `always`: 200 after
   * authentication whatever the handlers do, as the official connector framework does; failures are only logged.
   */
  readonly acknowledge?: 'whenHandled' | 'always';
  /**
   * Most entities in one notification; 1,000 by default, ten pages of Connec!, so that none costs more than 100 ms of
   * CPU beside parsing and your handlers. Beyond: 413.
   */
  readonly maxEntities?: number;
  /** Deepest nesting of objects and arrays below an entity; 32 by default. Beyond: 400. */
  readonly maxDepth?: number;
  /** Groups of one notification handled at the same time, 1 to 64; 4 by default. One group is handled in order. */
  readonly concurrency?: number;
  /**
   * What makes two deliveries the same. `version` (default): group, resource, id and `updated_at`, or a digest of
   * the entity that has none. `content`: the digest always, which also distinguishes two changes within one second.
   */
  readonly identity?: 'version' | 'content';
  /** How long a handled delivery and its record's watermark are remembered, in milliseconds; 30 days by default. */
  readonly rememberMs?: number;
  /** How long a record stays reserved after the process that handles it died, in milliseconds; 60,000 by default. */
  readonly leaseMs?: number;
  /**
   * How long one call of a handler is waited for, in milliseconds; 5 minutes by default. Then it counts as failed, and
   * `context.signal` is aborted. One that runs long is named in the log before.
   */
  readonly handlerTimeoutMs?: number;
  /**
   * How long the deletion of a group waits for the group's handlers to end, in milliseconds; 10,000 by default. They are
   * asked to through `context.signal`, and none begins any more.
   */
  readonly deletionWaitMs?: number;
  /**
   * Seals the entities of notifications that used up their attempts, in the queue: at least 32 characters, from your secret
   * store, the same on all instances. They can then be shown in the operator console, and a worker opens them when they
   * are sent again. A list rotates it: the first seals, all open. Without it they are kept as they came, and not shown.
   */
  readonly deadLetterSecret?: string | readonly string[];
}

/** The `connec` option. */
export interface ConnecOptions {
  readonly client?: ConnecClientOptions;
  readonly notifications?: ConnecNotificationOptions;
}
