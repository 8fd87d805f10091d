/**
 * Comments cite the reference that comes with the package: `protocol §6.3` is section 6.3 of
 * docs/reference/protocol.md, `saml §3.3` that of docs/reference/saml.md.
 *
 * @packageDocumentation
 */

export { MaestranoTestingModule } from './maestrano-testing.module.js';
export { type RecordedCall, type ScriptedResponse, ScriptedHttp } from './scripted-http.js';
export { RecordingUserAdapter } from './recording-user.adapter.js';
export { type RecordedGroupCall, RecordingGroupAdapter } from './recording-group.adapter.js';
export { TEST_APP_HOST, testMarketplace } from './test-marketplace.js';
export { TestIdentityProvider, type TestPerson, type TestResponseChanges } from './test-identity-provider.js';
export { basicAuthHeader } from './basic-auth-header.js';
export { signInCookie, type SignInOptions } from './sign-in.js';
export { startTestApplication, type TestApplicationOptions } from './start-test-application.js';
export { TestApplication } from './test-application.js';
export { sqliteTestStore } from './sqlite-test-store.js';
export { storeContract, type StoreContractOptions } from './store-contract.js';
export {
  notificationQueueContract,
  type NotificationQueueContractOptions,
} from './notification-queue-contract.js';
export type { ClosableQueue, NotificationQueueSetup } from './notification-queue-case.js';
export {
  MemoryNotificationQueue,
  type MemoryNotificationQueueOptions,
  MemoryQueueJobs,
} from './memory-notification-queue.js';
export { usageStoreContract, type UsageStoreContractOptions } from './usage-store-contract.js';
export { type UsageStoreWorker, usageStoreWork } from './usage-store-contract-kills.js';
export {
  type OpenSyncTransaction,
  syncEntityContract,
  type SyncEntityFixtures,
} from './sync-entity-contract.js';
export {
  type ClosableScheduler,
  syncSchedulerContract,
  type SyncSchedulerContractOptions,
  type SyncSchedulerSetup,
} from './sync-scheduler-contract.js';
export { syncStoreContract, type SyncStoreContractOptions } from './sync-store-contract.js';
export type { ContractCase } from './contract-case.js';
export { maestranoCompliance, type ComplianceTarget } from './compliance/maestrano-compliance.js';
export { COMPLIANCE_SCENARIOS, type ComplianceOptions, runCompliance } from './compliance/run-compliance.js';
export type {
  ComplianceReport,
  ComplianceResult,
  ComplianceScenario,
} from './compliance/compliance-scenario.interface.js';
export { complianceUsage, type ComplianceUsage } from './compliance/compliance-usage.js';
export { toJunit } from './compliance/junit.js';
