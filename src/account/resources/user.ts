import { createCipheriv, randomBytes } from 'node:crypto';

import { MaestranoInvalidRequestError } from '../../errors/account.error.js';
import type { Secret } from '../../utils/secret.js';
import type { AccountCallOptions } from '../account-client.service.js';
import { AccountCollection, type AccountResource, readOne } from '../account.collection.js';
import { type AccountEntity, ENTITY_FIELDS, type FieldsOf, type FilterOf, secret, text } from '../fields.js';

/** A person (protocol §8.9). */
export interface User extends AccountEntity {
  /** First name. */
  readonly name: string | null;
  readonly surname: string | null;
  /** The real address. */
  readonly email: string | null;
  readonly companyName: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  /** Token of the person's current session on the marketplace: whoever has it is that person. */
  readonly ssoSession: Secret | null;
}

const USER_FIELDS = {
  ...ENTITY_FIELDS,
  name: { column: 'name', type: text },
  surname: { column: 'surname', type: text },
  email: { column: 'email', type: text },
  companyName: { column: 'company_name', type: text, filter: 'company' },
  country: { column: 'country', type: text, filter: 'geo_country_code' },
  ssoSession: { column: 'sso_session', type: secret, filter: false },
} as const satisfies FieldsOf<User>;

/** A list of users can be that of one company, though a user's record names none. */
const USER_FILTERS = { ...USER_FIELDS, groupId: { column: 'group_id', type: text } } as const;

/** What a list of users is filtered by. */
export type UserFilter = FilterOf<typeof USER_FILTERS>;

/** The people of the application's groups (protocol §8.9). */
export const USERS: AccountResource<User, typeof USER_FILTERS> = {
  name: 'users',
  fields: USER_FIELDS,
  filters: USER_FILTERS,
};

/** Who somebody claims to be: by id or by address, with the password of the marketplace. */
export type UserCredentials =
  | { readonly id: string; readonly email?: undefined; readonly password: string }
  | { readonly email: string; readonly id?: undefined; readonly password: string };

/** The people of the application's groups. */
export class UserCollection extends AccountCollection<User, typeof USER_FILTERS> {
  /**
   * Whether a password is right, for applications that must ask for it themselves (protocol §8.11). It travels
   * encrypted under the API key, which needs at least 32 characters. Never repeated once it was sent.
   *
   * @returns the user, or null when the password is wrong or the user unknown.
   * @throws MaestranoInvalidRequestError (`account.invalidInput`) for an API key that is too short, or no user named.
   */
  async authenticate(credentials: UserCredentials, options?: AccountCallOptions): Promise<User | null> {
    const { calls } = await this.open();
    const { marketplace } = calls;
    const context = { marketplace: marketplace.name, operation: 'POST account/users/authenticate' };
    const { id, email, password } = credentials;
    const who = id === undefined ? { email } : { id };
    if (!(id ?? email) || typeof password !== 'string') {
      throw new MaestranoInvalidRequestError('account.invalidInput', {
        message: 'id or email, and password are needed.',
        ...context,
        fields: { base: ['id or email, and password are needed'] },
      });
    }
    const encrypted = encryptPassword(password, marketplace.api.keys[0]?.reveal() ?? '');
    if (encrypted === null) {
      throw new MaestranoInvalidRequestError('account.invalidInput', {
        message: 'the API key is shorter than 32 characters.',
        ...context,
        fields: { base: ['the API key is too short for this call'] },
        remedy: 'Ask the marketplace for a longer one; nothing was sent.',
      });
    }
    try {
      const body = { ...who, password: encrypted };
      const path = ['users', 'authenticate'];
      const template = 'users/authenticate';
      return readOne(USERS, await calls.send({ method: 'POST', path, template, body, options }));
    } catch (error) {
      if (error instanceof MaestranoInvalidRequestError && error.fields.password) return null;
      throw error;
    }
  }
}

/** Bytes of the API key that make the cipher's key. */
const KEY_BYTES = 32;

/**
 * A password as users/authenticate wants it: AES-256-CBC under the first 32 bytes of the API key, as base64 of the
 * IV, two dashes and base64 of the ciphertext (protocol §8.11, §A.2).
 *
 * @returns null when the API key is too short for it.
 */
export function encryptPassword(
  password: string,
  apiKey: string,
  iv: Buffer = randomBytes(16),
): string | null {
  const key = Buffer.from(apiKey, 'utf8').subarray(0, KEY_BYTES);
  if (key.length < KEY_BYTES) return null;
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = Buffer.concat([cipher.update(password, 'utf8'), cipher.final()]);
  return `${iv.toString('base64')}--${encrypted.toString('base64')}`;
}
