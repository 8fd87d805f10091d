import type { ConnecSide } from './records.js';

/** How long a listed record is taken for what is there, in milliseconds: about as long as a batch takes. */
const FRESH = 10_000;

/** Records that are kept: the others are read again. */
const MOST = 5_000;

/**
 * Records of Connec! that this run listed a moment ago and that no record of the application belongs to. To create one
 * there, they need not be read again: nothing is overwritten, and an edit that came meanwhile has a later stamp.
 */
export class JustListed {
  readonly #records = new Map<string, { readonly record: ConnecSide; readonly at: number }>();

  add(records: readonly ConnecSide[]): void {
    const at = Date.now();
    for (const record of records) {
      if (record.externalIds.length > 0 || this.#records.size >= MOST) continue;
      this.#records.set(record.id, { record, at });
    }
  }

  /** The record as it was listed, once; null where it has to be read. */
  take(id: string): ConnecSide | null {
    const listed = this.#records.get(id);
    this.#records.delete(id);
    return listed && Date.now() - listed.at < FRESH ? listed.record : null;
  }
}
