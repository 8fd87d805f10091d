/**
 * Usage into bills. Comments cite the reference that comes with the package: `usage §3.1` is section 3.1 of
 * docs/reference/usage.md.
 *
 * @packageDocumentation
 */

export { MaestranoUsageError, type UsageErrorCode } from '../errors/usage.error.js';
export { RecurringWork } from '../stores/recurring-work.js';
export type { UsageCloseReport, UsageClosedStatement, UsageSentStatement } from './engine/close-run.js';
export type { LeavingCompany } from './engine/company-departure.js';
export type { UsageBalance, UsageBalancePage } from './engine/usage-balances.js';
export type { UsageKnownFact, UsageVerification } from './engine/usage-books.js';
export type { UsageOverTime } from './engine/usage-over-time.js';
export type { UsageCompany } from './engine/usage-company.js';
export type { UsageEvent } from './engine/usage-event.js';
export { MaestranoUsageModule } from './maestrano-usage.module.js';
export type { UsageCorrection, UsageFact, UsageRecorded, UsageRecordResult } from './meters/usage-fact.js';
export type { UsageCycle, UsageMeter } from './meters/usage-meter.js';
export type { UsagePrice, UsagePriceModel, UsageTier } from './rating/price-table.js';
export type { UsageStatement, UsageStatementLine, UsageStatementStep } from './statement/usage-statement.js';
export { SqlUsageStore, type SqlUsageStoreOptions } from './sql/sql-usage-store.js';
export { MemoryUsageStore } from './store/memory-usage-store.js';
export type {
  AppendResult,
  FactSpan,
  FactSums,
  FoundStatement,
  KeptFactRow,
  PeriodRow,
  SealStep,
  SeriesRow,
  SeriesSnapshot,
  SeriesState,
  StatementMark,
  StatementRow,
  StatementStatus,
  TallyRow,
  TimeRange,
  UsageAppend,
  UsageChainState,
  UsageFactRow,
  UsageSubject,
} from './store/usage-records.js';
export { type SubjectFilter, UsageStore } from './store/usage-store.js';
export { csvOf as usageStatementCsv } from './statement/statement-csv.js';
export {
  USAGE_STATEMENT_PAGE_POLICY,
  usageStatementPage,
  type UsageStatementPageOptions,
} from './statement/statement-page.js';
export { MaestranoUsage } from './usage.service.js';
export type { UsageCloseOptions } from './usage-operations.js';
export type { MaestranoUsageOptions } from './usage-options.interface.js';
export type { UsageChainRef, UsageStatementRef } from './usage-references.js';
