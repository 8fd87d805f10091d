import type { AdapterContext } from '../interfaces/adapter-context.interface.js';
import type { GroupReference } from './maestrano-group.adapter.js';

/** What the platform asks of a synchronization (protocol §10.2). All of it is optional. */
export interface SynchronizationRequest {
  /** Everything again, instead of what changed. */
  readonly fullSync: boolean;
  /** Only these entities; null for all. */
  readonly onlyEntities: readonly string[] | null;
  /** Also where the application believes that nothing changed. */
  readonly forced: boolean;
  /** Whether Connec! wins a conflict; null leaves it to the application. */
  readonly connecPreemption: boolean | null;
  /** A Connec! filter, as it came. */
  readonly filter: string | null;
  /** Every option as it came, known and unknown; texts where the platform sent a form. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** How far synchronization is; other texts are passed on as they are. */
export type SynchronizationStatus = 'RUNNING' | 'ENQUEUED' | 'SUCCESS' | 'ERROR' | 'DISABLED' | (string & {});

/** What the platform shows of a group's synchronization (protocol §10.2). */
export interface SynchronizationState {
  /** Whether the group's data is synchronized at all. */
  readonly enabled: boolean;
  readonly status: SynchronizationStatus;
  /** What the last synchronization said; leave it out when there was none. */
  readonly message?: string | null;
  /** When the last synchronization changed; leave it out when there was none. */
  readonly updatedAt?: Date | null;
}

/**
 * Lets the platform start, switch and watch the synchronization of a group's data (protocol §10). Optional: extend
 * it and name the class in the `synchronizationAdapter` extra; the abstract class is also the injection token.
 *
 * Every method returns null for a group the application does not know: the response is 404.
 */
export abstract class MaestranoSynchronizationAdapter {
  /**
   * Starts a synchronization and returns at once, usually with `ENQUEUED`. While one is running or waiting already,
   * return its state and start nothing.
   */
  abstract start(
    group: GroupReference,
    request: SynchronizationRequest,
    context: AdapterContext,
  ): Promise<SynchronizationState | null> | SynchronizationState | null;

  /** Switches the synchronization off when it is on, and on when it is off. */
  abstract toggle(
    group: GroupReference,
    context: AdapterContext,
  ): Promise<SynchronizationState | null> | SynchronizationState | null;

  /** The state as it is. */
  abstract status(
    group: GroupReference,
    context: AdapterContext,
  ): Promise<SynchronizationState | null> | SynchronizationState | null;
}
