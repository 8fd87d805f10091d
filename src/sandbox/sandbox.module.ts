import { Module, type DynamicModule } from '@nestjs/common';

import { AccountController } from './account/account.controller.js';
import { AccountDirectory } from './account/account-directory.js';
import { AccountGuard } from './account/account.guard.js';
import { AccountPresenter } from './account/account.presenter.js';
import { BillingRun } from './account/billing-run.js';
import { SandboxBills } from './account/bills.service.js';
import { SandboxRecurringBills } from './account/recurring-bills.service.js';
import { SandboxClock } from './clock/sandbox-clock.js';
import { ConnecApi } from './connec/connec-api.js';
import { ConnecBatch } from './connec/connec-batch.js';
import { ConnecRecords } from './connec/connec-records.js';
import { ConnecReports } from './connec/connec-reports.js';
import { ConnecController } from './connec/connec.controller.js';
import { SandboxConnec } from './connec/sandbox-connec.js';
import { ControlController } from './control/control.controller.js';
import { EventSender } from './events/event-sender.js';
import { RecordEdits } from './events/record-edits.js';
import { SavedEvents } from './events/saved-events.js';
import { FaultInjector } from './faults/fault-injector.js';
import { ExchangeRecorder } from './http/exchange-recorder.js';
import { IdentityProviderController } from './idp/identity-provider.controller.js';
import { IdentityProviderService } from './idp/identity-provider.service.js';
import { Journal } from './journal/journal.js';
import { LoginLog } from './login/login-log.js';
import { SandboxLogin } from './login/sandbox-login.js';
import { Associations } from './openid/associations.js';
import { OpenIdProviderService } from './openid/openid-provider.service.js';
import { OpenIdController } from './openid/openid.controller.js';
import { DeveloperPlatformController } from './platform/developer-platform.controller.js';
import { MarketplaceAdmin } from './platform/marketplace-admin.js';
import { MarketplaceFinder } from './platform/marketplace-finder.js';
import { MetadataCheck } from './platform/metadata-check.js';
import { PAGE_CONTROLLERS, PAGE_PROVIDERS } from './pages/pages.js';
import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from './sandbox-options.js';
import { SandboxReset } from './scenarios/sandbox-reset.js';
import { ScenarioBuilder } from './scenarios/scenario-builder.js';
import { SandboxState } from './state/sandbox-state.js';
import { LoginPages } from './pages/login-pages.service.js';
import { ConnecChanges } from './webhooks/connec-changes.js';
import { PlannedDeliveries } from './webhooks/planned-deliveries.js';
import { SandboxWebhooks } from './webhooks/sandbox-webhooks.js';
import { WebhookSender } from './webhooks/webhook-sender.js';
import { AssertionWorkshop } from './workshop/assertion-workshop.js';

/** The marketplace on this machine: every part of it, over one state. */
@Module({})
export class SandboxModule {
  static register(options: ResolvedSandboxOptions): DynamicModule {
    return {
      module: SandboxModule,
      controllers: [
        DeveloperPlatformController,
        IdentityProviderController,
        AccountController,
        ConnecController,
        OpenIdController,
        ControlController,
        ...PAGE_CONTROLLERS,
      ],
      providers: [
        { provide: SANDBOX_OPTIONS, useValue: options },
        { provide: SandboxState, useFactory: () => new SandboxState(options.seed) },
        SandboxClock,
        Journal,
        FaultInjector,
        ExchangeRecorder,
        MarketplaceAdmin,
        MarketplaceFinder,
        IdentityProviderService,
        LoginPages,
        Associations,
        OpenIdProviderService,
        AccountGuard,
        AccountPresenter,
        AccountDirectory,
        SandboxBills,
        SandboxRecurringBills,
        BillingRun,
        ConnecRecords,
        ConnecApi,
        ConnecBatch,
        ConnecReports,
        SandboxConnec,
        PlannedDeliveries,
        WebhookSender,
        ConnecChanges,
        SandboxWebhooks,
        RecordEdits,
        EventSender,
        SavedEvents,
        LoginLog,
        SandboxLogin,
        AssertionWorkshop,
        ScenarioBuilder,
        SandboxReset,
        MetadataCheck,
        ...PAGE_PROVIDERS,
      ],
    };
  }
}
