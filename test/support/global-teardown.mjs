import { once } from 'node:events';
import { rmSync } from 'node:fs';

export default async function globalTeardown() {
  await globalThis.__stopSqlServers?.();
  const redis = globalThis.__testRedis;
  if (!redis) return;
  const exited = once(redis.child, 'exit');
  redis.child.kill();
  await exited;
  rmSync(redis.dir, { recursive: true, force: true });
}
