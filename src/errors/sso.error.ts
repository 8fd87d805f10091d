import type { LoginCheck } from '../interfaces/login-trace.interface.js';
import { MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';
import { LOGIN_ERROR_CODES, type SsoErrorCode } from './sso-error-codes.js';

/** Rejections that a fresh start from the init path cures, when it is not repeated endlessly. */
const CURED_BY_RESTART: ReadonlySet<SsoErrorCode> = new Set([
  'sso.requestNotBound',
  'sso.requestUsed',
  'sso.requestUnknown',
  'sso.confirmationExpired',
  'sso.replay',
  'openid.nonce',
  'openid.exhausted',
]);

/** What is known of a rejected login. */
export interface SsoErrorFacts extends MaestranoErrorFacts {
  readonly marketplace: string;
  /** The checks up to and including the failing ones, personal values masked. */
  readonly checks: readonly LoginCheck[];
  /** Finds the trace; shown to the person. */
  readonly traceCode: string;
  /** The login that the response names; null when it names none. What a stranger sent, known or not. */
  readonly requestId: string | null;
}

/**
 * A login that was rejected. `code` names the first failing check, `checks` shows what led there, `traceCode` is
 * the short code for the person. Holds neither XML nor personal values.
 */
export class MaestranoSsoError extends MaestranoError {
  declare readonly code: SsoErrorCode;
  readonly checks: readonly LoginCheck[];
  readonly traceCode: string;
  /** The login that the response names, which need not be one of ours; null when it names none. */
  readonly requestId: string | null;
  /** Whether sending the browser to the init path once more is likely to help. */
  readonly restart: boolean;

  constructor(code: SsoErrorCode, facts: SsoErrorFacts) {
    const entry = LOGIN_ERROR_CODES[code];
    const failed = facts.checks.find((check) => check.code === code && check.result === 'failed');
    const seen = failed ? ` (expected ${failed.expected}; seen ${failed.seen})` : '';
    super(entry, code, {
      ...facts,
      message: `Login on "${facts.marketplace}" rejected: ${entry.meaning}${seen}.`,
    });
    this.checks = facts.checks;
    this.traceCode = facts.traceCode;
    this.requestId = facts.requestId;
    this.restart = CURED_BY_RESTART.has(code);
  }
}
