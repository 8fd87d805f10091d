interface Event<T extends string> {
  readonly type: T;
  /** Name of the marketplace. */
  readonly marketplace: string;
  readonly at: Date;
}

/** Somebody logged in: every check passed, the adapters found their user and company, and the session began. */
export interface LoginAcceptedEvent extends Event<'login.accepted'> {
  /** As the application stores it, by the marketplace's creation mode. */
  readonly userUid: string;
  readonly groupUid: string;
  /** For `SsoService.explain`. */
  readonly traceCode: string | null;
}

/** A login ended without a session: a check failed, an adapter said no, or nobody can log in for the moment. */
export interface LoginRejectedEvent extends Event<'login.rejected'> {
  /** Such as `sso.audience`, `sso.denied`, `store.unavailable`. */
  readonly code: string;
  readonly traceCode: string | null;
}

/** The marketplace took somebody out of a company; adapter and sessions are done. */
export interface MembershipRemovedEvent extends Event<'membership.removed'> {
  readonly groupUid: string;
  /** As the application stores it, by the marketplace's creation mode. */
  readonly userUid: string;
}

/** A company cancelled the application; adapter, notifications and sessions are done. */
export interface GroupDeletedEvent extends Event<'group.deleted'> {
  readonly groupUid: string;
}

/** A charge exists at the marketplace, and this process had it made. */
interface ChargeCreated<T extends string> extends Event<T> {
  readonly groupUid: string;
  /** Of the bill. */
  readonly id: string;
  /** Of `createOnce`; null for `create`. */
  readonly key: string | null;
}

/** A one-time charge was made. */
export type BillCreatedEvent = ChargeCreated<'bill.created'>;

/** A charge that repeats was made. */
export type RecurringBillCreatedEvent = ChargeCreated<'recurringBill.created'>;

/** A run of the synchronization of a company ended in this process (docs/synchronization.md). */
export interface SynchronizationEndedEvent extends Event<'synchronization.ended'> {
  readonly groupUid: string;
  /** Of what made it fail, such as `sync.sideAway`; null when it did what was due. */
  readonly code: string | null;
  /** Records that wait for a person. */
  readonly held: number;
}

/** An entity of a company stopped in both directions until a person decides. */
export interface SynchronizationStoppedEvent extends Event<'synchronization.stopped'> {
  readonly groupUid: string;
  readonly entity: string;
  /** `sync.restored` or `sync.massChange`. */
  readonly code: string;
}

/** What happened in this process, after the fact. Holds no names, addresses or secrets. */
export type MaestranoEvent =
  | LoginAcceptedEvent
  | LoginRejectedEvent
  | MembershipRemovedEvent
  | GroupDeletedEvent
  | BillCreatedEvent
  | RecurringBillCreatedEvent
  | SynchronizationEndedEvent
  | SynchronizationStoppedEvent;

/** Names of the events. */
export type MaestranoEventType = MaestranoEvent['type'];

/** The event of a name. */
export type MaestranoEventOf<T extends MaestranoEventType> = Extract<MaestranoEvent, { readonly type: T }>;
