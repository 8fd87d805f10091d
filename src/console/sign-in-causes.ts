import { LOGIN_ERROR_CODES, type SsoErrorCode } from '../errors/sso-error-codes.js';
import type { LoginTrace } from '../interfaces/login-trace.interface.js';

/** Refused logins of one marketplace with one cause. */
export interface SignInCause {
  readonly marketplace: string;
  /** Code of the check that failed first. */
  readonly code: string;
  /** Newest first. */
  readonly refused: readonly LoginTrace[];
  /** Whether anybody got in on the marketplace since the first of them. */
  readonly isOver: boolean;
}

/** What a person does to themselves: a page that stayed open, the back button, two tabs. Nobody has to mend it. */
const OWN_DOING: ReadonlySet<string> = new Set([
  'sso.requestNotBound',
  'sso.requestUsed',
  'sso.requestUnknown',
  'sso.confirmationExpired',
  'sso.replay',
  'openid.nonce',
  'openid.cancelled',
]);

/** So many of one cause need somebody even where people brought it about themselves. */
const MANY = 10;
/** So many of another cause need somebody even where others get in. */
const SEVERAL = 3;

/** Groups refused logins by marketplace and cause, the largest group first. Strays are left out: nobody waits for them. */
export function groupSignIns(traces: readonly LoginTrace[]): readonly SignInCause[] {
  const groups = new Map<string, LoginTrace[]>();
  const accepted = new Map<string, string>();
  for (const trace of traces) {
    const { marketplace, rejection, at, began } = trace;
    if (rejection === null) {
      if (at > (accepted.get(marketplace) ?? '')) accepted.set(marketplace, at);
      continue;
    }
    if (!began) continue;
    const name = JSON.stringify([marketplace, rejection]);
    const group = groups.get(name);
    if (group) group.push(trace);
    else groups.set(name, [trace]);
  }
  return [...groups.values()]
    .map((refused): SignInCause => {
      const [{ marketplace, rejection }] = refused as [LoginTrace];
      const last =
        refused
          .map(({ at }) => at)
          .toSorted()
          .at(-1) ?? '';
      return {
        marketplace,
        code: rejection ?? '',
        refused,
        isOver: (accepted.get(marketplace) ?? '') > last,
      };
    })
    .toSorted((one, other) => other.refused.length - one.refused.length);
}

/** Whether somebody has to look at a cause. */
export function needsSomebody({ code, refused, isOver }: SignInCause): boolean {
  if (OWN_DOING.has(code)) return refused.length >= MANY && !isOver;
  return !isOver || refused.length >= SEVERAL;
}

/** What a check looks at, in words. */
export function meaningOf(code: string): string {
  return LOGIN_ERROR_CODES[code as SsoErrorCode]?.meaning ?? code;
}

/** What to do where a check fails. */
export function remedyOf(code: string): string {
  return (
    LOGIN_ERROR_CODES[code as SsoErrorCode]?.remedy ?? 'Look at the log of the application at this time.'
  );
}

const CLOCK = /notYetValid|expired|Expired|issueInstant|IssueInstant|authn|nonce/;
const KEY = /signature|certificate|Signature|algorithm|Algorithm/;

/** Whether a new configuration of the marketplace may mend it. */
export function isAboutKeys(code: string): boolean {
  return KEY.test(code);
}

/** Whether a clock is the usual cause. */
export function isAboutClocks(code: string): boolean {
  return CLOCK.test(code);
}

/** What to tell the customer: no blame, nothing technical, one thing to do. */
export function sentenceFor(code: string, marketplace: string): string {
  if (OWN_DOING.has(code)) {
    return `Your sign-in was begun in another window, or too long ago. Please open the application from ${marketplace} once more, in one window.`;
  }
  if (isAboutKeys(code)) {
    return `Your sign-in was refused because ${marketplace} signs with a key that we do not know yet. We are fetching it; please try again in a few minutes.`;
  }
  if (isAboutClocks(code)) {
    return `Your sign-in was refused because the clocks of ${marketplace} and of our application differ. We are looking into it; please try again in a few minutes.`;
  }
  return `Your sign-in through ${marketplace} was refused by one of our checks. It is not your doing; we are looking into it and will write to you.`;
}
