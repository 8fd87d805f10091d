import { defineBench } from './harness.js';
import { notificationBench } from './notifications.js';

export default defineBench(notificationBench('fastify', 2), notificationBench('fastify', 200));
