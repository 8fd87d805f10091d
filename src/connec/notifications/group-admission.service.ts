import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { MaestranoConnecError } from '../../errors/connec.error.js';
import type { ConnecSettings } from '../../settings/maestrano-settings.js';
import { CONNEC_SETTINGS, STORE_SETTING } from '../../settings/settings.providers.js';
import { DeletedGroupsService, type GroupWork } from '../../stores/deleted-groups.service.js';
import { MAX_BATCH, MaestranoStore, type StoreWrite } from '../../stores/maestrano-store.js';
import { companyKey } from '../../stores/store-key.js';
import { inChunks } from '../../utils/chunks.js';
import { HandlerWatch, listed, shown } from './handler-watch.js';

/**
 * Whether a handler may begin for a group: `expired` when the store has to be asked again, `deleted` when the group
 * cancelled, `stopping` when the application is.
 */
export type Admission = 'granted' | 'expired' | 'deleted' | 'stopping';

/** How long the word of the store on a group holds, in milliseconds. */
const ADMITTED_MS = 1_500;
/** How often a store is asked that takes longer than that. */
const MAX_ASKED = 3;
/** How often groups for which handlers run are looked at again, and shown to other instances; milliseconds. */
const LOOK_EVERY_MS = 300;
/** By then other instances have shown what still runs for a group that was deleted, in milliseconds. */
const SHOWN_MS = ADMITTED_MS + LOOK_EVERY_MS + 600;
/** How long an instance that died is thought to be at work, in milliseconds. */
const SHOWN_TTL_MS = 5_000;
const POLL_MS = 100;
const NAMESPACE = 'group-work';

/** What was found out about a group. */
interface Word {
  /** When the store was asked, by the monotonic clock. */
  at: number;
  isDeleted: boolean;
}

/**
 * Sees to it that no handler begins for a group that cancelled, on any instance that shares the store, once the
 * webhook that said so is answered (protocol §6.4). Nobody asks the store before every record: what it said of a group
 * holds for a moment, and whoever deletes a group waits for that moment to pass. Handlers that still run are asked to
 * end through their signal; instances show each other for which groups they are at work, so that the deletion can wait
 * for them.
 */
@Injectable()
export class GroupAdmissionService implements GroupWork, OnApplicationShutdown {
  readonly watch: HandlerWatch;
  readonly #logger = new Logger('MaestranoNotifications');
  readonly #instance = randomUUID();
  readonly #deletionWaitMs: number;
  readonly #isShared: boolean;
  readonly #underWay = new Set<NotificationAdmission>();
  /** What other instances are shown now, by key. */
  readonly #shown = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #isLooking = false;
  #isStopping = false;

