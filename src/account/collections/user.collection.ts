import { InvalidRequestError } from '../../errors/account.error.js';
import type { AccountCallOptions } from '../account-client.service.js';
import type { AccountScope } from '../account-scope.js';
import { toUser, type User } from '../entities/user.entity.js';
import { USER_FILTERS } from '../filters/account-filters.js';
import { encryptPassword } from '../password-cipher.js';
import { AccountCollection } from './account.collection.js';

/** Who somebody claims to be: by id or by address, with the password of the marketplace. */
export type UserCredentials =
  | { readonly id: string; readonly email?: undefined; readonly password: string }
  | { readonly email: string; readonly id?: undefined; readonly password: string };

/** The people of the application's groups. */
export class UserCollection extends AccountCollection<User, typeof USER_FILTERS> {
  /** @internal Collections are made by {@link MembershipService}. */
  constructor(scope: AccountScope) {
    super(scope, { resource: 'users', filters: USER_FILTERS, read: toUser });
  }

  /**
   * Whether a password is right, for applications that must ask for it themselves (protocol §8.11). It travels
   * encrypted under the API key, which needs at least 32 characters. Never repeated once it was sent.
   *
   * @returns the user, or null when the password is wrong or the user unknown.
   * @throws InvalidRequestError (`account.invalidInput`) for an API key that is too short, or no user named.
   */
  async authenticate(credentials: UserCredentials, options?: AccountCallOptions): Promise<User | null> {
    const scope = this.scope.pinned();
    const { marketplace } = scope;
    const context = { marketplace: marketplace.name, operation: 'POST account/users/authenticate' };
    const { id, email, password } = credentials;
    const who = id === undefined ? { email } : { id };
    if (!(id ?? email) || typeof password !== 'string') {
      throw new InvalidRequestError('account.invalidInput', 'id or email, and password are needed.', {
        ...context,
        fields: { base: ['id or email, and password are needed'] },
      });
    }
    const encrypted = encryptPassword(password, marketplace.api.keys[0]?.reveal() ?? '');
    if (encrypted === null) {
      throw new InvalidRequestError('account.invalidInput', 'the API key is shorter than 32 characters.', {
        ...context,
        fields: { base: ['the API key is too short for this call'] },
        remedy: 'Ask the marketplace for a longer one; nothing was sent.',
      });
    }
    try {
      const body = { ...who, password: encrypted };
      const path = ['users', 'authenticate'];
      const template = 'users/authenticate';
      return this.readOne(await scope.call({ method: 'POST', path, template, body, options }));
    } catch (error) {
      if (error instanceof InvalidRequestError && error.fields.password) return null;
      throw error;
    }
  }
}
