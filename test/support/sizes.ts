/**
 * How much a heavy test does: the first figure in the suite, the second under `npm run storm`, which runs every spec
 * that asks for such a size.
 */
export function stormSize(short: number, full: number): number {
  return process.env.MAESTRANO_STORM ? full : short;
}

/** As {@link stormSize}, for what `npm run prove` runs: models and histories, searched further than in the suite. */
export function proveSize(short: number, full: number): number {
  return process.env.MAESTRANO_PROVE ? full : short;
}
