/**
 * Work that is due at a fixed pace, done once for all processes of an application: provided by the modules of queues
 * (`MaestranoBullmqModule`, `MaestranoPgQueueModule`), or by a class of the application's under this token. Features that find
 * none keep a timer in each process.
 */
export abstract class RecurringWork {
  /**
   * Has the work done every `everyMs`, by one process at a time that is free: soon where it was never done, or where a turn was
   * missed since nothing ran. What a process that dies was doing is begun again by another. Neither throws nor waits: a queue
   * that is away is tried again.
   *
   * @param name the same in every process: 1 to 30 small letters.
   * @param everyMs milliseconds between two turns.
   * @param work never rejects; what it could not do is done by the next turn.
   */
  abstract repeat(name: string, everyMs: number, work: () => Promise<void>): void;
}
