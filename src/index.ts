/**
 * Comments cite the reference that comes with the package: `protocol §6.3` is section 6.3 of
 * docs/reference/protocol.md, `saml §3.3` that of docs/reference/saml.md.
 *
 * @packageDocumentation
 */

export { MaestranoModule } from './maestrano.module.js';
export type {
  MaestranoFactoryOptions,
  MaestranoModuleAsyncOptions,
  MaestranoModuleOptions,
  MaestranoOptionsFactory,
} from './maestrano-options.interface.js';
export type {
  ControllerDecorators,
  MaestranoModuleExtras,
  MaestranoRoutes,
} from './routing/module-extras.interface.js';
export { maestranoRoutes, type MaestranoRoutesOptions } from './routing/mounting/maestrano-routes.js';

// Adapters: what the application extends.
export { MaestranoUserAdapter } from './adapters/maestrano-user.adapter.js';
export {
  MaestranoGroupAdapter,
  type GroupReference,
  type MembershipReference,
} from './adapters/maestrano-group.adapter.js';
export { MaestranoSessionAdapter, type CompletedLogin } from './adapters/maestrano-session.adapter.js';
export { MaestranoNotificationAdapter } from './adapters/maestrano-notification.adapter.js';
export {
  MaestranoSynchronizationAdapter,
  type SynchronizationRequest,
  type SynchronizationState,
  type SynchronizationStatus,
} from './adapters/maestrano-synchronization.adapter.js';
export type { IncomingRequest } from './utils/incoming-request.js';
export type { AdapterContext } from './interfaces/adapter-context.interface.js';
export type {
  CreationMode,
  GroupProfile,
  LoginProfile,
  MembershipProfile,
  MembershipRole,
  ResellerProfile,
  UserProfile,
} from './interfaces/profiles.interface.js';

// Marketplaces.
export { MarketplaceRegistry, type MarketplaceSnapshot } from './marketplace/marketplace-registry.js';
export { MarketplaceLoader, type MarketplaceStatus } from './marketplace/marketplace-loader.js';
export type { SourceStatus } from './marketplace/loader/source-runner.js';
export type { ExpiringCertificate } from './marketplace/certificate-expiry.js';
export { MarketplaceSource, UNCHANGED } from './marketplace/sources/marketplace-source.js';
export type * from './interfaces/marketplace.interface.js';
export type * from './interfaces/marketplace-events.interface.js';
export type {
  JsonObject,
  MarketplaceInput,
  MarketplacesInput,
} from './interfaces/marketplace-input.interface.js';
export type {
  DeveloperPlatformOptions,
  MarketplaceOptions,
  MarketplaceRefreshOptions,
} from './interfaces/marketplace-options.interface.js';
export { getMarketplaceToken, InjectMarketplace, MarketplaceHandle } from './handle/marketplace-handle.js';
export { Secret } from './utils/secret.js';

// Sign-on and sessions.
export { SsoService, type LoginLinkOptions } from './sso/sso.service.js';
export { MaestranoSessionGuard } from './session/maestrano-session.guard.js';
export { CurrentMarketplace, MaestranoSession, SkipMaestranoSession } from './session/session.decorators.js';
export { SignInRequiredException } from './session/sign-in-required.exception.js';
export { SessionService, type SessionRejection } from './session/session.service.js';
export type { MaestranoSessionData } from './interfaces/session.interface.js';
export type { SessionOptions } from './interfaces/session-options.interface.js';
export type { LoginDenial, SignOnOptions } from './interfaces/sign-on-options.interface.js';
export type * from './interfaces/sso-options.interface.js';
export { LoginTraceService } from './sso/trace/login-trace.service.js';
export type * from './interfaces/login-trace.interface.js';

// What the platform calls.
export { MaestranoBasicAuthGuard } from './security/maestrano-basic-auth.guard.js';
export { ForMarketplace } from './security/for-marketplace.decorator.js';
export { MetadataService } from './metadata/metadata.service.js';
export type { LockoutOptions, WebhooksOptions } from './interfaces/webhooks-options.interface.js';
export { ConnecHandler, ANY_RESOURCE } from './connec/notifications/connec-handler.decorator.js';
export { ConnecNotifications } from './connec/notifications/notification-intake.service.js';
export {
  type DeadNotification,
  NotificationQueue,
  type NotificationQueueCounts,
  type QueuedNotification,
  type QueuedOutcome,
} from './connec/notifications/notification-queue.js';
export type { NotificationBody } from './connec/notifications/notification-reader.js';
export type * from './interfaces/connec-notification.interface.js';

