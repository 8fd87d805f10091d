import { createHmac } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import type { SessionSettings } from '../settings/maestrano-settings.js';
import { SESSION_SETTINGS } from '../settings/settings.providers.js';
import { constantTimeEqual } from '../utils/constant-time.js';
import { deriveKeys } from '../utils/derived-keys.js';

/** How long a form may stay open, in milliseconds. */
const VALID_MS = 12 * 60 * 60_000;

/**
 * What the forms of the console prove themselves with: made for one person and a time, of a key that other sites do not
 * have. All instances with one `session.secret` know each other's; without a secret they end with the process.
 */
@Injectable()
export class FormTokens {
  readonly #keys: readonly [Buffer, ...Buffer[]];

  constructor(@Inject(SESSION_SETTINGS) { secret }: SessionSettings) {
    this.#keys = deriveKeys(secret, 'nestjs-maestrano console form v1');
  }

  /** A token for a person's forms. */
  make(person: string, now = Date.now()): string {
    const until = (now + VALID_MS).toString(36);
    return `${until}.${sign(this.#keys[0], person, until)}`;
  }

  /** Whether a token is this person's, and its time is not over. */
  isValid(person: string, token: string | undefined, now = Date.now()): boolean {
    const [until = '', signature = ''] = (token ?? '').split('.');
    if (!/^[0-9a-z]{1,12}$/.test(until)) return false;
    const end = Number.parseInt(until, 36);
    if (!(end > now && end <= now + VALID_MS)) return false;
    // All keys are compared whichever matches.
    return this.#keys.filter((key) => constantTimeEqual(signature, sign(key, person, until))).length > 0;
  }
}

function sign(key: Buffer, person: string, until: string): string {
  return createHmac('sha256', key).update(`${until}\n${person}`).digest('base64url');
}
