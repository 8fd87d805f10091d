import { LOGIN_ERROR_CODES, type SsoErrorCode } from '../../errors/sso-error-codes.js';
import type { LoginCheck, LoginCheckResult } from '../../interfaces/login-trace.interface.js';

/** A text for the trace; a function where making it takes time, since nearly all are never read. */
type Text = string | (() => string);

interface Entry {
  readonly code: SsoErrorCode;
  readonly result: LoginCheckResult;
  readonly expected: Text;
  readonly seen: Text;
}

const MAX_LENGTH = 200;
const PLAIN = /^[\x20-\x7e]*$/;
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/gu;
const LONE_SURROGATE = /\p{Cs}/gu;

/** Ends the verification of a response; becomes an {@link MaestranoSsoError} where the trace is known. */
export class CheckFailed extends Error {
  constructor(readonly code: SsoErrorCode) {
    super(code);
  }
}

/** Records the checks of one login in the order they are made. */
export class CheckList {
  readonly #entries: Entry[] = [];

  /** The checks so far, with what was expected and seen: for the explanation of a rejection. */
  get checks(): readonly LoginCheck[] {
    return this.#entries.map(({ code, result, expected, seen }) => toCheck(code, result, expected, seen));
  }

  /** The checks so far, without what passed ones expected and saw: an accepted login needs no explanation. */
  get outline(): readonly LoginCheck[] {
    return this.#entries.map(({ code, result, expected, seen }) =>
      result === 'passed' ? toCheck(code, result, '', '') : toCheck(code, result, expected, seen),
    );
  }

  /** Records a check and goes on: for checks that do not depend on each other. */
  expect(code: SsoErrorCode, passed: boolean, expected: Text, seen: Text): void {
    this.#entries.push({ code, result: passed ? 'passed' : 'failed', expected, seen });
  }

  /**
   * Records a check and stops when it failed: for checks that later ones build on.
   *
   * @throws CheckFailed with the code of the first failed check.
   */
  require(code: SsoErrorCode, passed: boolean, expected: Text, seen: Text): void {
    this.expect(code, passed, expected, seen);
    if (!passed) this.throwIfFailed();
  }

  /** Records a check that the policy does not ask for. */
  skip(code: SsoErrorCode, why: string): void {
    this.#entries.push({ code, result: 'skipped', expected: why, seen: '-' });
  }

  /** @throws CheckFailed with the code of the first failed check, when there is one. */
  throwIfFailed(): void {
    const failed = this.#entries.find(({ result }) => result === 'failed');
    if (failed) throw new CheckFailed(failed.code);
  }
}

/** Text from outside on one line and of bounded length, fit for logs and pages that escape it. */
export function shorten(text: string): string {
  if (text.length <= MAX_LENGTH && PLAIN.test(text)) return text;
  const start = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return start.replace(UNSAFE, '?').replace(LONE_SURROGATE, '?');
}

/** A personal value, recognisable only to somebody who knows it already. */
export function mask(text: string): string {
  return text === '' ? 'nothing' : `${text.slice(0, 2)}… (${text.length} characters)`;
}

function toCheck(code: SsoErrorCode, result: LoginCheckResult, expected: Text, seen: Text): LoginCheck {
  const { meaning: title } = LOGIN_ERROR_CODES[code];
  return { code, title, expected: shorten(read(expected)), seen: shorten(read(seen)), result };
}

function read(text: Text): string {
  return typeof text === 'string' ? text : text();
}
