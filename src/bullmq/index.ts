/**
 * Comments cite the reference that comes with the package: `protocol §6.3` is section 6.3 of
 * docs/reference/protocol.md, `saml §3.3` that of docs/reference/saml.md.
 *
 * @packageDocumentation
 */

export { BullmqNotificationQueue, MAESTRANO_BULLMQ_OPTIONS } from './bullmq-notification-queue.js';
export type { MaestranoBullmqOptions } from './bullmq-options.interface.js';
export { MaestranoBullmqModule } from './maestrano-bullmq.module.js';
