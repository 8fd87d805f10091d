import type { PageTexts } from '../interfaces/pages-options.interface.js';

/** What the pages say where the application does not say it otherwise. */
export const PERSON_TEXTS: PageTexts = {
  refusedTitle: 'You are not signed in',
  refusedResponse: 'The response of your marketplace could not be accepted.',
  refusedClock:
    'Your sign-in reached us, but it is not valid yet: one of the two clocks involved is wrong. You did nothing wrong; often a second try a few minutes later works.',
  refusedRestart: 'This sign-in took too long, was begun in another browser, or was finished before.',
  refusedByApplication: 'This application does not let you in with this account.',
  refusedDisabled: 'Signing in through this marketplace is switched off at the moment.',
  refusedProvider: 'Your marketplace did not respond as it should. Please try again in a moment.',
  notHeldTitle: 'You signed in, but your browser did not keep it',
  notHeldText:
    'Your browser came back without the session. Without it we cannot tell that the next click is yours.',
  notHeldHelp: 'What helps, most often first',
  notHeldFrame: 'If this page is shown inside another one:',
  notHeldOpen: 'open it in a tab of its own.',
  notHeldCookies: 'Allow cookies of {site} in the settings of your browser.',
  notHeldPrivate: 'Close private windows and try in a normal one.',
  notHeldDevelopers: 'For the developers of this application',
  notHeldCauses:
    'The session began and its cookie was sent, but the next request came without it. Usual causes: SameSite=Lax in a frame, a proxy that strips Set-Cookie, a page on http with a Secure cookie, a login of your own that begins a new session. The log has a line with session.lost, the cause and its remedy.',
  unavailableTitle: 'You cannot sign in right now',
  unavailableText: 'Signing in is not possible at the moment. Please try again in a few seconds.',
  pageUnavailableTitle: 'This page cannot be shown right now',
  pageUnavailableText:
    'Something that it needs does not respond at the moment. Please try again in a few seconds.',
  signInAgain: 'Sign in again',
  tryAgain: 'Try again',
  backToMarketplace: 'Back to the marketplace',
  supportCode: 'If it happens again, give this code to the support team:',
  reason: 'Reason:',
  forSupport: 'For support',
  marketplace: 'Marketplace',
  time: 'When',
};
