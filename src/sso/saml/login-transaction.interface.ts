/** What is kept of a login between its beginning and the provider's answer. */
export interface LoginTransaction {
  /** ID of the AuthnRequest, which the provider echoes as `InResponseTo`. */
  readonly id: string;
  /** Key of the marketplace the login began on. */
  readonly marketplace: string;
  /** Where the person wanted to go; checked by who began the login. */
  readonly returnTo: string | null;
  /** What was passed on to the identity provider. */
  readonly params: Readonly<Record<string, string>>;
  /** When it began, in milliseconds since the epoch. */
  readonly startedAt: number;
}