  constructor(
    private readonly store: MaestranoStore,
    private readonly deletedGroups: DeletedGroupsService,
    @Inject(CONNEC_SETTINGS) { notifications }: ConnecSettings,
    // Nobody else has the store that is made when none is given.
    @Inject(STORE_SETTING) storeOption: object | null,
  ) {
    const { handlerTimeoutMs, deletionWaitMs } = notifications;
    this.watch = new HandlerWatch({ timeoutMs: handlerTimeoutMs, logger: this.#logger });
    this.#deletionWaitMs = deletionWaitMs;
    this.#isShared = storeOption !== null;
    deletedGroups.register(this);
  }

  /** Whether the application is stopping, and nothing is begun any more. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** For one notification; close it when its work is done. */
  open(marketplace: string): NotificationAdmission {
    const admission = new NotificationAdmission(this, marketplace);
    this.#underWay.add(admission);
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
    return admission;
  }

  close(admission: NotificationAdmission): void {
    this.#underWay.delete(admission);
  }

  /** What the store says of the groups: those that cancelled. */
  deletedOf(marketplace: string, groupUids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.deletedGroups.deletedOf(marketplace, groupUids);
  }

  async stop(marketplace: string, groupUid: string): Promise<void> {
    const until = performance.now() + this.#deletionWaitMs;
    this.#revoke(marketplace, new Set([groupUid]));
    const [here, elsewhere] = await Promise.all([
      this.watch.endOf(marketplace, groupUid, until),
      this.#isShared ? this.#endElsewhere(marketplace, groupUid, until) : [],
    ]);
    const running = [...here, ...elsewhere];
    if (running.length === 0) return;
    this.#logger.warn(
      `Group ${shown(groupUid)} on "${marketplace}" is being deleted, although after ${this.#deletionWaitMs} ms there still ran: ${listed(running)}.`,
    );
  }

  /** Begins nothing any more. */
  stopAll(): void {
    this.#isStopping = true;
  }

  onApplicationShutdown(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    if (this.#underWay.size === 0 && this.#shown.size === 0) {
      if (this.#timer) clearInterval(this.#timer);
      this.#timer = null;
      return;
    }
    if (this.#isLooking) return;
    this.#isLooking = true;
    const groups = this.watch.groups();
    // One that failed is made up for by the next; until then nothing is admitted.
    void Promise.allSettled([this.#askAgain(groups), this.#show(groups)]).finally(
      () => (this.#isLooking = false),
    );
  }

  async #askAgain(groups: ReadonlyMap<string, ReadonlySet<string>>): Promise<void> {
    await Promise.all(
      [...groups].map(async ([marketplace, groupUids]) => {
        const asked = performance.now();
        const deleted = await this.deletedOf(marketplace, [...groupUids]);
        for (const admission of this.#underWay) {
          if (admission.marketplace === marketplace) admission.note(groupUids, deleted, asked);
        }
        this.#revoke(marketplace, deleted);
      }),
    );
  }

  #revoke(marketplace: string, groupUids: ReadonlySet<string>): void {
    if (groupUids.size === 0) return;
    for (const admission of this.#underWay) {
      if (admission.marketplace === marketplace) admission.note(groupUids, groupUids, performance.now());
    }
    for (const groupUid of groupUids) {
      const reason = new MaestranoConnecError('connec.groupDeleted', {
        message: 'The group cancelled the application.',
        marketplace,
        group: groupUid,
      });
      const stopped = this.watch.stopFor(marketplace, groupUid, reason);
      if (stopped.length === 0) continue;
      this.#logger.log(`A group was deleted; its handlers are asked to end: ${listed(stopped)}.`);
    }
  }

  /** Shows other instances for which groups something runs here, and for which nothing does any more. */
  async #show(groups: ReadonlyMap<string, ReadonlySet<string>>): Promise<void> {
    if (!this.#isShared) return;
    const now = Date.now();
    const gone = new Set(this.#shown);
    const writes: StoreWrite[] = [];
    for (const [marketplace, groupUids] of groups) {
      for (const groupUid of groupUids) {
        const name = workKey(marketplace, groupUid);
        const key = workKey(marketplace, groupUid, this.#instance);
        const value = listed(this.watch.runningFor(marketplace, groupUid));
        writes.push({ key, value, ttlMs: SHOWN_TTL_MS, index: { name, at: now } });
        gone.delete(key);
        this.#shown.add(key);
      }
    }
    for (const key of gone) writes.push({ key, value: null, ttlMs: null });
    await inChunks(writes, MAX_BATCH, (some) => this.store.writeMany(some));
    for (const key of gone) this.#shown.delete(key);
  }

  /** Resolves once no other instance works for the group, or at that moment; with what still runs then. */
  async #endElsewhere(marketplace: string, groupUid: string, until: number): Promise<string[]> {
    await pause(SHOWN_MS);
    const own = workKey(marketplace, groupUid, this.#instance);
    for (;;) {
      const { entries } = await this.store.page(workKey(marketplace, groupUid), { limit: MAX_BATCH });
      const running = entries.filter(({ key }) => key !== own).map(({ value }) => value);
      if (running.length === 0 || performance.now() >= until) return running;
      await pause(POLL_MS);
    }
  }
}

/** For which groups the handlers of one notification may begin. */
export class NotificationAdmission {
  readonly #words = new Map<string, Word>();

  constructor(
    private readonly service: GroupAdmissionService,
    readonly marketplace: string,
  ) {}

  get isStopping(): boolean {
    return this.service.isStopping;
  }

  /** Asks the store about the groups; resolves with those that cancelled. */
  async ask(groupUids: readonly string[]): Promise<ReadonlySet<string>> {
    const asked = performance.now();
    // Before the store responds: the group may be deleted here in the meantime.
    for (const groupUid of groupUids) {
      if (!this.#words.has(groupUid)) this.#words.set(groupUid, { at: -Infinity, isDeleted: false });
    }
    const deleted = await this.service.deletedOf(this.marketplace, groupUids);
    this.note(groupUids, deleted, asked);
    return deleted;
  }

  /** Whether a handler may begin at this very moment. */
  of(groupUid: string): Admission {
    if (this.service.isStopping) return 'stopping';
    const word = this.#words.get(groupUid);
    if (!word) return 'expired';
    if (word.isDeleted) return 'deleted';
    return performance.now() - word.at < ADMITTED_MS ? 'granted' : 'expired';
  }

  /**
   * The same, after asking the store where its word does not hold any more.
   *
   * @throws MaestranoConnecError `connec.notificationUnavailable` for a store that is too slow
   */
  async renewed(groupUid: string): Promise<Exclude<Admission, 'expired'>> {
    for (let asked = 0; ; asked += 1) {
      const admission = this.of(groupUid);
      if (admission !== 'expired') return admission;
      if (asked === MAX_ASKED) {
        throw new MaestranoConnecError('connec.notificationUnavailable', {
          message: `The store took longer than ${ADMITTED_MS} ms to say whether a group is still a customer.`,
          marketplace: this.marketplace,
          remedy: 'Check the store; the platform may repeat the notification.',
        });
      }
      await this.ask([groupUid]);
    }
  }

  /** Remembers what the store said of those of the groups that are this notification's. */
  note(groupUids: Iterable<string>, deleted: ReadonlySet<string>, asked: number): void {
    for (const groupUid of groupUids) {
      const word = this.#words.get(groupUid);
      if (!word) continue;
      if (deleted.has(groupUid)) word.isDeleted = true;
      else if (asked > word.at) word.at = asked;
    }
  }

  close(): void {
    this.service.close(this);
  }
}

function workKey(marketplace: string, groupUid: string, ...instance: readonly string[]): string {
  return companyKey(NAMESPACE, marketplace, groupUid, ...instance);
}
