/** Something about money that a person should know. */
export interface UsageEvent {
  /**
   * - `usage.creditLeft`: a company left with money to get back; pay it out, or `transfer()` it
   * - `usage.uncollectable`: the marketplace refused the bill of a company that left
   * - `usage.refused`: the marketplace refused a bill
   * - `usage.expired`: a bill waited 90 days for a card
   * - `usage.stale`: a sealed bill is older than what `createOnce` remembers
   */
  readonly type:
    'usage.creditLeft' | 'usage.uncollectable' | 'usage.refused' | 'usage.expired' | 'usage.stale';
  readonly marketplace: string;
  readonly group: string;
  readonly meter: string;
  readonly currency: string;
  /** In the main unit, as decimal text. */
  readonly amount: string;
  /** Number of the statement in its chain; null when it is about no single one. */
  readonly statement: number | null;
}
