import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';
import { AccountClient } from './account-client.service.js';
import { AccountService } from './account.service.js';
import { BillingService } from './billing.service.js';
import { ChargeIntents } from './ledger/charge-intents.service.js';
import { ChargeLedger } from './ledger/charge-ledger.service.js';
import { MembershipService } from './membership.service.js';

/** Billing and membership (protocol §8). */
export function accountFeature(_extras: MaestranoModuleExtras): MaestranoFeature {
  return {
    providers: [
      AccountClient,
      ChargeLedger,
      ChargeIntents,
      AccountService,
      BillingService,
      MembershipService,
    ],
    exports: [AccountService, BillingService, MembershipService],
    endpoints: [],
  };
}
