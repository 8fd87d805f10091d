import type { LoginDenial } from '../../interfaces/sso-options.interface.js';
import { messagePage } from '../../session/message-page.js';
import { html } from '../../views/html.js';

/**
 * The page for a person who could not sign in: what to do next, and the short code for whoever helps. Says nothing of the
 * checks, which would help an attacker more than the person.
 */
export function deniedPage(denial: LoginDenial, marketplaceUrl: string): string {
  const { code, traceCode, signInUrl } = denial;
  return messagePage({
    title: 'You are not signed in',
    text: explanation(denial),
    actions: [
      ['Sign in again', signInUrl],
      ['Back to the marketplace', marketplaceUrl],
    ],
    note:
      traceCode === null
        ? html`Reason: <code>${code}</code>`
        : html`If it happens again, give this code to the support team: <code>${traceCode}</code>`,
  });
}

function explanation({ code, restart, reason, status }: LoginDenial): string {
  if (reason !== null) return reason;
  if (status === 502) return 'Your marketplace did not respond as it should. Please try again in a moment.';
  if (status === 503) return 'Signing in is not possible at the moment. Please try again in a few seconds.';
  if (code === 'session.lost') {
    return 'You were signed in, but your browser came back without the session. See that it accepts cookies of this site.';
  }
  if (code === 'sso.denied') return 'This application does not let you in with this account.';
  if (code === 'sso.disabled') return 'Signing in through this marketplace is switched off at the moment.';
  if (restart) return 'This sign-in took too long, was begun in another browser, or was finished before.';
  return 'The response of your marketplace could not be accepted.';
}
