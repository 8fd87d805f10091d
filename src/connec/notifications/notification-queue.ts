import type { NotificationBody } from './notification-reader.js';

/** A notification as it waits in a queue. */
export interface QueuedNotification {
  /** Name of the marketplace; its snapshot is looked up when the work begins. */
  readonly marketplace: string;
  /** ISO 8601. */
  readonly receivedAt: string;
  readonly resources: NotificationBody;
  /** Attempts that failed, the oldest first: the last 20. */
  readonly history?: readonly QueuedAttempt[];
}

/** An attempt that failed. */
export interface QueuedAttempt {
  /** When it ended, ISO 8601. */
  readonly at: string;
  /** Message of its error; holds no data of customers. */
  readonly reason: string;
  /** Entities that were left after it, by resource. */
  readonly entities: Readonly<Record<string, number>>;
  /**
   * Those of them that were handled since, by the attempts up to the next one here, sealed. Only where the application has a
   * secret for dead letters; lists leave it out.
   */
  readonly doneSince?: NotificationBody;
}

/** What is left of a queued notification after an attempt. */
export interface QueuedOutcome {
  /** Entities that still have to be handled; null when none are. */
  readonly remaining: NotificationBody | null;
  /** Why; null when they only wait for another instance. Holds no data of customers. */
  readonly error: Error | null;
  /** Entities that need nothing more, sealed, for {@link QueuedAttempt.doneSince}; left out where nothing is sealed. */
  readonly done?: NotificationBody;
}

/** A notification that used up its attempts. */
export interface DeadNotification {
  readonly id: string;
  readonly marketplace: string;
  readonly receivedAt: string;
  readonly attempts: number;
  /** Message of the last error. */
  readonly reason: string;
  /** When it was given up, ISO 8601. */
  readonly failedAt: string;
  /** Entities left, by resource. */
  readonly entities: Readonly<Record<string, number>>;
  /** Attempts that failed, the oldest first: the last 20; left out by queues that do not keep them. */
  readonly history?: readonly QueuedAttempt[];
}

/** A dead letter with what is stored of it. */
export interface DeadLetter extends DeadNotification {
  /**
   * The entities left, as they are stored: sealed where the application has a secret for that. Null where the queue keeps
   * them to itself.
   */
  readonly resources: NotificationBody | null;
}

/** Notifications in a queue at this moment. */
export interface NotificationQueueCounts {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly dead: number;
  /** Milliseconds that the oldest waiting one has waited; null when none does. */
  readonly lagMs: number | null;
}

/** Dead letters that are looked through together. */
const PAGE = 1_000;

/**
 * Where notifications are made durable before the platform gets its response. Import a module that provides one, such as
 * `MaestranoBullmqModule` of `nestjs-maestrano/bullmq`; without one, notifications are handled before the response.
 */
export abstract class NotificationQueue {
  /**
   * Begins to hand out notifications. Called once, at bootstrap; a queue may be set up only to store.
   *
   * @param process takes the notification, the number of the attempt from 1, and how many there are in all, so that what
   *   the last one leaves can be sealed before it is stored. Where that is not said, whatever failed is stored sealed.
   */
  abstract start(
    process: (notification: QueuedNotification, attempt: number, attempts?: number) => Promise<QueuedOutcome>,
  ): Promise<void> | void;

  /** Resolves once the notification is safe. */
  abstract add(notification: QueuedNotification): Promise<void>;

  abstract counts(): Promise<NotificationQueueCounts>;

  /**
   * What an operator should know of how the queue is set up, such as a Redis that may evict keys: one sentence each, for
   * the log at start, health checks and the `doctor` command. Nothing by default.
   */
  warnings(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  /** Given up notifications, newest first. */
  abstract deadLetters(range?: {
    readonly offset?: number;
    readonly limit?: number;
  }): Promise<DeadNotification[]>;

  /**
   * One by its id, with what is stored of it; null for an unknown id. By default it is looked for in the whole list, and its
   * entities are not known.
   */
  async deadLetter(id: string): Promise<DeadLetter | null> {
    for (let offset = 0; ; offset += PAGE) {
      const letters = await this.deadLetters({ offset, limit: PAGE });
      const letter = letters.find((one) => one.id === id);
      if (letter) return { ...letter, resources: null };
      if (letters.length < PAGE) return null;
    }
  }

  /** Has one handled again, with all its attempts. What is stale by now is dropped then. False for an unknown id. */
  abstract replay(id: string): Promise<boolean>;

  /** Has all handled again; resolves with how many. */
  abstract replayAll(): Promise<number>;

  /** Forgets one. False for an unknown id. */
  abstract discard(id: string): Promise<boolean>;

  /**
   * Removes the entities of a group that cancelled: what waits, what was given up, and what is being handled once its
   * attempt is over. Resolves with how many were removed.
   *
   * @param withinMs how long to wait for attempts that are under way.
   */
  abstract removeGroup(marketplace: string, groupUid: string, withinMs: number): Promise<number>;

  /**
   * Hands out nothing more; what was not handled is left for others. Resolves once no attempt is under way, or after so
   * many milliseconds. Safe to repeat.
   */
  abstract stop(withinMs: number): Promise<void>;
}

/** What handles the notifications of a queue. */
export type ProcessQueued = Parameters<NotificationQueue['start']>[0];
