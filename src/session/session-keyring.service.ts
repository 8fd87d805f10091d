import { Inject, Injectable, Logger } from '@nestjs/common';

import { SessionError } from '../errors/session.error.js';
import type { WithSessionOptions } from '../interfaces/session-options.interface.js';
import { MAESTRANO_EXTRAS, MAESTRANO_OPTIONS } from '../maestrano.constants.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';
import { SessionKeys } from './session-keys.js';
import { resolveSessionSettings } from './session-settings.js';

/** Holds the keys of the sealed cookie, and sees at start that there are some. */
@Injectable()
export class SessionKeyring {
  readonly #logger = new Logger('MaestranoSession');
  readonly #explicit: boolean;
  #keys: SessionKeys | null;
  #warned = false;

  /** @throws SessionError for a short secret; in production also for none, where the sealed cookie may be needed. */
  constructor(
    @Inject(MAESTRANO_OPTIONS) options: WithSessionOptions,
    @Inject(MAESTRANO_EXTRAS) extras: MaestranoModuleExtras,
  ) {
    const { secrets, carrier } = resolveSessionSettings(options.session);
    this.#explicit = secrets !== null;
    this.#keys = secrets && new SessionKeys(secrets);
    const needed = carrier !== 'request' && extras.routes?.sso !== false;
    if (!this.#explicit && needed && process.env['NODE_ENV'] === 'production') {
      throw new SessionError('In production the session cookie needs a secret.', {
        code: 'session.secret',
        remedy:
          'Set "session.secret" (32 characters or more, the same on all instances); or set "session.carrier" to ' +
          '"request" when the application has a session middleware.',
      });
    }
  }

  /** The keys; without a configured secret random ones, which other instances and the next start do not have. */
  get keys(): SessionKeys {
    if (!this.#explicit && !this.#warned) {
      this.#warned = true;
      this.#logger.warn(
        'Session cookies are sealed with a random secret and end with this process. Set "session.secret" to keep them.',
      );
    }
    return (this.#keys ??= SessionKeys.random());
  }

  /** @throws Error for a key that is not ours; the cookie then counts as absent. */
  require(id: string | undefined): Uint8Array {
    const key = this.keys.find(id);
    if (!key) throw new Error('Sealed with another secret.');
    return key;
  }
}
