import type { CreationMode } from '../interfaces/profiles.interface.js';

/**
 * Longest identifier and longest name that is kept of what comes from outside; the platform's have some 50 characters
 * (protocol §0.3).
 */
export const MAX_IDENTIFIER_LENGTH = 255;

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\ufffd]/;

/**
 * Whether a text can be an identifier of the platform. Its shape is left open, because it is not promised
 * (protocol §0.3); only what no identifier can hold is rejected: nothing, too much, and control characters.
 */
export function isPlatformIdentifier(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.trim() !== '' &&
    value.length <= MAX_IDENTIFIER_LENGTH &&
    !UNPRINTABLE.test(value)
  );
}

/**
 * The real uid behind an identifier: the text before its first dot (protocol §4.10).
 * A real uid comes back unchanged, so calling it twice does no harm.
 */
export function unmaskUser(uid: string): string {
  const dot = uid.indexOf('.');
  return dot < 0 ? uid : uid.slice(0, dot);
}

/**
 * The identifier an application stores for a user (protocol §4.10): the real uid in `real` mode, `uid.groupUid`
 * in `virtual` mode. `uid` may be a real or a virtual one.
 */
export function maskUser(uid: string, groupUid: string, mode: CreationMode): string {
  const real = unmaskUser(uid);
  return mode === 'virtual' ? `${real}.${groupUid}` : real;
}
