/**
 * Comments cite the reference that comes with the package: `protocol §6.3` is section 6.3 of
 * docs/reference/protocol.md, `saml §3.3` that of docs/reference/saml.md.
 *
 * @packageDocumentation
 */

export { startSandbox } from './start-sandbox.js';
export { Sandbox, type SandboxDeveloperPlatform } from './sandbox.js';
export type { SandboxBehaviour, ScenarioName, StartSandboxOptions } from './sandbox-options.js';
export { SCENARIO_NAMES } from './scenarios/scenarios.js';
export type { GroupInput, ScenarioBuilder, UserInput } from './scenarios/scenario-builder.js';
export type { SandboxClock } from './clock/sandbox-clock.js';
export type { SandboxDuration } from './clock/duration.js';
export {
  FAULT_PRESETS,
  type Fault,
  type FaultEffect,
  type FaultMatch,
  type FaultPreset,
} from './faults/fault.js';
export type { FaultInjector } from './faults/fault-injector.js';
export type { Journal, JournalEntry, JournalQuery } from './journal/journal.js';
export { SandboxBrowser, type BrowserPage, type BrowserStep } from './login/sandbox-browser.js';
export type { LoginOptions, LoginResult, PostedForm, ReachedForm } from './login/sandbox-login.js';
export type {
  MarketplaceAdmin,
  MarketplaceChanges,
  MarketplaceInput,
  RotateCertificateOptions,
} from './platform/marketplace-admin.js';
export type { MetadataField, MetadataReport } from './platform/metadata-check.js';
export type { MarketplaceDocument } from './platform/marketplace-document.js';
export type { SandboxEnvironment, SandboxState } from './state/sandbox-state.js';
export type * from './state/records.js';
export type { ConnecManner } from './connec/connec-manner.js';
export type { ConnecBackup, ConnecTarget, SandboxConnec } from './connec/sandbox-connec.js';
export type { SandboxPart } from './http/exchange-routes.js';
export type { CookieJar } from './http/cookie-jar.js';
export type { ChangeManner } from './webhooks/connec-changes.js';
export type { Delivery, DeliveryCredentials, DeliveryOptions } from './webhooks/delivery.js';
export type { PlannedDelivery } from './webhooks/planned-deliveries.js';
export type { EventOptions, SandboxWebhooks } from './webhooks/sandbox-webhooks.js';
export type { AssertionVariant } from './workshop/assertion-variant.js';
export {
  ASSERTION_VARIANTS,
  type AssertionWorkshop,
  type BuildOptions,
  type VariantResult,
} from './workshop/assertion-workshop.js';
export { SANDBOX_ERROR_CODES, SandboxError, type SandboxErrorCode } from '../errors/sandbox.error.js';
