import type { BenchResult, Goal } from './harness.js';

/** One line of the final table. */
export interface ReportRow {
  readonly bench: string;
  readonly subject: string;
  readonly ratio: string;
  readonly spread: string;
  readonly detail: string;
  readonly goal: string;
  readonly verdict: string;
}

/** A/A bounds: outside them the machine was too restless for the numbers to mean anything. */
const STEADY = { low: 0.95, high: 1.05 };

/** Whether the baseline agrees with itself over all processes. */
export function isSteady(results: readonly BenchResult[]): boolean {
  const again = results.flatMap((result) => (result.kind === 'comparison' ? result.again : []));
  if (again.length === 0) return true;
  const ratio = median(again);
  return ratio >= STEADY.low && ratio <= STEADY.high;
}

/** Pools what several processes found out about one benchmark. */
export function rowsOf(results: readonly BenchResult[], short: boolean): ReportRow[] {
  const [first] = results;
  if (!first) return [];
  return first.kind === 'probe'
    ? probeRows(first.name, results, short)
    : comparisonRows(first, results, short);
}

function comparisonRows(
  first: Extract<BenchResult, { kind: 'comparison' }>,
  results: readonly BenchResult[],
  short: boolean,
): ReportRow[] {
  const all = results.filter((result) => result.kind === 'comparison');
  const steady = isSteady(results);
  const baseline = median(all.flatMap((result) => result.baseline));
  const again = median(all.flatMap((result) => result.again));
  const rows = Object.entries(first.candidates).map(([subject, { goal }]): ReportRow => {
    const cost = all.flatMap((result) => result.candidates[subject]?.ratios ?? []);
    const speed = goal !== undefined && 'atLeast' in goal;
    const ratios = speed ? cost.map((ratio) => 1 / ratio) : cost;
    return {
      bench: first.name,
      subject,
      ratio: short ? '-' : `${speed ? 'speed' : 'cost'} ${digits(median(ratios))}x`,
      spread: short ? '-' : `${digits(quantile(ratios, 0.25))}-${digits(quantile(ratios, 0.75))}`,
      detail: `${digits(median(cost) * baseline)} us`,
      goal: describeGoal(goal),
      verdict: short ? 'ran' : steady ? verdictOf(median(ratios), goal) : 'void',
    };
  });
  const self: ReportRow = {
    bench: first.name,
    subject: '(baseline, A/A)',
    ratio: short ? '-' : `${first.clock} ${digits(again)}x`,
    spread: '',
    detail: `${digits(baseline)} us`,
    goal: '0.95-1.05',
    verdict: short ? 'ran' : steady ? 'steady' : 'void',
  };
  return [self, ...rows];
}

function probeRows(bench: string, results: readonly BenchResult[], short: boolean): ReportRow[] {
  const probes = results.filter((result) => result.kind === 'probe');
  return Object.entries(probes[0]?.values ?? {}).map(([subject, { unit, goal }]) => {
    const values = probes.map((probe) => probe.values[subject]?.value ?? Number.NaN);
    return {
      bench,
      subject,
      ratio: `${digits(median(values))} ${unit}`,
      spread: `${digits(Math.min(...values))}-${digits(Math.max(...values))}`,
      detail: '',
      goal: describeGoal(goal, ` ${unit}`),
      verdict: short ? 'ran' : verdictOf(median(values), goal),
    };
  });
}

/** The table as text, columns aligned. */
export function tableOf(rows: readonly ReportRow[]): string {
  const head: ReportRow = {
    bench: 'benchmark',
    subject: 'subject',
    ratio: 'ratio',
    spread: 'quartiles',
    detail: 'an operation',
    goal: 'goal',
    verdict: 'verdict',
  };
  const cells = [head, ...rows].map((row) => [
    row.bench,
    row.subject,
    row.ratio,
    row.spread,
    row.detail,
    row.goal,
    row.verdict,
  ]);
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function verdictOf(value: number, goal: Goal | undefined): string {
  if (!goal) return '-';
  return ('atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost) ? 'met' : 'MISSED';
}

function describeGoal(goal: Goal | undefined, unit = 'x'): string {
  if (!goal) return '-';
  return 'atLeast' in goal ? `>= ${goal.atLeast}${unit}` : `<= ${goal.atMost}${unit}`;
}

function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toPrecision(3);
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const position = (sorted.length - 1) * fraction;
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? low;
  return low + (high - low) * (position - Math.floor(position));
}
