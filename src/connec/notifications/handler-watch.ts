import type { Logger } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';

import { MaestranoConnecError } from '../../errors/connec.error.js';

/** Whom a call of the application is for. */
export interface CallSubject {
  readonly marketplace: { readonly name: string };
  readonly groupUid: string;
  /** Plural resource name; empty where the call is about the group alone. */
  readonly resource: string;
  /** Asks the call to end. */
  stop(reason: Error): void;
}

interface WatchedCall {
  /** `BillingListener.onInvoice` */
  readonly name: string;
  readonly subject: CallSubject;
  /** By the monotonic clock, in milliseconds. */
  readonly since: number;
  isReported: boolean;
  readonly giveUp: (error: Error) => void;
}

/** A call that nobody waits for any more; without its record, which may be large. */
interface AbandonedCall {
  readonly marketplace: string;
  readonly groupUid: string;
  readonly description: string;
}

/** What {@link HandlerWatch} works with. */
export interface HandlerWatchParts {
  /** How long a call is waited for, in milliseconds. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/** A call is said to run long after this, or after half of its time; milliseconds. */
const LONG_MS = 10_000;
/** Longest time between two looks at the calls under way, in milliseconds. */
const LOOK_EVERY_MS = 250;
const POLL_MS = 20;
/** Calls remembered that were given up and did not end. */
const MAX_ABANDONED = 1_000;
/** Calls named in one line. */
const MAX_NAMED = 10;
/** Characters of an identifier that a log line shows; it comes from outside. */
const SHOWN_LENGTH = 64;

/**
 * The calls of the application's handlers that are under way in this process: none is waited for longer than it may
 * take, what runs long is reported once, and what runs for a group can be stopped and waited for.
 */
export class HandlerWatch {
  /** In the order they began. */
  readonly #calls = new Set<WatchedCall>();
  readonly #abandoned = new Set<AbandonedCall>();
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly parts: HandlerWatchParts) {}

  /** Ends as the work does; rejects with `connec.handlerTimeout` when it takes too long. */
  watch(name: string, subject: CallSubject, work: PromiseLike<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let abandoned: AbandonedCall | null = null;
      const call: WatchedCall = {
        name,
        subject,
        since: performance.now(),
        isReported: false,
        giveUp: (error) => {
          this.#calls.delete(call);
          abandoned = this.#abandon(call);
          subject.stop(error);
          reject(error);
        },
      };
      this.#calls.add(call);
      const over = (): void => {
        this.#calls.delete(call);
        if (abandoned) this.#ended(abandoned, call);
      };
      work.then(
        (value) => {
          over();
          resolve(value);
        },
        (error: unknown) => {
          over();
          reject(error);
        },
      );
      this.#timer ??= setInterval(() => this.#look(), this.#interval).unref();
    });
  }

  /** Groups for which something runs, by marketplace; not what was given up. */
  groups(): ReadonlyMap<string, ReadonlySet<string>> {
    const groups = new Map<string, Set<string>>();
    for (const { subject } of this.#calls) {
      const known = groups.get(subject.marketplace.name);
      if (known) known.add(subject.groupUid);
      else groups.set(subject.marketplace.name, new Set([subject.groupUid]));
    }
    return groups;
  }

  /** What runs for the group, what was given up included: one description each. */
  runningFor(marketplace: string, groupUid: string): string[] {
    const running: string[] = [];
    for (const call of this.#calls) if (isOf(call, marketplace, groupUid)) running.push(describe(call));
    for (const call of this.#abandoned) {
      if (call.marketplace === marketplace && call.groupUid === groupUid) running.push(call.description);
    }
    return running;
  }

  /** Asks what runs for the group to end; describes it. */
  stopFor(marketplace: string, groupUid: string, reason: Error): string[] {
    const stopped = [...this.#calls].filter((call) => isOf(call, marketplace, groupUid));
    for (const { subject } of stopped) subject.stop(reason);
    return stopped.map(describe);
  }

  /** Resolves once nothing runs for the group, or at that moment of the monotonic clock; with what still runs then. */
  async endOf(marketplace: string, groupUid: string, until: number): Promise<string[]> {
    for (;;) {
      const running = this.runningFor(marketplace, groupUid);
      if (running.length === 0 || performance.now() >= until) return running;
      await pause(POLL_MS);
    }
  }

  /** Asks everything to end. */
  stopAll(reason: Error): void {
    for (const { subject } of this.#calls) subject.stop(reason);
  }

  /** Waits for nothing any more; describes what still runs, also of what was given up before. */
  abandonAll(reasonOf: (description: string) => Error): string[] {
    for (const call of this.#calls) call.giveUp(reasonOf(describe(call)));
    return [...this.#abandoned].map(({ description }) => description);
  }

  get #interval(): number {
    return Math.max(5, Math.min(LOOK_EVERY_MS, this.parts.timeoutMs / 10));
  }

  #look(): void {
    if (this.#calls.size === 0) {
      if (this.#timer) clearInterval(this.#timer);
      this.#timer = null;
      return;
    }
    const { timeoutMs, logger } = this.parts;
    const now = performance.now();
    const long = Math.min(LONG_MS, timeoutMs / 2);
    for (const call of this.#calls) {
      const age = now - call.since;
      // What follows began later.
      if (age < long) return;
      if (age >= timeoutMs) {
        call.giveUp(tooLong(call, timeoutMs));
      } else if (!call.isReported) {
        call.isReported = true;
        logger.warn(`${describe(call)} is still running; it is given up after ${seconds(timeoutMs)}.`);
      }
    }
  }

  #abandon(call: WatchedCall): AbandonedCall {
    const { marketplace, groupUid } = call.subject;
    const abandoned = { marketplace: marketplace.name, groupUid, description: describe(call) };
    if (this.#abandoned.size >= MAX_ABANDONED) {
      for (const oldest of this.#abandoned) {
        this.#abandoned.delete(oldest);
        break;
      }
    }
    this.#abandoned.add(abandoned);
    return abandoned;
  }

  #ended(abandoned: AbandonedCall, call: WatchedCall): void {
    this.#abandoned.delete(abandoned);
    this.parts.logger.warn(`${describe(call)} has ended; it had been given up.`);
  }
}

/** Some calls in one line, however many there are. */
export function listed(descriptions: readonly string[]): string {
  const named = descriptions.slice(0, MAX_NAMED).join('; ');
  const more = descriptions.length - MAX_NAMED;
  return more > 0 ? `${named}; and ${more} more` : named;
}

/** An identifier as a log line shows it. */
export function shown(identifier: string): string {
  return JSON.stringify(identifier.slice(0, SHOWN_LENGTH));
}

function isOf({ subject }: WatchedCall, marketplace: string, groupUid: string): boolean {
  return subject.groupUid === groupUid && subject.marketplace.name === marketplace;
}

function describe({ name, since, subject: { marketplace, groupUid, resource } }: WatchedCall): string {
  const what = resource === '' ? '' : ` for ${resource.slice(0, SHOWN_LENGTH)}`;
  const age = seconds(performance.now() - since);
  return `${name}${what} of group ${shown(groupUid)} on "${marketplace.name}" (${age})`;
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms / 1_000)} s`;
}

function tooLong(call: WatchedCall, timeoutMs: number): MaestranoConnecError {
  const { marketplace, groupUid } = call.subject;
  return new MaestranoConnecError('connec.handlerTimeout', {
    message: `${describe(call)} did not end within ${timeoutMs} ms.`,
    marketplace: marketplace.name,
    group: groupUid,
    remedy: 'Find what it waits for; raise connec.notifications.handlerTimeoutMs if it needs that long.',
  });
}
