import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import * as kit from '../../src/index.js';
import { ROOT } from './source-files.js';

/** Every name of the main subpath. A change here is a change for users: it has its line in CHANGELOG.md. */
const NAMES = [
  'AccountService',
  'AdapterContext',
  'Bill',
  'BillInput',
  'BillingService',
  'CompletedLogin',
  'ConnecBatchResults',
  'ConnecChangedPage',
  'ConnecClient',
  'ConnecCollection',
  'ConnecHandler',
  'ConnecNotificationContext',
  'ConnecNotificationFailure',
  'ConnecNotificationStats',
  'ConnecNotifications',
  'ConnecOperation',
  'ConnecPage',
  'ConnecPosted',
  'ConnecQuery',
  'ConnecRecord',
  'ConnecRecordOf',
  'ConnecResourceName',
  'ConnecResources',
  'ConnecResponse',
  'ConnecService',
  'ConnecTransaction',
  'CurrentMarketplace',
  'DeadNotification',
  'ExternalId',
  'ForMarketplace',
  'Group',
  'GroupProfile',
  'GroupReference',
  'HealthContributor',
  'HealthContributors',
  'HttpOutcome',
  'IncomingRequest',
  'InjectMarketplace',
  'LoginProfile',
  'LoginTrace',
  'LoginTraceService',
  'MaestranoAccountError',
  'MaestranoApiError',
  'MaestranoAuthenticationError',
  'MaestranoBasicAuthGuard',
  'MaestranoConfigurationError',
  'MaestranoConnecError',
  'MaestranoCreationError',
  'MaestranoCreationStoreError',
  'MaestranoError',
  'MaestranoEvent',
  'MaestranoEvents',
  'MaestranoExceptionFilter',
  'MaestranoFactoryOptions',
  'MaestranoGroupAdapter',
  'MaestranoHealthIndicator',
  'MaestranoHttpError',
  'MaestranoInvalidRequestError',
  'MaestranoLoginDeniedError',
  'MaestranoModule',
  'MaestranoModuleAsyncOptions',
  'MaestranoModuleExtras',
  'MaestranoModuleOptions',
  'MaestranoNotFoundError',
  'MaestranoNotificationAdapter',
  'MaestranoOptionsFactory',
  'MaestranoRateLimitError',
  'MaestranoSession',
  'MaestranoSessionAdapter',
  'MaestranoSessionData',
  'MaestranoSessionGuard',
  'MaestranoSignInRequiredException',
  'MaestranoSsoError',
  'MaestranoStore',
  'MaestranoStoreError',
  'MaestranoSynchronizationAdapter',
  'MaestranoUnavailableException',
  'MaestranoUnknownMarketplaceError',
  'MaestranoUserAdapter',
  'Marketplace',
  'MarketplaceBilling',
  'MarketplaceEvent',
  'MarketplaceHandle',
  'MarketplaceInput',
  'MarketplaceLoader',
  'MarketplaceMembership',
  'MarketplaceRegistry',
  'MarketplaceSource',
  'MarketplaceStatus',
  'MarketplacesInput',
  'MembershipProfile',
  'MembershipReference',
  'MembershipService',
  'MemoryStore',
  'MetadataService',
  'NotificationQueue',
  'NotificationQueueCounts',
  'OptionalMaestranoSession',
  'PageTexts',
  'PlatformReference',
  'QueuedNotification',
  'RecurringBill',
  'RecurringBillInput',
  'Reseller',
  'ResellerProfile',
  'Secret',
  'SessionService',
  'SkipMaestranoSession',
  'SsoService',
  'StoreCall',
  'StorePage',
  'StoreWrite',
  'SynchronizationRequest',
  'SynchronizationState',
  'UNCHANGED',
  'User',
  'UserProfile',
  'compareDecimals',
  'connecId',
  'foldReferences',
  'getMarketplaceToken',
  'maestranoRoutes',
  'ownId',
  'unfoldReferences',
];

/** What `src/index.ts` exports, types included. */
function exportedNames(): string[] {
  const file = join(ROOT, 'src/index.ts');
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    experimentalDecorators: true,
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file)!);
  return checker.getExportsOfModule(module!).map(({ name }) => name);
}

describe('the public names', () => {
  it('are the listed ones', () => {
    expect(exportedNames().sort()).toEqual([...NAMES].sort());
  }, 60_000);

  it('are few enough to be looked through', () => {
    expect(NAMES.length).toBeLessThanOrEqual(124);
  });

  it('of errors begin with Maestrano', () => {
    const errors = Object.entries(kit).filter(
      ([, value]) => typeof value === 'function' && value.prototype instanceof Error,
    );
    expect(errors.map(([name]) => name).filter((name) => !name.startsWith('Maestrano'))).toEqual([]);
    expect(errors.length).toBeGreaterThan(10);
  });
});
