import type { AdapterContext } from '../interfaces/adapter-context.interface.js';
import type { LoginProfile } from '../interfaces/profiles.interface.js';

/** A validated login with what the adapters made of it. */
export interface CompletedLogin<User = unknown, Group = unknown> {
  readonly profile: LoginProfile;
  readonly user: User;
  readonly group: Group;
  /** Where the person wanted to go, on the application's own origin; null when nowhere in particular. */
  readonly returnTo: string | null;
}

/**
 * For applications that sign people in in their own way (Passport, a JWT of their own), or that choose the page
 * after login. Optional: name the class in the `sessionAdapter` extra. The Maestrano session is kept either way,
 * because single logout needs it.
 */
export abstract class MaestranoSessionAdapter<User = unknown, Group = unknown> {
  /**
   * Signs the person in to the application. The platform's response is in `context.response` for cookies.
   *
   * @returns where to redirect to: a path or a URL on the application's own origins; nothing for the default.
   */
  abstract signIn(
    login: CompletedLogin<User, Group>,
    context: AdapterContext & { readonly response: unknown },
  ): Promise<string | void> | string | void;

  /** Ends the application's own session when the marketplace's is over. Does nothing by default. */
  signOut(_context: AdapterContext & { readonly response: unknown }): Promise<void> | void {}
}
