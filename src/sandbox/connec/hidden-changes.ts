import type { SandboxConnecRecord } from '../state/records.js';

/** What a change can alter of a record. */
type Appearance = Pick<SandboxConnecRecord, 'document' | 'externalIds' | 'updatedAt' | 'lineIds'>;

interface HiddenChange {
  /** Milliseconds of the sandbox's clock. */
  readonly until: number;
  /** As the record looked before; null when it was not there. */
  readonly before: Appearance | null;
}

/** Changes that are made, and that nobody sees yet. */
export class HiddenChanges {
  #changes = new WeakMap<SandboxConnecRecord, readonly HiddenChange[]>();

  /** Hides the change that is about to be made. */
  hide(record: SandboxConnecRecord, until: number, isNew: boolean): void {
    const { document, externalIds, updatedAt, lineIds } = record;
    const before = isNew
      ? null
      : { document, externalIds: [...externalIds], updatedAt, ...(lineIds && { lineIds }) };
    this.#changes.set(record, [...(this.#changes.get(record) ?? []), { until, before }]);
  }

  /** The record as it is seen at a moment; null when it is not there yet. */
  seen(record: SandboxConnecRecord, now: number): SandboxConnecRecord | null {
    const changes = this.#changes.get(record);
    if (changes === undefined) return record;
    const pending = changes.filter(({ until }) => until > now);
    if (pending.length === 0) this.#changes.delete(record);
    const [first] = pending;
    if (first === undefined) return record;
    return first.before === null ? null : { ...record, ...first.before };
  }

  clear(): void {
    this.#changes = new WeakMap();
  }
}