// Billing and membership.
export { AccountService } from './account/account.service.js';
export type { AccountCallOptions } from './account/account-client.service.js';
export {
  BillingService,
  type BillCollection,
  type MarketplaceBilling,
  type RecurringBillCollection,
} from './account/billing.service.js';
export {
  MembershipService,
  type GroupCollection,
  type MarketplaceMembership,
} from './account/membership.service.js';
export type { RawRecord } from './account/fields.js';
export type { Bill, BillFilter, BillInput, BillStatus } from './account/resources/bill.js';
export type {
  BillingPeriod,
  RecurringBill,
  RecurringBillFilter,
  RecurringBillInput,
  RecurringBillStatus,
} from './account/resources/recurring-bill.js';
export type { Group, GroupFilter, GroupMetadata, GroupStatus } from './account/resources/group.js';
export type { User, UserCollection, UserCredentials, UserFilter } from './account/resources/user.js';
export type { Reseller, ResellerCollection, ResellerFilter } from './account/resources/reseller.js';
export { compareDecimals } from './utils/decimal.js';
export type { AccountOptions, CreateOnceOptions } from './interfaces/account-options.interface.js';

// Connec!.
export { ConnecService } from './connec/connec.service.js';
export type {
  ConnecClient,
  ConnecPosted,
  ConnecPostOptions,
  ConnecRawRequest,
} from './connec/client/connec-client.js';
export type { ConnecBatchResult, ConnecBatchResults, ConnecOperation } from './connec/client/connec-batch.js';
export type {
  ConnecCollection,
  ConnecPage,
  ConnecPagesOptions,
  ConnecPagination,
  ConnecPosition,
} from './connec/client/connec-pages.js';
export type {
  ConnecConditions,
  ConnecQuery,
  ConnecValue,
  ConnecWhere,
} from './connec/client/connec-query.js';
export type * from './connec/client/connec-resources.interface.js';
export type { ConnecCallOptions, ConnecResponse } from './connec/client/connec-transport.js';
export {
  connecId,
  type ExternalId,
  type ExternalIdOwner,
  foldReferences,
  ownId,
  toExternalIds,
  unfoldReferences,
  type UnfoldedRecord,
} from './connec/client/external-ids.js';
export type * from './interfaces/connec-options.interface.js';

// Operations.
export { HealthContributors } from './health/health-contributors.service.js';
export { MaestranoHealthIndicator } from './health/maestrano.health-indicator.js';
export type * from './interfaces/health.interface.js';
export type * from './interfaces/http-options.interface.js';
export type { HttpMethod } from './http/http.types.js';
export {
  MaestranoStore,
  type StoreCall,
  type StoreEntry,
  type StorePage,
  type StoreWrite,
} from './stores/maestrano-store.js';
export { MemoryStore, type MemoryStoreOptions } from './stores/memory-store.js';

// Errors.
export { MaestranoError } from './errors/maestrano.error.js';
export { AdapterError } from './errors/adapter.error.js';
export { ConfigurationError, type ConfigurationProblem } from './errors/configuration.error.js';
export { UnknownMarketplaceError } from './errors/unknown-marketplace.error.js';
export {
  AccountError,
  ApiError,
  AuthenticationError,
  CreationInProgressError,
  CreationKeyConflictError,
  CreationUndecidedError,
  type FieldMessages,
  InvalidRequestError,
  NotFoundError,
  RateLimitError,
} from './errors/account.error.js';
export { ConnecError, type ConnecProblem } from './errors/connec.error.js';
export {
  CircuitOpenError,
  ConcurrencyLimitError,
  HttpRequestError,
  MaestranoConnectionError,
  MaestranoHttpError,
  MaestranoTimeoutError,
  RequestAbortedError,
  type RequestSent,
  ResponseTooLargeError,
} from './errors/http.error.js';
export { LoginDeniedError } from './errors/sign-on.error.js';
export { SessionError } from './errors/session.error.js';
export { StoreError } from './errors/store.error.js';
export { SsoError } from './errors/sso.error.js';
export { WebhookError } from './errors/webhook.error.js';
