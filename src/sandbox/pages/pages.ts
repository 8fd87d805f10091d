import type { Provider, Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';

import { AssetsController } from './assets.controller.js';
import { BillsController } from './bills.controller.js';
import { ChargesCharts } from './charges-charts.js';
import { CompaniesController } from './companies.controller.js';
import { CompanyListController } from './company-list.controller.js';
import { ComposeController } from './compose.controller.js';
import { FaultsController } from './faults.controller.js';
import { JournalController } from './journal.controller.js';
import { LoginsController } from './logins.controller.js';
import { MarketplacesController } from './marketplaces.controller.js';
import { OverviewController } from './overview.controller.js';
import { PageExceptionFilter } from './page-exception.filter.js';
import { PageToken } from './page-token.js';
import { RecordsController } from './records.controller.js';
import { SandboxAddress } from './sandbox-address.js';
import { SandboxPages } from './sandbox-pages.js';
import { WebhooksController } from './webhooks.controller.js';
import { UsageCards } from './usage-cards.js';

/** The pages that a person uses. */
export const PAGE_CONTROLLERS: readonly Type[] = [
  AssetsController,
  OverviewController,
  LoginsController,
  CompanyListController,
  CompaniesController,
  BillsController,
  WebhooksController,
  ComposeController,
  JournalController,
  RecordsController,
  MarketplacesController,
  FaultsController,
];

/** What the pages need beside the sandbox's own services. */
export const PAGE_PROVIDERS: readonly Provider[] = [
  SandboxAddress,
  PageToken,
  SandboxPages,
  ChargesCharts,
  UsageCards,
  { provide: APP_FILTER, useClass: PageExceptionFilter },
];
