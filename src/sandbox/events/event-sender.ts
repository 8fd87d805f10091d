import { Injectable } from '@nestjs/common';

import { SandboxError } from '../../errors/sandbox.error.js';
import { isRecord } from '../../utils/values.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { SandboxState } from '../state/sandbox-state.js';
import type { Delivery, DeliveryOptions } from '../webhooks/delivery.js';
import { groupDeletion, memberRemoval, notification, type Parcel } from '../webhooks/parcels.js';
import { SandboxWebhooks } from '../webhooks/sandbox-webhooks.js';
import { WebhookSender } from '../webhooks/webhook-sender.js';
import { CATALOGUE, eventBody } from './event-catalogue.js';
import { RecordEdits } from './record-edits.js';

/** A company that nobody has. */
export const STRANGER = 'cld-of-nobody';
/** How far an older notification lies behind a newer one. */
const OLDER_MS = 60_000;
/** Id of a record that is made up. */
const MADE_UP = 'e32303c1-0000-4000-8000-000000002001';

/** An event of the catalogue, and whom it happens to. */
export interface SandboxEvent {
  /** Key of the catalogue. */
  readonly event: string;
  /** The first marketplace unless given. */
  readonly marketplace?: string | undefined;
  /** The marketplace's first running company unless given. */
  readonly group?: string | undefined;
  /** Who leaves; the company's first member unless given. */
  readonly user?: string | undefined;
  /** Body of a notification; one made of a record of the company unless given. */
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  /** Which record it happens to, as `people/ID`; the company's first of the event's resource unless given. */
  readonly record?: string | undefined;
  /** Fields by path (`email.address`) that get these values. */
  readonly set?: Readonly<Record<string, unknown>> | undefined;
}

/** Has the events of the catalogue happen: to the sandbox's own data, and at the application. */
@Injectable()
export class EventSender {
  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly webhooks: SandboxWebhooks,
    private readonly sender: WebhookSender,
    private readonly edits: RecordEdits,
  ) {}

  /**
   * Sends an event. Resolves with every delivery, whatever the application responded.
   *
   * @throws SandboxError `sandbox.unknown` for what the sandbox does not have, `sandbox.request` where something is missing
   */
  async send(what: SandboxEvent, how: DeliveryOptions = {}): Promise<Delivery[]> {
    const { event } = what;
    requireKnown(event);
    const { name: marketplace } = this.marketplaces.getOrFirst(what.marketplace);
    const options = { ...how, marketplace };
    if (event === 'stranger') return this.webhooks.deleteGroup(STRANGER, { ...options, onlySend: true });
    const group = what.group ?? this.#anyGroup(marketplace);
    if (event === 'cancel') return this.webhooks.deleteGroup(group, options);
    if (event === 'leave') {
      return this.webhooks.deleteGroupUser(group, what.user ?? this.#anyMember(marketplace, group), options);
    }
    const given = what.body ?? this.#body(what, marketplace, group);
    const body = isWriting(event) ? this.edits.write({ marketplace, groupId: group }, given) : given;
    if (event === 'repeat')
      return this.webhooks.notify(body, { ...options, times: Math.max(2, how.times ?? 1) });
    if (event === 'older') return this.webhooks.notifyReordered([this.#older(body), body], options);
    return this.webhooks.notify(body, options);
  }

  /**
   * The requests of an event as command lines, credentials included, in the order of sending; nothing is sent. How often and
   * how far apart they go is not part of them.
   *
   * @throws SandboxError as {@link send}
   */
  commands(what: SandboxEvent, how: DeliveryOptions = {}): string[] {
    const { event } = what;
    requireKnown(event);
    const { name: marketplace, paths } = this.marketplaces.getOrFirst(what.marketplace);
    const options = { ...how, marketplace };
    const command = (parcel: Parcel): string => this.sender.command(parcel, options);
    if (event === 'stranger') return [command(groupDeletion(paths, STRANGER))];
    const group = what.group ?? this.#anyGroup(marketplace);
    if (event === 'cancel') return [command(groupDeletion(paths, group))];
    if (event === 'leave')
      return [command(memberRemoval(paths, group, what.user ?? this.#anyMember(marketplace, group)))];
    const body = what.body ?? this.#body(what, marketplace, group);
    const bodies = event === 'older' ? [body, this.#older(body)] : [body];
    return bodies.map((entities) => command(notification(paths, entities)));
  }

  #body(
    { event, record: chosen, set }: SandboxEvent,
    marketplace: string,
    group: string,
  ): Record<string, unknown> {
    const usual = CATALOGUE.find(({ key }) => key === event)?.resource;
    if (event === 'edit' && (set === undefined || Object.keys(set).length === 0)) {
      throw new SandboxError('sandbox.request', {
        message: 'The event "edit" changes nothing.',
        remedy: 'Say which fields get which values: `set` with an object, or --set first_name=Ada.',
      });
    }
    if (event === 'own' || !usual) {
      throw new SandboxError('sandbox.request', {
        message: `The event "${event}" needs a body.`,
        remedy: 'Give an object of resources, each with a list of entities.',
      });
    }
    const [resource = usual] = (chosen ?? usual).split('/');
    const record = this.edits.chosen({ marketplace, groupId: group }, chosen ?? usual);
    return eventBody(event, { resource, group, record, now: this.clock.iso(), id: MADE_UP, set });
  }

  #anyGroup(marketplace: string): string {
    const group = this.state.groupsOf(marketplace).find(({ status }) => status === 'running');
    if (group) return group.uid;
    throw new SandboxError('sandbox.request', {
      message: `No company runs the application at ${marketplace}.`,
      remedy: 'Add one, or begin the scenario again.',
    });
  }

  #anyMember(marketplace: string, group: string): string {
    const [member] = this.state.memberships.filter(
      (one) => one.marketplace === marketplace && one.groupUid === group,
    );
    if (member) return member.userUid;
    throw new SandboxError('sandbox.request', {
      message: `Nobody belongs to ${group} at ${marketplace}.`,
      remedy: 'Name who leaves, or take another company.',
    });
  }

  /** The same entities as they were a minute before. */
  #older(entities: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(entities).map(([resource, list]) => [
        resource,
        Array.isArray(list)
          ? list.map((one: unknown) =>
              isRecord(one) ? { ...one, updated_at: this.clock.iso(-OLDER_MS) } : one,
            )
          : list,
      ]),
    );
  }
}

function isWriting(event: string): boolean {
  return CATALOGUE.some(({ key, writes }) => key === event && writes);
}

function requireKnown(event: string): void {
  if (CATALOGUE.some(({ key }) => key === event)) return;
  throw new SandboxError('sandbox.unknown', {
    message: `There is no event "${event}".`,
    remedy: `Take one of ${CATALOGUE.map(({ key }) => key).join(', ')}.`,
  });
}
