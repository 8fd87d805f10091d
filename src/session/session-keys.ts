import { createHash, hkdfSync, randomBytes } from 'node:crypto';

import { SessionError } from '../errors/session.error.js';

/** Shorter secrets could be found by trying. */
const MIN_SECRET_LENGTH = 32;

/** The keys that seal and open session cookies, derived from the configured secrets. */
export class SessionKeys {
  readonly #byId = new Map<string, Uint8Array>();
  /** Name of the key that seals; it travels in the cookie's header and tells nothing of the key. */
  readonly currentId: string;

  /** @param secrets newest first. */
  constructor(secrets: readonly string[]) {
    let first: string | null = null;
    for (const secret of secrets) {
      if (secret.length < MIN_SECRET_LENGTH) {
        throw new SessionError(`A session secret has ${secret.length} characters.`, {
          code: 'session.secret',
          remedy: `Use at least ${MIN_SECRET_LENGTH} random ones, such as the output of "openssl rand -base64 48".`,
        });
      }
      const key = new Uint8Array(hkdfSync('sha256', secret, '', 'nestjs-maestrano session cookie v1', 32));
      const id = createHash('sha256').update(key).update('id').digest('base64url').slice(0, 8);
      this.#byId.set(id, key);
      first ??= id;
    }
    if (first === null) {
      throw new SessionError('The list of session secrets is empty.', {
        code: 'session.secret',
        remedy: 'Give one secret, or leave "session.secret" out.',
      });
    }
    this.currentId = first;
  }

  /** Keys that nobody else has and that end with this process. */
  static random(): SessionKeys {
    return new SessionKeys([randomBytes(48).toString('base64')]);
  }

  /** The key that seals. */
  get current(): Uint8Array {
    return this.#byId.get(this.currentId) as Uint8Array;
  }

  /** The key of that name; undefined for one that is not ours, or not any more. */
  find(id: string | undefined): Uint8Array | undefined {
    return id === undefined ? undefined : this.#byId.get(id);
  }
}
