import type { SsoOptions } from '../../src/interfaces/sso-options.interface.js';
import { LoginService, SsoProtocols } from '../../src/sso/login/login.service.js';
import { LoginTransactionService } from '../../src/sso/login/login-transaction.service.js';
import type { SsoProtocol } from '../../src/sso/login/sso-protocol.js';
import { LoginSubjects } from '../../src/sso/trace/login-subjects.service.js';
import { LoginTraceService } from '../../src/sso/trace/login-trace.service.js';
import type { MaestranoStore } from '../../src/stores/maestrano-store.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { settingsOf } from './settings.js';

/** Logins by these protocols, without Nest around them. */
export function loginServices(
  protocols: Record<string, SsoProtocol>,
  {
    sso = {},
    store = new MemoryStore(),
  }: { readonly sso?: SsoOptions; readonly store?: MaestranoStore } = {},
): { logins: LoginService; transactions: LoginTransactionService; traces: LoginTraceService } {
  const { sso: settings, session } = settingsOf({ sso });
  const transactions = new LoginTransactionService(store, settings);
  const traces = new LoginTraceService(store);
  const registered = new SsoProtocols(new Map(Object.entries(protocols)));
  const subjects = new LoginSubjects(session);
  const logins = new LoginService(registered, transactions, traces, subjects, settings);
  return { transactions, traces, logins };
}
