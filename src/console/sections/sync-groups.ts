import type { SyncKnownGroup } from '../../sync/store/sync-store.js';
import type { MaestranoSync } from '../../sync/sync.service.js';

/** Companies that are looked at together, those of one call of the store, and those of a stretch that are remembered. */
const [STRETCH, PAGE, REMEMBERED] = [2_000, 1_000, 500];

/** A stretch of the companies, in the order of the store. */
export interface GroupStretch {
  readonly groups: readonly SyncKnownGroup[];
  /** Where the following one begins; null when nothing follows. */
  readonly next: string | null;
}

/** Reads the companies that are synchronized: a stretch at a time, so that a page costs no more however many there are. */
export class SyncGroups {
  /** Where stretches begin, and what of each is wanted: looked at in turn, one with each call of {@link SyncGroups.all}. */
  readonly #starts: (string | null)[] = [null];
  readonly #wanted: (readonly SyncKnownGroup[])[] = [];
  #turn = 0;

  constructor(private readonly sync: Pick<MaestranoSync, 'groups'>) {}

  /** A stretch behind a place; the first for null. */
  async stretch(begin: string | null): Promise<GroupStretch> {
    const groups: SyncKnownGroup[] = [];
    for (let after = begin; ;) {
      const page = await this.sync.groups({ after, limit: PAGE });
      groups.push(...page.groups);
      if (page.next === null || groups.length >= STRETCH) return { groups, next: page.next };
      after = page.next;
    }
  }

  /**
   * Those of all companies that are wanted, at most 500 of a stretch: one stretch as it is now, the others as they were when
   * their turn was.
   */
  async all(isWanted: (group: SyncKnownGroup) => boolean): Promise<readonly SyncKnownGroup[]> {
    const turn = this.#turn;
    const { groups, next } = await this.stretch(this.#starts[turn] ?? null);
    this.#wanted[turn] = groups.filter((group) => isWanted(group)).slice(0, REMEMBERED);
    if (next === null) {
      this.#wanted.length = turn + 1;
      this.#turn = 0;
    } else {
      this.#starts[turn + 1] = next;
      this.#turn = turn + 1;
    }
    return this.#wanted.flat();
  }
}
