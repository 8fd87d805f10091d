import type { DeadNotification, NotificationQueue } from '../connec/notifications/notification-queue.js';
import { type DeadLetterCause, groupByCause, mergeCauses } from './dead-letter-causes.js';
import { isMeant, type LetterFilter } from './dead-letter-filter.js';

/** Dead letters that are read together. */
const STRETCH = 500;
/** Milliseconds after which no more are read for one page: it costs no more however many there are. */
const MOST_MS = 100;
/** Causes of a stretch that are remembered, the largest. */
const MOST_CAUSES = 100;

/** Causes of the dead letters that were looked through so far. */
export interface CountedCauses {
  readonly causes: readonly DeadLetterCause[];
  /** How many dead letters were looked through; fewer than there are while the others are still to come. */
  readonly looked: number;
}

/** Dead letters that a filter means. */
export interface MeantLetters {
  /** Newest first. */
  readonly letters: readonly DeadNotification[];
  /** How many of the list were looked through, from its beginning; null for the whole list. */
  readonly looked: number | null;
}

/** Reads the list of dead letters, newest first, for as long as a page may take, and goes on from there. */
export class DeadLetterScan {
  /** Causes of each stretch as they were when its turn was; the first is read anew each time. */
  readonly #stretches: { readonly causes: readonly DeadLetterCause[]; readonly looked: number }[] = [];
  #turn = 1;

  constructor(private readonly queue: Pick<NotificationQueue, 'deadLetters'>) {}

  /**
   * Causes of all dead letters: the newest as they are now, older ones as they were when they were looked through last. What
   * does not fit into the time of one page follows with the next.
   */
  async causes(): Promise<CountedCauses> {
    const until = performance.now() + MOST_MS;
    let isMore = await this.#count(0);
    while (isMore && performance.now() < until) {
      const turn = this.#turn;
      isMore = await this.#count(turn);
      if (isMore) this.#turn = turn + 1;
    }
    return {
      causes: mergeCauses(this.#stretches.flatMap(({ causes }) => causes)),
      looked: this.#stretches.reduce((sum, { looked }) => sum + looked, 0),
    };
  }

  /** Those of a filter from a place of the list on, about as many as a page has; `next` goes on where the time was over. */
  async list(
    filter: LetterFilter,
    from: number,
    limit: number,
  ): Promise<{ readonly letters: readonly DeadNotification[]; readonly next: number | null }> {
    const until = performance.now() + MOST_MS;
    const letters: DeadNotification[] = [];
    for (let offset = from; ;) {
      const some = await this.queue.deadLetters({ offset, limit: STRETCH });
      for (const [index, letter] of some.entries()) {
        if (!isMeant(letter, filter)) continue;
        if (letters.length === limit) return { letters, next: offset + index };
        letters.push(letter);
      }
      offset += some.length;
      if (some.length < STRETCH) return { letters, next: null };
      if (performance.now() >= until) return { letters, next: offset };
    }
  }

  /** All that a filter means of the newest, as many as the time of a page allows. */
  async meant(filter: LetterFilter): Promise<MeantLetters> {
    const until = performance.now() + MOST_MS;
    return this.#meant(filter, () => performance.now() >= until);
  }

  /** All that a filter means of the newest `looked`. */
  async meantOf(filter: LetterFilter, looked: number): Promise<readonly DeadNotification[]> {
    return (await this.#meant(filter, (read) => read >= looked)).letters;
  }

  /** Forgets what older stretches had: somebody took letters out of the list. */
  forget(): void {
    this.#stretches.length = 0;
    this.#turn = 1;
  }

  async #meant(filter: LetterFilter, isEnough: (looked: number) => boolean): Promise<MeantLetters> {
    const letters: DeadNotification[] = [];
    for (let looked = 0; ;) {
      const some = await this.queue.deadLetters({ offset: looked, limit: STRETCH });
      letters.push(...some.filter((letter) => isMeant(letter, filter)));
      looked += some.length;
      if (some.length < STRETCH) return { letters, looked: null };
      if (isEnough(looked)) return { letters, looked };
    }
  }

  /** Counts a stretch; false where the list ends in it. */
  async #count(stretch: number): Promise<boolean> {
    const letters = await this.queue.deadLetters({ offset: stretch * STRETCH, limit: STRETCH });
    const causes = groupByCause(letters).slice(0, MOST_CAUSES);
    this.#stretches[stretch] = { causes, looked: letters.length };
    const isMore = letters.length === STRETCH;
    if (!isMore) {
      this.#stretches.length = stretch + 1;
      this.#turn = 1;
    }
    return isMore;
  }
}
