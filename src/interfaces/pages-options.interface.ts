/**
 * Every text of the pages that people see who sign in. In a text, `{site}` is the host of the application and
 * `{marketplace}` the name of the marketplace. Texts are shown as they are: markup in them is no markup.
 */
export interface PageTexts {
  /** Title of a rejected login: "You are not signed in". */
  readonly refusedTitle: string;
  /** The response failed a check that nobody can do anything about on the spot. */
  readonly refusedResponse: string;
  /** The response is not valid yet: one of the clocks is wrong (`sso.notYetValid`). */
  readonly refusedClock: string;
  /** Another try is likely to help: too late, begun elsewhere, finished before. */
  readonly refusedRestart: string;
  /** An adapter of the application said no, and gave no reason of its own. */
  readonly refusedByApplication: string;
  /** SSO is switched off for the marketplace. */
  readonly refusedDisabled: string;
  /** The marketplace's identity provider did not respond as it should (502). */
  readonly refusedProvider: string;
  /** Title where a session began and the browser came back without it. */
  readonly notHeldTitle: string;
  readonly notHeldText: string;
  /** Heading of the list of what helps. */
  readonly notHeldHelp: string;
  /** The application is shown inside another page; the link behind it is `notHeldOpen`. */
  readonly notHeldFrame: string;
  /** Link that opens the application in a tab of its own. */
  readonly notHeldOpen: string;
  readonly notHeldCookies: string;
  readonly notHeldPrivate: string;
  /** Heading of the folded part with the usual causes. */
  readonly notHeldDevelopers: string;
  readonly notHeldCauses: string;
  /** Title while nobody can sign in (503). */
  readonly unavailableTitle: string;
  readonly unavailableText: string;
  /** Title of a page for which it could not be found out who is signed in (503). */
  readonly pageUnavailableTitle: string;
  readonly pageUnavailableText: string;
  /** Buttons and links. */
  readonly signInAgain: string;
  readonly tryAgain: string;
  readonly backToMarketplace: string;
  /** Stands before the short code of the login's trace. */
  readonly supportCode: string;
  /** Stands before the error code, where there is no trace. */
  readonly reason: string;
  /** Heading of the folded part with marketplace and time. */
  readonly forSupport: string;
  readonly marketplace: string;
  readonly time: string;
}

/** The `pages` option: what the pages say that people see who sign in. */
export interface PagesOptions {
  /**
   * Texts by language tag, such as `de` or `pt-BR`: each may have all or some of {@link PageTexts}. What the browser asks
   * for decides; a text that its language lacks is the English one. Those of `en` replace ours.
   */
  readonly texts?: Readonly<Record<string, Partial<PageTexts>>>;
  /** For browsers that ask for none of these languages; `en` by default. */
  readonly defaultLanguage?: string;
}
