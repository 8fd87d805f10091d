/**
 * The operator console. Comments cite the reference that comes with the package: `protocol §6.3` is section 6.3 of
 * docs/reference/protocol.md.
 *
 * @packageDocumentation
 */

export {
  CONSOLE_ERROR_CODES,
  type ConsoleErrorCode,
  MaestranoConsoleError,
} from '../errors/console.error.js';
export { html, Html, type HtmlValue } from '../views/html.js';
export type { ConsoleAuditEntry, ConsoleOutcomeKind } from './audit/audit-entry.js';
export type {
  ConsoleAuditOptions,
  ConsoleGuard,
  MaestranoConsoleExtras,
  MaestranoConsoleOptions,
} from './console-options.interface.js';
export type { ConsolePerson, ConsoleRole } from './console-person.js';
export type {
  ConsoleAction,
  ConsoleAttention,
  ConsoleCsv,
  ConsoleFields,
  ConsoleOutcome,
  ConsolePage,
  ConsoleSection,
} from './console-section.js';
export { ConsoleSections } from './console-sections.js';
export type { ActionForm, ConsoleView, LinkQuery } from './console-view.js';
export { MaestranoConsoleModule } from './maestrano-console.module.js';
