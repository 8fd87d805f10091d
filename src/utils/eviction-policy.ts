/**
 * The `maxmemory-policy` of a Redis that has a limit and evicts keys when it is reached; null for any other.
 *
 * @param memory what `INFO memory` says.
 */
export function evictionPolicy(memory: string): string | null {
  const limit = Number(/^maxmemory:(\d+)/m.exec(memory)?.[1] ?? 0);
  const policy = /^maxmemory_policy:([\w-]+)/m.exec(memory)?.[1] ?? 'noeviction';
  return limit === 0 || policy === 'noeviction' ? null : policy;
}
