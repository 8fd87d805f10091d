import { LOGIN_ERROR_CODES, type SsoErrorCode } from '../../errors/sso-error-codes.js';
import type { LoginCheck, LoginCheckVerdict } from '../../interfaces/login-trace.interface.js';
import { shorten } from './masked-text.js';

/** A text for the trace; a function where making it takes time, since nearly all are never read. */
type Text = string | (() => string);

interface Entry {
  readonly code: SsoErrorCode;
  readonly verdict: LoginCheckVerdict;
  readonly expected: Text;
  readonly seen: Text;
}

/** Ends the judging of a response; becomes an {@link SsoError} where the trace is known. */
export class CheckFailed extends Error {
  constructor(readonly code: SsoErrorCode) {
    super(code);
  }
}

/** Records the checks of one login in the order they are made. */
export class CheckList {
  readonly #entries: Entry[] = [];

  /** The checks so far, with what was expected and seen: for the explanation of a refusal. */
  get checks(): readonly LoginCheck[] {
    return this.#entries.map(({ code, verdict, expected, seen }) => toCheck(code, verdict, expected, seen));
  }

  /** The checks so far, without what passed ones expected and saw: that a login needs no explanation of. */
  get outline(): readonly LoginCheck[] {
    return this.#entries.map(({ code, verdict, expected, seen }) =>
      verdict === 'passed' ? toCheck(code, verdict, '', '') : toCheck(code, verdict, expected, seen),
    );
  }

  /** Whether this check was made and passed. */
  hasPassed(code: SsoErrorCode): boolean {
    return this.#entries.some((entry) => entry.code === code && entry.verdict === 'passed');
  }

  /** Records a check and goes on: for checks that do not depend on each other. */
  expect(code: SsoErrorCode, passed: boolean, expected: Text, seen: Text): void {
    this.#entries.push({ code, verdict: passed ? 'passed' : 'failed', expected, seen });
  }

  /** Records a check and stops when it failed: for checks that later ones build on. */
  require(code: SsoErrorCode, passed: boolean, expected: Text, seen: Text): void {
    this.expect(code, passed, expected, seen);
    if (!passed) this.throwIfFailed();
  }

  /** Records a check that the policy does not ask for. */
  skip(code: SsoErrorCode, why: string): void {
    this.#entries.push({ code, verdict: 'skipped', expected: why, seen: '-' });
  }

  /** Stops when a check so far has failed. */
  throwIfFailed(): void {
    const failed = this.#entries.find(({ verdict }) => verdict === 'failed');
    if (failed) throw new CheckFailed(failed.code);
  }
}

function toCheck(code: SsoErrorCode, verdict: LoginCheckVerdict, expected: Text, seen: Text): LoginCheck {
  const { title } = LOGIN_ERROR_CODES[code];
  return { code, title, expected: shorten(read(expected)), seen: shorten(read(seen)), verdict };
}

function read(text: Text): string {
  return typeof text === 'string' ? text : text();
}
