import type {
  ConnecNotificationContext,
  ConnecNotificationFailure,
} from '../interfaces/connec-notification.interface.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { GroupReference } from './maestrano-group.adapter.js';

/**
 * How the application takes Connec! notifications, in one class (protocol §7). Extend it, and name the class in the
 * `notificationAdapter` extra. All methods are optional; `@ConnecHandler` methods work beside it.
 */
export abstract class MaestranoNotificationAdapter {
  /**
   * Whether the group is a customer of the application on that marketplace. Entities of others are ignored and
   * counted. Without this method every group is known that did not cancel.
   */
  knowsGroup?(group: GroupReference, marketplace: Marketplace): Promise<boolean> | boolean;

  /**
   * Takes one changed entity of any resource. Throw to have it repeated. May be called again for an entity that it
   * threw at, or that a dying process had begun.
   */
  handle?(
    entity: Readonly<Record<string, unknown>>,
    context: ConnecNotificationContext,
  ): Promise<void> | void;

  /** Called for every handler that threw, after it was logged: for an error tracker. What it throws is ignored. */
  onFailure?(failure: ConnecNotificationFailure): Promise<void> | void;

  /** The `initialization_path` was called (protocol §7.4), which only Maestrano-hosted instances know. */
  onInitialization?(marketplace: Marketplace): Promise<void> | void;
}
