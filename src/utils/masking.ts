import type { CreationMode } from '../interfaces/profiles.interface.js';

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
