import { HttpException, Injectable, Logger } from '@nestjs/common';

import { AdapterResolver } from '../adapters/adapter-resolver.js';
import type { GroupReference, MembershipReference } from '../adapters/maestrano-group.adapter.js';
import { MaestranoAdapterError } from '../errors/adapter.error.js';
import { MaestranoStoreError } from '../errors/store.error.js';
import { MaestranoWebhookError } from '../errors/webhook.error.js';
import { MaestranoEvents } from '../events/maestrano-events.service.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { SessionService } from '../session/session.service.js';
import { DeletedGroupsService } from '../stores/deleted-groups.service.js';
import { errorPlace } from '../utils/error-place.js';
import { maskUser, unmaskUser } from '../utils/platform-identifier.js';
import type { IncomingRequest } from '../utils/incoming-request.js';

/** Characters of an identifier that a log line shows; it comes from outside. */
const LOGGED_LENGTH = 64;

const SESSIONS_LEFT = 'Sessions could not be closed afterwards.';

/** What a log line says of a webhook, as JSON: nothing that a stranger sent can forge a further line. */
interface Subject {
  readonly marketplace: string;
  readonly group: string;
  /** Of the `X-Request-Id` header; null without one. */
  readonly request: string | null;
}

/**
 * Carries out what the account webhooks ask for (protocol §6). A group's notifications stop before the application's
 * adapter deletes it, so that no handler writes behind its back; sessions are closed after the adapter is done. When
 * any part fails the repeated call finishes it, because adapters treat what is gone already as a success.
 */
@Injectable()
export class AccountWebhooksService {
  readonly #logger = new Logger('MaestranoWebhooks');
  /** Removals under way: a repetition that comes meanwhile waits for the first instead of running beside it. */
  readonly #running = new Map<string, Promise<void>>();
  /** Calls of the adapter under way, also those that are not waited for any more: none is begun beside itself. */
  readonly #adapterCalls = new Map<string, Promise<void>>();

  constructor(
    private readonly adapters: AdapterResolver,
    private readonly sessions: SessionService,
    private readonly deletedGroups: DeletedGroupsService,
    private readonly events: MaestranoEvents,
  ) {}

  /**
   * A customer group cancelled the application: the marker that keeps notifications out and the end of those under way,
   * then the adapter's hook and deletion, then what waits in the queue for the group, and its sessions.
   *
   * @param request the framework's request, handed to the adapter.
   * @throws MaestranoWebhookError `webhook.adapter` or `webhook.cleanup`, MaestranoAdapterError `adapter.timeout`; all end in
   *   a status that asks for a repetition, which waits for an adapter that is still at it.
   */
  deleteGroup(marketplace: Marketplace, groupUid: string, request: unknown): Promise<void> {
    const reference: GroupReference = { marketplace: marketplace.name, groupUid };
    const subject = subjectOf(reference, request);
    const identity = JSON.stringify([marketplace.name, groupUid]);
    return once(this.#running, identity, async () => {
      await this.#cleanUp(subject, "The group's notifications could not be stopped.", () =>
        this.deletedGroups.groupDeleted(marketplace.name, groupUid),
      );
      await this.#withAdapter(subject, 'delete the group', async () => {
        const adapter = await this.adapters.group(request);
        const context = { marketplace, request };
        const call = once(this.#adapterCalls, identity, async () => {
          await adapter.beforeGroupDeletion(reference, context);
          await adapter.deleteGroup(reference, context);
        });
        await this.adapters.inTime(adapter, 'deleteGroup', call);
      });
      await this.#cleanUp(subject, "The group's waiting notifications could not be removed.", () =>
        this.deletedGroups.discardWaiting(marketplace.name, groupUid),
      );
      await this.#cleanUp(subject, SESSIONS_LEFT, () => this.sessions.closeGroup(marketplace.name, groupUid));
      this.events.emit({ type: 'group.deleted', ...reference });
    });
  }

  /**
   * A person was removed from a group: the adapter ends the membership, then the person's sessions in that group are
   * closed. The uid is masked as the application stores it (protocol §4.10).
   *
   * @param userUid as the platform sends it: the real uid, though a virtual one is understood as well.
   * @throws MaestranoWebhookError `webhook.adapter` or `webhook.cleanup`, MaestranoAdapterError `adapter.timeout`; all end in
   *   a status that asks for a repetition, which waits for an adapter that is still at it.
   */
  removeUser(marketplace: Marketplace, groupUid: string, userUid: string, request: unknown): Promise<void> {
    const realUserUid = unmaskUser(userUid);
    const reference: MembershipReference = {
      marketplace: marketplace.name,
      groupUid,
      userUid: maskUser(userUid, groupUid, marketplace.sso.creationMode),
      realUserUid,
    };
    const subject = subjectOf(reference, request);
    const identity = JSON.stringify([marketplace.name, groupUid, realUserUid]);
    return once(this.#running, identity, async () => {
      await this.#withAdapter(subject, 'remove the user from the group', async () => {
        const adapter = await this.adapters.group(request);
        const call = once(this.#adapterCalls, identity, async () => {
          await adapter.removeMember(reference, { marketplace, request });
        });
        await this.adapters.inTime(adapter, 'removeMember', call);
      });
      await this.#cleanUp(subject, SESSIONS_LEFT, () =>
        this.sessions.closeMembership(marketplace.name, groupUid, realUserUid),
      );
      const { userUid: uid } = reference;
      this.events.emit({ type: 'membership.removed', marketplace: marketplace.name, groupUid, userUid: uid });
    });
  }

  async #withAdapter(subject: Subject, task: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // A status of 500 or more that the application chose is its response; anything below would end the repetitions.
      if (error instanceof HttpException && error.getStatus() >= 500) throw error;
      if (error instanceof MaestranoAdapterError) throw error;
      throw this.#failure(subject, 'webhook.adapter', `The group adapter could not ${task}.`, error);
    }
  }

  async #cleanUp(subject: Subject, message: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // Says 503, and that the same call may be made again.
      if (error instanceof MaestranoStoreError) throw error;
      throw this.#failure(subject, 'webhook.cleanup', message, error);
    }
  }

  #failure(
    subject: Subject,
    code: 'webhook.adapter' | 'webhook.cleanup',
    message: string,
    cause: unknown,
  ): MaestranoWebhookError {
    // Nest logs no HttpException: without this line the reason would be lost.
    this.#logger.error(`${message} ${JSON.stringify({ ...subject, code })}`, errorPlace(cause));
    const { marketplace } = subject;
    return new MaestranoWebhookError(code, { message, marketplace, cause, remedy: 'Repeat the call.' });
  }
}

/** What is under way under this name, or else the work, which is under way until it ends. */
function once(running: Map<string, Promise<void>>, name: string, work: () => Promise<void>): Promise<void> {
  const known = running.get(name);
  if (known) return known;
  const started = work().finally(() => running.delete(name));
  running.set(name, started);
  return started;
}

function subjectOf({ marketplace, groupUid }: GroupReference, request: unknown): Subject {
  return { marketplace, group: groupUid.slice(0, LOGGED_LENGTH), request: requestId(request) };
}

function requestId(request: unknown): string | null {
  if (typeof request !== 'object' || request === null || !('headers' in request)) return null;
  const id = (request as IncomingRequest).headers['x-request-id'];
  return typeof id === 'string' ? id.slice(0, LOGGED_LENGTH) : null;
}
