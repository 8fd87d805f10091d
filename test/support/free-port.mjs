import { createServer } from 'node:net';

/** Below the ports that the system gives to connections, and a range for each of jest's processes. */
const FIRST = 12_000;
const RANGE = 1_000;

const worker = Number(process.env.JEST_WORKER_ID ?? 1);
let offset = process.pid % RANGE;

/**
 * A port that nobody listens on, for what must know its own address before it listens. Not one that the system
 * chooses: it might choose it once more for somebody else until then.
 */
export async function freePort() {
  for (let attempt = 0; attempt < RANGE; attempt += 1) {
    offset = (offset + 1) % RANGE;
    const port = FIRST + (worker % 16) * RANGE + offset;
    if (await isFree(port)) return port;
  }
  throw new Error(`No port is free from ${FIRST} on.`);
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
