import type { ConnectionOptions } from 'bullmq';

import type { BullmqSettings } from './bullmq-settings.js';

/** Where queues and workers of the module are: what BullMQ takes of both. */
export function bullmqPlace({ connection, prefix }: BullmqSettings): {
  readonly connection: ConnectionOptions;
  readonly prefix: string;
} {
  return { connection, prefix: isCluster(connection) ? tagged(prefix) : prefix };
}

function isCluster(connection: object): boolean {
  return 'isCluster' in connection && connection.isCluster === true;
}

/** With a hash tag, by which a Redis Cluster keeps all keys of the queue on one node: its scripts need them together. */
function tagged(prefix: string): string {
  return /\{[^}]+\}/.test(prefix) ? prefix : `{${prefix}}`;
}
