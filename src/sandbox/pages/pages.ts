import type { Provider, Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';

import { AssetsController } from './assets.controller.js';
import { BillsController } from './bills.controller.js';
import { BillTables } from './bill-tables.js';
import { ChargesCharts } from './charges-charts.js';
import { CompaniesController } from './companies.controller.js';
import { CompanyController } from './company.controller.js';
import { CompanyHistory } from './company-history.js';
import { CompanyListController } from './company-list.controller.js';
import { CompanyMembers } from './company-members.js';
import { ComposeForm } from './compose-form.js';
import { ComposeController } from './compose.controller.js';
import { DeliveryDetails } from './delivery-details.js';
import { FaultsController } from './faults.controller.js';
import { JournalCompanies } from './journal-companies.js';
import { JournalController } from './journal.controller.js';
import { LoginDetails } from './login-details.js';
import { LoginsController } from './logins.controller.js';
import { MarketplacesController } from './marketplaces.controller.js';
import { OverviewController } from './overview.controller.js';
import { PageExceptionFilter } from './page-exception.filter.js';
import { PageToken } from './page-token.js';
import { RecordList } from './record-list.js';
import { RecordsController } from './records.controller.js';
import { SandboxAddress } from './sandbox-address.js';
import { SandboxPages } from './sandbox-pages.js';
import { SynchronizationController } from './synchronization.controller.js';
import { WebhooksController } from './webhooks.controller.js';
import { UsageCards } from './usage-cards.js';

/** The pages that a person uses. */
export const PAGE_CONTROLLERS: readonly Type[] = [
  AssetsController,
  OverviewController,
  LoginsController,
  CompanyListController,
  CompaniesController,
  CompanyController,
  BillsController,
  WebhooksController,
  ComposeController,
  JournalController,
  RecordsController,
  SynchronizationController,
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
  BillTables,
  RecordList,
  CompanyHistory,
  CompanyMembers,
  ComposeForm,
  DeliveryDetails,
  LoginDetails,
  JournalCompanies,
  { provide: APP_FILTER, useClass: PageExceptionFilter },
];
