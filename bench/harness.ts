/**
 * The one harness of every benchmark: baseline and candidates take turns in slots of some 60 ms inside one process,
 * the CPU time of each slot is divided by the operations done in it, and only ratios inside one cycle are kept.
 * bench/README.md shows how to write one.
 */

/** What a benchmark is told about the run. */
export interface BenchContext {
  /** The run only proves that the program works: use small sizes, skip long warm-ups. */
  readonly short: boolean;
}

/** Does one thing once. A promise is awaited before the operation counts as done. */
export type Operation = () => unknown;

/** `atLeast` is a speed (baseline over candidate), `atMost` a cost (candidate over baseline). */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

export interface Candidate {
  readonly run: Operation;
  /** Left out: the ratio is printed without a verdict. */
  readonly goal?: Goal;
}

export interface Comparison {
  readonly baseline: Operation;
  readonly candidates: Readonly<Record<string, Candidate>>;
  /** Operations in flight at a time, for clients and servers; 1 by default. */
  readonly concurrency?: number;
  /** `cpu` by default; `wall` where waiting is the point (pages fetched from a slow server). */
  readonly clock?: 'cpu' | 'wall';
  /** Milliseconds of one slot; 60 by default. */
  readonly slotMs?: number;
  /** Cycles in one process; 25 by default. */
  readonly cycles?: number;
  close?(): unknown;
}

/** A benchmark of operations against a baseline that runs in the same process. */
export interface ComparisonBench {
  readonly name: string;
  setup(context: BenchContext): Comparison | Promise<Comparison>;
}

/** One number that is no ratio of operations: bytes per marketplace, a p99 beside a load. */
export interface ProbeValue {
  readonly value: number;
  readonly unit: string;
  /** Bound on the value itself. */
  readonly goal?: Goal;
}

/** A benchmark that measures by its own means; the median over the processes counts. */
export interface ProbeBench {
  readonly name: string;
  probe(context: BenchContext): Promise<Readonly<Record<string, ProbeValue>>>;
}

export type Bench = ComparisonBench | ProbeBench;

/** Gives a bench file's default export its type. */
export function defineBench(...benches: readonly Bench[]): readonly Bench[] {
  return benches;
}

/** What one process found out about one benchmark. */
export type BenchResult =
  | {
      readonly kind: 'comparison';
      readonly name: string;
      readonly clock: 'cpu' | 'wall';
      /** Microseconds an operation of the baseline, one a cycle. */
      readonly baseline: readonly number[];
      /** Second run of the baseline over the first, one a cycle. */
      readonly again: readonly number[];
      readonly candidates: Readonly<
        Record<string, { readonly ratios: readonly number[]; readonly goal?: Goal }>
      >;
    }
  | { readonly kind: 'probe'; readonly name: string; readonly values: Readonly<Record<string, ProbeValue>> };

/** Runs one benchmark in this process. */
export async function measure(bench: Bench, context: BenchContext): Promise<BenchResult> {
  if ('probe' in bench) return { kind: 'probe', name: bench.name, values: await bench.probe(context) };
  const comparison = await bench.setup(context);
  try {
    return await compare(bench.name, comparison, context);
  } finally {
    await comparison.close?.();
  }
}

async function compare(name: string, comparison: Comparison, context: BenchContext): Promise<BenchResult> {
  const clock = comparison.clock ?? 'cpu';
  const slotMs = context.short ? 2 : (comparison.slotMs ?? 60);
  const cycles = context.short ? 1 : (comparison.cycles ?? 25);
  const concurrency = comparison.concurrency ?? 1;
  const names = Object.keys(comparison.candidates);
  const operations = [
    comparison.baseline,
    comparison.baseline,
    ...names.map((key) => comparison.candidates[key]!.run),
  ];
  const slot = (operation: Operation): Promise<number> => costOf(operation, slotMs, concurrency, clock);

  for (const operation of operations) await slot(operation);
  if (!context.short) for (const operation of operations) await slot(operation);

  const rows: number[][] = [];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const row: number[] = [];
    // Whoever goes first is another one in every cycle: garbage and heat are shared fairly.
    for (let step = 0; step < operations.length; step += 1) {
      const index = (cycle + step) % operations.length;
      row[index] = await slot(operations[index]!);
    }
    rows.push(row);
  }
  const ratios = (index: number): number[] => rows.map((row) => row[index]! / row[0]!);
  return {
    kind: 'comparison',
    name,
    clock,
    baseline: rows.map((row) => row[0]!),
    again: ratios(1),
    candidates: Object.fromEntries(
      names.map((key, position) => [
        key,
        { ratios: ratios(position + 2), goal: comparison.candidates[key]!.goal },
      ]),
    ),
  };
}

/** Microseconds an operation, over one slot. */
async function costOf(
  operation: Operation,
  slotMs: number,
  concurrency: number,
  clock: 'cpu' | 'wall',
): Promise<number> {
  const until = performance.now() + slotMs;
  let operations = 0;
  const started = stamp(clock);
  if (concurrency === 1) operations = await loop(operation, until);
  else {
    const lanes = Array.from({ length: concurrency }, () => loop(operation, until));
    for (const done of await Promise.all(lanes)) operations += done;
  }
  return (stamp(clock) - started) / operations;
}

async function loop(operation: Operation, until: number): Promise<number> {
  let operations = 0;
  let batch = 1;
  for (;;) {
    const before = performance.now();
    for (let index = 0; index < batch; index += 1) {
      const pending = operation();
      if (pending instanceof Promise) await pending;
    }
    operations += batch;
    const now = performance.now();
    if (now >= until) return operations;
    // Reading the clock must not be what is measured: grow the batch while it takes under a fifth of a millisecond.
    if (now - before < 0.2 && batch < 65_536) batch *= 2;
  }
}

function stamp(clock: 'cpu' | 'wall'): number {
  if (clock === 'wall') return performance.now() * 1000;
  const { user, system } = process.cpuUsage();
  return user + system;
}
