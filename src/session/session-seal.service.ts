import { createHash, hkdfSync, randomBytes } from 'node:crypto';

import { Inject, Injectable, Logger } from '@nestjs/common';

import { SessionError } from '../errors/session.error.js';
import type { WithSessionOptions } from '../interfaces/session-options.interface.js';
import { MAESTRANO_EXTRAS, MAESTRANO_OPTIONS } from '../maestrano.constants.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';
import { resolveSessionSettings } from './session-settings.js';

/** Shorter secrets could be found by trying. */
const MIN_SECRET_LENGTH = 32;
const SEALING = { alg: 'dir', enc: 'A256GCM' } as const;

/**
 * Seals what the browser keeps for us: encrypted and authenticated (JWE, AES-256-GCM), and limited in time. The keys are
 * derived from `session.secret`; without one they are random, and other instances and the next start do not have them.
 */
@Injectable()
export class SessionSeal {
  readonly #logger = new Logger('MaestranoSession');
  /** Null until random ones are needed. */
  #keys: SessionKeys | null;

  /** @throws SessionError for a short secret; in production also for none, where the sealed cookie may be needed. */
  constructor(
    @Inject(MAESTRANO_OPTIONS) options: WithSessionOptions,
    @Inject(MAESTRANO_EXTRAS) extras: MaestranoModuleExtras,
  ) {
    const { secrets, storage } = resolveSessionSettings(options.session);
    this.#keys = secrets && new SessionKeys(secrets);
    const needed = storage !== 'request' && extras.routes?.sso !== false;
    if (!secrets && needed && process.env['NODE_ENV'] === 'production') {
      throw new SessionError('session.secret', {
        message: 'In production the session cookie needs a secret.',
        remedy:
          'Set "session.secret" (32 characters or more, the same on all instances); or set "session.storage" to ' +
          '"request" when the application has a session middleware.',
      });
    }
  }

  async seal(content: Readonly<Record<string, unknown>>, expiresAt: Date): Promise<string> {
    const { EncryptJWT } = await import('jose');
    const { current, currentId } = this.#resolveKeys();
    return new EncryptJWT(content)
      .setProtectedHeader({ ...SEALING, kid: currentId })
      .setExpirationTime(expiresAt)
      .encrypt(current);
  }

  /** The content; null when it was not sealed by us, was changed, or is over. */
  async open(sealed: string): Promise<Readonly<Record<string, unknown>> | null> {
    const { jwtDecrypt } = await import('jose');
    const keys = this.#resolveKeys();
    try {
      const { payload } = await jwtDecrypt(sealed, ({ kid }) => keys.require(kid), {
        keyManagementAlgorithms: [SEALING.alg],
        contentEncryptionAlgorithms: [SEALING.enc],
      });
      return payload;
    } catch {
      return null;
    }
  }

  #resolveKeys(): SessionKeys {
    if (this.#keys === null) {
      this.#logger.warn(
        'Session cookies are sealed with a random secret and end with this process. Set "session.secret" to keep them.',
      );
      this.#keys = new SessionKeys([randomBytes(48).toString('base64')]);
    }
    return this.#keys;
  }
}

/** The keys that seal and open, derived from the secrets. */
export class SessionKeys {
  readonly #byId = new Map<string, Uint8Array>();
  /** The key that seals. */
  readonly current: Uint8Array;
  /** Its name; it travels in the header of what is sealed, and says nothing of the key. */
  readonly currentId: string;

  /**
   * @param secrets newest first: the first seals, all open.
   * @throws SessionError (`session.secret`) for a short one, or none.
   */
  constructor(secrets: readonly string[]) {
    const keys = secrets.map((secret) => {
      const key = deriveKey(secret);
      const id = createHash('sha256').update(key).update('id').digest('base64url').slice(0, 8);
      this.#byId.set(id, key);
      return { key, id };
    });
    const [first] = keys;
    if (!first) {
      throw new SessionError('session.secret', {
        message: 'The list of session secrets is empty.',
        remedy: 'Give one secret, or leave "session.secret" out.',
      });
    }
    this.current = first.key;
    this.currentId = first.id;
  }

  /** @throws Error for the name of a key that is not ours, or not any more. */
  require(id: string | undefined): Uint8Array {
    const key = id === undefined ? undefined : this.#byId.get(id);
    if (!key) throw new Error('Sealed with another secret.');
    return key;
  }
}

function deriveKey(secret: string): Uint8Array {
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new SessionError('session.secret', {
      message: `A session secret has ${secret.length} characters.`,
      remedy: `Use at least ${MIN_SECRET_LENGTH} random ones, such as the output of "openssl rand -base64 48".`,
    });
  }
  return new Uint8Array(hkdfSync('sha256', secret, '', 'nestjs-maestrano session cookie v1', 32));
}
