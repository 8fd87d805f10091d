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
export { MAESTRANO_OPTIONS } from './maestrano.constants.js';

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
export { MarketplaceRegistry } from './marketplace/marketplace-registry.js';
export { MarketplaceSource } from './marketplace/sources/marketplace-source.js';
export type * from './interfaces/marketplace.interface.js';
export type * from './interfaces/marketplace-events.interface.js';
export type { MarketplaceInput, MarketplacesInput } from './interfaces/marketplace-input.interface.js';
export type {
  DeveloperPlatformOptions,
  MarketplaceOptions,
  MarketplaceRefreshOptions,
} from './interfaces/marketplace-options.interface.js';
export { Secret } from './utils/secret.js';

// Sign-on and sessions.
export { SsoService, type SignOnLinkOptions } from './sso/sso.service.js';
export { MaestranoSessionGuard } from './session/maestrano-session.guard.js';
export { MaestranoSession } from './session/maestrano-session.decorator.js';
export { CurrentMarketplace } from './session/current-marketplace.decorator.js';
export { SkipMaestranoSession } from './session/skip-maestrano-session.decorator.js';
export { SignInRequiredException } from './session/sign-in-required.exception.js';
export { SessionService } from './session/session.service.js';
export type { MaestranoSessionData } from './interfaces/session.interface.js';
export type { SessionOptions } from './interfaces/session-options.interface.js';
export type { LoginDenial, SignOnOptions } from './interfaces/sign-on-options.interface.js';
export type * from './interfaces/sso-options.interface.js';
export type * from './interfaces/login-trace.interface.js';

// What the platform calls.
export { MaestranoBasicAuthGuard } from './security/maestrano-basic-auth.guard.js';
export { ForMarketplace } from './security/for-marketplace.decorator.js';
export { MetadataService } from './metadata/metadata.service.js';
export type { LockoutOptions, WebhooksOptions } from './interfaces/webhooks-options.interface.js';
