export { BullmqNotificationQueue, MAESTRANO_BULLMQ_OPTIONS } from './bullmq-notification-queue.js';
export type { MaestranoBullmqOptions } from './bullmq-options.interface.js';
export { MaestranoBullmqModule } from './maestrano-bullmq.module.js';
