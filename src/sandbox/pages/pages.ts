import type { Provider, Type } from '@nestjs/common';

import { BillsController } from './bills.controller.js';
import { DataController } from './data.controller.js';
import { HomeController } from './home.controller.js';
import { JournalController } from './journal.controller.js';
import { MarketplacesController } from './marketplaces.controller.js';
import { MetadataComparison } from './metadata-comparison.js';
import { PeopleController } from './people.controller.js';
import { SandboxAddress } from './sandbox-address.js';
import { FaultsController } from './faults.controller.js';
import { WebhooksController } from './webhooks.controller.js';

/** The pages that a person uses. */
export const PAGE_CONTROLLERS: readonly Type[] = [
  HomeController,
  MarketplacesController,
  PeopleController,
  BillsController,
  DataController,
  WebhooksController,
  JournalController,
  FaultsController,
];

/** What the pages need beside the sandbox's own services. */
export const PAGE_PROVIDERS: readonly Provider[] = [SandboxAddress, MetadataComparison];
