/** Groups of a marketplace in one turn from which on nothing is held back any more. */
const ALL = 1_024;

/**
 * How many groups of a marketplace are begun in one turn. One that is away costs one probe a turn; when it is back, they are
 * admitted again in steps, so that ten thousand do not fall on it at once (synchronization §12.14).
 */
export class Admission {
  /** Groups in one turn, of marketplaces that are or were away. */
  readonly #limits = new Map<string, number>();
  readonly #begun = new Map<string, number>();

  /** A new turn begins. */
  next(): void {
    this.#begun.clear();
  }

  /** Whether one more group of the marketplace may begin in this turn; counts it then. */
  admits(marketplace: string): boolean {
    const begun = this.#begun.get(marketplace) ?? 0;
    if (begun >= (this.#limits.get(marketplace) ?? Number.POSITIVE_INFINITY)) return false;
    this.#begun.set(marketplace, begun + 1);
    return true;
  }

  /** Takes note of how a run ended. */
  note(marketplace: string, isAway: boolean): void {
    if (isAway) this.#limits.set(marketplace, 1);
    else {
      const limit = this.#limits.get(marketplace);
      if (limit === undefined) return;
      if (limit * 2 >= ALL) this.#limits.delete(marketplace);
      else this.#limits.set(marketplace, limit * 2);
    }
  }
}
