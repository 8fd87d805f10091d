import { LOGIN_ERROR_CODES, type SsoErrorCode } from '../../errors/sso-error-codes.js';
import type { LoginCheck, LoginCheckVerdict } from '../../interfaces/login-trace.interface.js';
import { shorten } from './masked-text.js';

/** Ends the judging of a response; becomes an {@link SsoError} where the trace is known. */
export class CheckFailed extends Error {
  constructor(readonly code: SsoErrorCode) {
    super(code);
  }
}

/** Records the checks of one login in the order they are made. */
export class CheckList {
  readonly #checks: LoginCheck[] = [];
  readonly #ignored: ReadonlySet<SsoErrorCode>;

  /** @param ignored checks whose failure is passed over: only for tests that prove what each check is good for. */
  constructor(ignored: ReadonlySet<SsoErrorCode> = new Set()) {
    this.#ignored = ignored;
  }

  /** The checks so far, for the trace. */
  get checks(): readonly LoginCheck[] {
    return this.#checks;
  }

  /** Whether a failure of this check is passed over. */
  ignores(code: SsoErrorCode): boolean {
    return this.#ignored.has(code);
  }

  /** Records a check and goes on: for checks that do not depend on each other. Says whether it passed. */
  expect(code: SsoErrorCode, passed: boolean, expected: string, seen: string): boolean {
    this.#record(code, passed ? 'passed' : this.#ignored.has(code) ? 'skipped' : 'failed', expected, seen);
    return passed;
  }

  /** Records a check and stops when it failed: for checks that later ones build on. */
  require(code: SsoErrorCode, passed: boolean, expected: string, seen: string): void {
    this.expect(code, passed, expected, seen);
    this.throwIfFailed();
  }

  /** Records a check that the policy does not ask for. */
  skip(code: SsoErrorCode, why: string): void {
    this.#record(code, 'skipped', why, '-');
  }

  /** An empty list that passes over the same failures. */
  another(): CheckList {
    return new CheckList(this.#ignored);
  }

  /** Takes over checks made elsewhere, such as on a worker thread. */
  adopt(checks: readonly LoginCheck[]): void {
    this.#checks.push(...checks);
  }

  /** Stops when a check so far has failed. */
  throwIfFailed(): void {
    const failed = this.#checks.find((check) => check.verdict === 'failed');
    if (failed) throw new CheckFailed(failed.code as SsoErrorCode);
  }

  #record(code: SsoErrorCode, verdict: LoginCheckVerdict, expected: string, seen: string): void {
    const { title } = LOGIN_ERROR_CODES[code];
    this.#checks.push({ code, title, expected: shorten(expected), seen: shorten(seen), verdict });
  }
}
