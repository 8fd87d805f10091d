import type { AdapterContext } from '../interfaces/adapter-context.interface.js';
import type { UserProfile } from '../interfaces/profiles.interface.js';

/**
 * How the application finds and creates its users. Extend it, and name the class in the `userAdapter` extra; the
 * abstract class is also the injection token.
 *
 * @typeParam User the application's own user.
 */
export abstract class MaestranoUserAdapter<User = unknown> {
  /**
   * The user of `(profile.provider, profile.marketplace, profile.uid)`, created when there is none. Called once a
   * login, concurrently for different people: make it safe against two first logins at once.
   */
  abstract findOrCreateUser(profile: UserProfile, context: AdapterContext): Promise<User> | User;
}
