import { createHash, hkdfSync, randomBytes } from 'node:crypto';

import { Inject, Injectable, Logger } from '@nestjs/common';

import { MaestranoSessionError } from '../errors/session.error.js';
import { MAESTRANO_EXTRAS } from '../maestrano.constants.js';
import type { SessionSettings } from '../settings/maestrano-settings.js';
import { SESSION_SETTINGS } from '../settings/settings.providers.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';

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

  /** @throws MaestranoSessionError in production without a secret, where the sealed cookie may be needed. */
  constructor(
    @Inject(SESSION_SETTINGS) { secret, storage }: SessionSettings,
    @Inject(MAESTRANO_EXTRAS) extras: MaestranoModuleExtras,
  ) {
    this.#keys = secret && new SessionKeys(secret.map((one) => one.reveal()));
    const needed = storage !== 'request' && extras.routes?.sso !== false;
    if (!secret && needed && process.env['NODE_ENV'] === 'production') {
      throw new MaestranoSessionError('session.secret', {
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

  /** @param secrets newest first, at least one: the first seals, all open. */
  constructor(secrets: readonly string[]) {
    const keys = secrets.map((secret) => {
      const key = deriveKey(secret);
      const id = createHash('sha256').update(key).update('id').digest('base64url').slice(0, 8);
      this.#byId.set(id, key);
      return { key, id };
    });
    this.current = keys[0]!.key;
    this.currentId = keys[0]!.id;
  }

  /** @throws Error for the name of a key that is not ours, or not any more. */
  require(id: string | undefined): Uint8Array {
    const key = id === undefined ? undefined : this.#byId.get(id);
    if (!key) throw new Error('Sealed with another secret.');
    return key;
  }
}

function deriveKey(secret: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'nestjs-maestrano session cookie v1', 32));
}
