import { defineBench } from './harness.js';
import { syncNotificationBench } from './sync-notifications.js';

export default defineBench(syncNotificationBench('fastify'));
