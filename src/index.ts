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
export type { MaestranoModuleExtras } from './routing/module-extras.interface.js';
export { maestranoRoutes } from './routing/mounting/maestrano-routes.js';

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
} from './adapters/maestrano-synchronization.adapter.js';
export type { IncomingRequest } from './utils/incoming-request.js';
export type { AdapterContext } from './interfaces/adapter-context.interface.js';
export type {
  GroupProfile,
  LoginProfile,
  MembershipProfile,
  ResellerProfile,
  UserProfile,
} from './interfaces/profiles.interface.js';

// Marketplaces.
export { MarketplaceRegistry } from './marketplace/marketplace-registry.js';
export { MarketplaceLoader, type MarketplaceStatus } from './marketplace/marketplace-loader.js';
export { MarketplaceSource, UNCHANGED } from './marketplace/sources/marketplace-source.js';
export type { Marketplace } from './interfaces/marketplace.interface.js';
export type { MarketplaceEvent } from './interfaces/marketplace-events.interface.js';
export type { MarketplaceInput, MarketplacesInput } from './interfaces/marketplace-input.interface.js';
export { getMarketplaceToken, InjectMarketplace, MarketplaceHandle } from './handle/marketplace-handle.js';
export { Secret } from './utils/secret.js';

// SSO and sessions.
export { SsoService } from './sso/sso.service.js';
export { MaestranoSessionGuard } from './session/maestrano-session.guard.js';
export {
  CurrentMarketplace,
  MaestranoSession,
  OptionalMaestranoSession,
  SkipMaestranoSession,
} from './session/session.decorators.js';
export { MaestranoSignInRequiredException } from './session/sign-in-required.exception.js';
export { MaestranoUnavailableException } from './session/unavailable.exception.js';
export { SessionService } from './session/session.service.js';
export type { MaestranoSessionData } from './interfaces/session.interface.js';
export type { MaestranoEvent } from './events/event.interface.js';
export { MaestranoEvents } from './events/maestrano-events.service.js';
export type { PageTexts } from './interfaces/pages-options.interface.js';
export { LoginTraceService } from './sso/trace/login-trace.service.js';
export type { LoginTrace } from './interfaces/login-trace.interface.js';

// What the platform calls.
export { MaestranoBasicAuthGuard } from './security/maestrano-basic-auth.guard.js';
export { ForMarketplace } from './security/for-marketplace.decorator.js';
export { MetadataService } from './metadata/metadata.service.js';
export { ConnecHandler, ConnecTransaction } from './connec/notifications/connec-handler.decorator.js';
export { ConnecNotifications } from './connec/notifications/notification-intake.service.js';
export {
  type DeadNotification,
  NotificationQueue,
  type NotificationQueueCounts,
  type QueuedNotification,
} from './connec/notifications/notification-queue.js';
export type {
  ConnecNotificationContext,
  ConnecNotificationFailure,
  ConnecNotificationStats,
} from './interfaces/connec-notification.interface.js';

// Billing and membership.
export { AccountService } from './account/account.service.js';
export { BillingService, type MarketplaceBilling } from './account/billing.service.js';
export { MembershipService, type MarketplaceMembership } from './account/membership.service.js';
export type { Bill, BillInput } from './account/resources/bill.js';
export type { RecurringBill, RecurringBillInput } from './account/resources/recurring-bill.js';
export type { Group } from './account/resources/group.js';
export type { User } from './account/resources/user.js';
export type { Reseller } from './account/resources/reseller.js';
export { compareDecimals } from './utils/decimal.js';

// Connec!.
export { ConnecService } from './connec/connec.service.js';
export type { ConnecClient } from './connec/client/connec-client.js';
export type { ConnecPosted } from './connec/client/connec-calls.interface.js';
export type { ConnecChangedPage } from './connec/client/changed-records.js';
export type { ConnecBatchResults, ConnecOperation } from './connec/client/connec-batch.js';
export type { ConnecCollection, ConnecPage } from './connec/client/connec-pages.js';
export type { ConnecQuery } from './connec/client/connec-query.js';
export type {
  ConnecRecord,
  ConnecRecordOf,
  ConnecResourceName,
  ConnecResources,
} from './connec/client/connec-resources.interface.js';
export type { ConnecResponse } from './connec/client/connec-transport.js';
export {
  connecId,
  type ExternalId,
  foldReferences,
  ownId,
  type PlatformReference,
  unfoldReferences,
} from './connec/client/external-ids.js';

// Operations.
export { HealthContributors } from './health/health-contributors.service.js';
export { MaestranoHealthIndicator } from './health/maestrano.health-indicator.js';
export type { HealthContributor } from './interfaces/health.interface.js';
export type { HttpOutcome } from './interfaces/http-options.interface.js';
export { MaestranoStore, type StoreCall, type StorePage, type StoreWrite } from './stores/maestrano-store.js';
export { MemoryStore } from './stores/memory-store.js';

// Errors.
export { MaestranoExceptionFilter } from './routing/maestrano-exception.filter.js';
export { MaestranoError } from './errors/maestrano.error.js';
export { MaestranoConfigurationError } from './errors/configuration.error.js';
export { MaestranoUnknownMarketplaceError } from './errors/unknown-marketplace.error.js';
export {
  MaestranoAccountError,
  MaestranoApiError,
  MaestranoAuthenticationError,
  MaestranoCreationError,
  MaestranoCreationStoreError,
  MaestranoInvalidRequestError,
  MaestranoNotFoundError,
  MaestranoRateLimitError,
} from './errors/account.error.js';
export { MaestranoConnecError } from './errors/connec.error.js';
export { MaestranoHttpError } from './errors/http.error.js';
export { MaestranoLoginDeniedError } from './errors/login-denied.error.js';
export { MaestranoStoreError } from './errors/store.error.js';
export { MaestranoSsoError } from './errors/sso.error.js';
