/**
 * Comments cite the reference that comes with the package: `protocol §6.3` is section 6.3 of
 * docs/reference/protocol.md, `saml §3.3` that of docs/reference/saml.md.
 *
 * @packageDocumentation
 */

export { RedisStore, type RedisStoreOptions } from './redis-store.js';
