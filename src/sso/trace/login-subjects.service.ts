import { createHmac } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import type { LoginSubject } from '../../interfaces/login-trace.interface.js';
import type { SessionSettings } from '../../settings/maestrano-settings.js';
import { SESSION_SETTINGS } from '../../settings/settings.providers.js';
import { deriveKeys } from '../../utils/derived-keys.js';
import { unmaskUser } from '../../utils/platform-identifier.js';
import { PLATFORM_ID } from '../login/login-profile.js';

/** An address that can be shown with its name masked; any other text could hold anything. */
const ADDRESS = /^[^\s@<>]{1,64}@[A-Za-z0-9.-]{1,100}$/;
/** Characters of a digest: enough that two people of one application never share one by chance. */
const DIGEST_LENGTH = 22;

/**
 * Says of whom a login was without keeping who it was: digests with a key of `session.secret`, by which somebody who
 * knows the person finds the login, and nobody else learns anything.
 */
@Injectable()
export class LoginSubjects {
  readonly #keys: readonly [Buffer, ...Buffer[]];

  constructor(@Inject(SESSION_SETTINGS) { secret }: SessionSettings) {
    this.#keys = deriveKeys(secret, 'nestjs-maestrano login subject v1');
  }

  /** The subject of a login by its attributes (protocol §4.6); null where they name nobody. */
  of(attributes: ReadonlyMap<string, string>): LoginSubject | null {
    const uid = attributes.get('uid') ?? '';
    const email = attributes.get('email') ?? '';
    const groupUid = attributes.get('group_uid') ?? '';
    if (uid === '' && email === '') return null;
    const digests = [uid, email].filter((one) => one !== '').map((one) => digest(this.#keys[0], one));
    return {
      digests,
      email: maskEmail(email),
      groupUid: PLATFORM_ID.test(groupUid) ? groupUid : null,
    };
  }

  /** Digests of what somebody typed, an id or an address, one for each secret that traces may have been kept under. */
  digestsOf(typed: string): readonly string[] {
    return this.#keys.map((key) => digest(key, typed));
  }
}

/** `mia.tran@harbour.example` as `m•••@harbour.example`; null for what is no address. */
export function maskEmail(email: string): string | null {
  if (!ADDRESS.test(email)) return null;
  const [first = ''] = Array.from(email);
  return `${first}•••${email.slice(email.indexOf('@'))}`;
}

function digest(key: Buffer, person: string): string {
  const text = person.trim().toLowerCase();
  const name = text.includes('@') ? text : unmaskUser(text);
  return createHmac('sha256', key).update(name).digest('base64url').slice(0, DIGEST_LENGTH);
}
