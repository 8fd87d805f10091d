import type { SeriesState, UsageFactRow } from './usage-records.js';

/** The state of a subject before anything was closed. */
export const NEW_SERIES: SeriesState = { chains: [], company: null, anchor: null, final: false };

/**
 * A correction as a row: what it changes of its fact, as that is after the corrections before it, so that sums and counts
 * only add up (usage §5.4).
 */
export function correctionOf(
  target: UsageFactRow,
  before: readonly UsageFactRow[],
  given: { readonly id: string; readonly value: bigint | null; readonly receivedAt: number },
): UsageFactRow {
  const last = before.toSorted((one, other) => one.turn - other.turn).at(-1);
  const present = last ? last.value : target.quantity;
  const { id, value, receivedAt } = given;
  return {
    id,
    at: target.at,
    quantity: (value ?? 0n) - (present ?? 0n),
    counted: Number(value !== null) - Number(present !== null),
    key: target.key,
    corrects: target.id,
    value,
    turn: (last?.turn ?? 0) + 1,
    receivedAt,
  };
}
