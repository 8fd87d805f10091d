import workerThreads from 'node:worker_threads';

/** How long what is being closed may take: sockets close in a later turn of the event loop. */
const GRACE_MS = 5_000;
const PAUSE_MS = 20;

/** Worker threads that run, which Node does not count among what is active. */
const workers = new Set();

/** Notes every worker thread that is made from now on. Once a process. */
export function countWorkers() {
  workerThreads.Worker = class extends workerThreads.Worker {
    constructor(...values) {
      super(...values);
      workers.add(this);
      this.once('exit', () => workers.delete(this));
    }
  };
}

/** What keeps this process alive right now, by kind. */
export function openHandles() {
  const counts = new Map([['Worker', workers.size]]);
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/**
 * Waits until nothing keeps the process alive that did not before. Cheap, other than `--detectOpenHandles`, which
 * tells where a handle was opened.
 *
 * @returns what is still open, such as `2 TCPSocketWrap`.
 */
export async function leftOpen(before) {
  const end = performance.now() + GRACE_MS;
  for (;;) {
    const left = [...openHandles()]
      .map(([kind, count]) => [kind, count - (before.get(kind) ?? 0)])
      .filter(([, more]) => more > 0);
    if (left.length === 0 || performance.now() > end) return left.map(([kind, more]) => `${more} ${kind}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
