import { defineBench } from './harness.js';
import { notificationBench } from './notifications.js';

export default defineBench(notificationBench('express', 2), notificationBench('express', 200));
