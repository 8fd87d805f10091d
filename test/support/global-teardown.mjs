import { once } from 'node:events';
import { rmSync } from 'node:fs';

export default async function globalTeardown() {
  rmSync(process.env.TEST_PACK_FOLDER, { recursive: true, force: true });
  await globalThis.__stopSqlServers?.();
  const redis = globalThis.__testRedis;
  if (!redis) return;
  const exited = once(redis.child, 'exit');
  redis.child.kill();
  await exited;
  rmSync(redis.dir, { recursive: true, force: true });
}
