import type { GroupReference } from '../adapters/maestrano-group.adapter.js';

/** Does one slice of a group. Never rejects. Resolves with whether one more has to follow. */
export type SyncSlice = (group: GroupReference, signal: AbortSignal) => Promise<boolean>;

/**
 * Which companies are synchronized next, and by which process: `MaestranoSync` has one in memory, and takes the one that the
 * modules of queues provide (`MaestranoBullmqModule`, `MaestranoPgQueueModule`), or a class of the application's under this token.
 *
 * A queue holds nothing but names of companies: what is to be done stands in the store of the synchronization, which is looked
 * through for what is due. A queue that loses everything costs minutes, and no work (synchronization §6).
 *
 * The contract, as `syncSchedulerContract` of `nestjs-maestrano/testing` tests it: of a company one slice is under way at a time, over
 * all processes; while one waits, further ones are none; while one is under way, all that are asked for are exactly one more; a slice
 * that resolves with true is followed by another, behind all that wait by then; what a process that died was doing is done by
 * another.
 */
export abstract class SyncScheduler {
  /** Has a slice of the group follow. Rejects when the queue cannot keep it in time. */
  abstract enqueue(group: GroupReference): Promise<void>;
  /** Does slices, for at most so many groups at the same time in this process. A process that only asks for slices does nothing. */
  abstract work(slice: SyncSlice, concurrency: number): void;
  /** Has no slice follow that waits, as far as the queue can find it; one that is under way goes on. */
  abstract cancel(group: GroupReference): Promise<void>;
  /** Resolves once no slice is under way in this process, nor waits where only this process would do it. */
  abstract idle(): Promise<void>;
  /**
   * Begins nothing any more, has the slices of this process end after what they are sending, and waits for them for that long.
   * Others take up what is left.
   */
  abstract stop(withinMs: number): Promise<void>;
}
