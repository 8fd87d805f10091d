import { Injectable, Optional } from '@nestjs/common';

import { DeadLetterSeal } from '../../connec/notifications/dead-letter-seal.service.js';
import { ConnecNotifications } from '../../connec/notifications/notification-intake.service.js';
import { type DeadNotification, NotificationQueue } from '../../connec/notifications/notification-queue.js';
import { MaestranoConsoleError } from '../../errors/console.error.js';
import { count } from '../../views/format.js';
import type {
  ConsoleAction,
  ConsoleAttention,
  ConsoleFields,
  ConsolePage,
  ConsoleSection,
} from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import {
  describeFilter,
  filterOf,
  isEverything,
  isMeant,
  type LetterFilter,
  queryOf,
} from '../dead-letter-filter.js';
import { DeadLetterScan, type MeantLetters } from '../dead-letter-scan.js';
import { bodyOf, describeBody } from './dead-letter-body.js';
import {
  confirmPage,
  discardPage,
  letterPage,
  LINES,
  listPage,
  noneOfNewestPage,
  withoutQueue,
} from './dead-letters-look.js';

/** A queue whose oldest notification waits longer needs somebody; milliseconds. */
const LAG_MS = 60_000;

/** Notifications that used up their attempts: by cause, one by one, and sent again. */
@Injectable()
export class DeadLettersSection implements ConsoleSection {
  readonly path = 'dead-letters';
  readonly name = 'Dead letters';
  readonly actions: Readonly<Record<string, ConsoleAction>> = {
    again: {
      role: 'replay',
      describe: (fields) => ({ what: describeAgain(fields), on: describeFilter(filterOf(fields)) }),
      run: (fields) => this.#again(fields),
    },
    show: {
      role: 'replay',
      describe: (fields) => ({ what: 'Looked at what was sent', on: describeBody(filterOf(fields).id) }),
      run: async (fields) => {
        const { id } = filterOf(fields);
        if (!(await this.#queue().deadLetter(id))) throw gone();
        return { text: 'Shown to you for five minutes.', tone: 'info', page: 'letter', query: { id } };
      },
    },
    discard: {
      role: 'replay',
      describe: (fields) => ({ what: 'Discarded a dead letter', on: describeFilter(filterOf(fields)) }),
      run: async (fields) => {
        const { id } = filterOf(fields);
        if (id === '')
          throw new MaestranoConsoleError('console.input', { message: 'No dead letter is named.' });
        if (!(await this.#queue().discard(id))) throw gone();
        this.#scanned().forget();
        return { text: 'Discarded: it will not be handled.' };
      },
    },
  };

  readonly #scan: DeadLetterScan | null;

  constructor(
    private readonly notifications: ConnecNotifications,
    private readonly seal: DeadLetterSeal,
    @Optional() private readonly queue?: NotificationQueue,
  ) {
    this.#scan = queue ? new DeadLetterScan(queue) : null;
  }

  async attention(): Promise<readonly ConsoleAttention[]> {
    if (!this.queue || !this.#scan) return [];
    const { dead, lagMs } = await this.queue.counts();
    const lag = lagMs !== null && lagMs > LAG_MS ? [lagging(lagMs)] : [];
    if (dead === 0) return lag;
    const { causes } = await this.#scan.causes();
    const [largest] = causes;
    return [
      {
        waiting: 'records',
        tone: 'bad',
        word: count(dead, 'dead letter'),
        title: `Notifications stopped at: ${largest?.cause ?? 'not known'}`,
        why: `${count(causes.length, 'cause')}; the largest has ${largest?.count ?? 0}. The records in them are not up to date here until they are sent again.`,
        act: 'Look at them',
      },
      ...lag,
    ];
  }

  async page(view: ConsoleView, name: string): Promise<ConsolePage | null> {
    if (!this.queue || !this.#scan) return name === '' ? withoutQueue(this.notifications.stats) : null;
    const filter = filterOf(new Map(view.query));
    if (name === 'letter' || name === 'discard') {
      const letter = await this.queue.deadLetter(filter.id);
      if (!letter) return null;
      if (name === 'discard') return discardPage(view, letter);
      const { causes } = await this.#scan.causes();
      return letterPage(view, letter, causes, bodyOf(view, this.seal, letter));
    }
    if (name === 'confirm') return this.#confirm(view, filter);
    if (name !== '') return null;
    const from = Math.max(0, Number.parseInt(view.param('from'), 10) || 0);
    const counts = await this.queue.counts();
    const counted = await this.#scan.causes();
    const list = await this.#scan.list(filter, from, LINES);
    return listPage(view, { counts, counted, list }, filter);
  }

  async #confirm(view: ConsoleView, filter: LetterFilter): Promise<ConsolePage | null> {
    const { dead } = await this.#queue().counts();
    const { letters, looked } = await this.#meant(filter);
    const total = isEverything(filter) ? dead : letters.length;
    if (letters.length === 0 && looked === null) return null;
    if (letters.length === 0) return noneOfNewestPage(view, filter, looked ?? 0);
    return confirmPage(view, filter, { letters, looked, total, dead });
  }

  /** What a filter means: one whatever its age, or those of the newest that match. */
  async #meant(filter: LetterFilter): Promise<MeantLetters> {
    if (filter.id === '') return this.#scanned().meant(filter);
    const letter = await this.#queue().deadLetter(filter.id);
    return { letters: letter && isMeant(letter, filter) ? [letter] : [], looked: null };
  }

  /** What a filter meant on the page that a form comes from, as it is now. */
  async #meantNow(
    filter: LetterFilter,
    fields: ConsoleFields,
    dead: number,
  ): Promise<readonly DeadNotification[]> {
    if (filter.id !== '' || isEverything(filter)) return (await this.#meant(filter)).letters;
    const looked = Number(fields.get('looked'));
    const isPart = Number.isSafeInteger(looked) && looked > 0;
    // Of a part of the list the number alone does not say that it is the same part.
    if (isPart && dead !== Number(fields.get('dead'))) {
      throw new MaestranoConsoleError('console.changed', {
        message: `There were ${fields.get('dead')} dead letters when you looked, and are ${dead} now. Nothing was sent.`,
      });
    }
    return this.#scanned().meantOf(filter, isPart ? looked : dead);
  }

  /** Sends again what the filter means, if that is as many as the person saw. */
  async #again(fields: ConsoleFields) {
    const queue = this.#queue();
    const filter = filterOf(fields);
    const expected = Number(fields.get('count'));
    const isTrial = fields.get('trial') === 'yes';
    const { dead } = await queue.counts();
    const chosen = await this.#meantNow(filter, fields, dead);
    const total = isEverything(filter) ? dead : chosen.length;
    if (total === 0) throw gone();
    if (total !== expected) {
      throw new MaestranoConsoleError('console.changed', {
        message: `The filter meant ${expected} when you looked, and means ${total} now. Nothing was sent.`,
      });
    }
    this.#scanned().forget();
    if (isTrial) {
      const first = chosen[0]!;
      if (!(await queue.replay(first.id))) throw gone();
      return {
        text: `1 of ${total} sent again as a trial. Look whether it comes back.`,
        query: queryOf(filter),
      };
    }
    const sent =
      isEverything(filter) && total > chosen.length ? await queue.replayAll() : await replay(queue, chosen);
    return {
      tone: sent === total ? ('good' as const) : ('warn' as const),
      text: `${sent} of ${total} sent again. What fails again comes back here.`,
    };
  }

  #queue(): NotificationQueue {
    if (this.queue) return this.queue;
    throw withoutOne();
  }

  #scanned(): DeadLetterScan {
    if (this.#scan) return this.#scan;
    throw withoutOne();
  }
}

async function replay(queue: NotificationQueue, letters: readonly DeadNotification[]): Promise<number> {
  let sent = 0;
  // Oldest first, as they came.
  for (const { id } of letters.toReversed()) if (await queue.replay(id)) sent += 1;
  return sent;
}

function describeAgain(fields: ConsoleFields): string {
  const number = Number(fields.get('count'));
  return fields.get('trial') === 'yes'
    ? `Sent one of ${number} dead letters again`
    : `Sent ${count(number, 'dead letter')} again`;
}

function lagging(lagMs: number): ConsoleAttention {
  return {
    waiting: 'records',
    tone: 'warn',
    word: 'Queue lags',
    title: `The oldest notification has waited for ${Math.round(lagMs / 1_000)} s`,
    why: 'More comes in than is handled: a handler is slow, or no worker runs.',
    act: 'Look at the queue',
  };
}

function withoutOne(): MaestranoConsoleError {
  return new MaestranoConsoleError('console.unknown', {
    message: 'There is no queue: notifications are handled before the response.',
  });
}

function gone(): MaestranoConsoleError {
  return new MaestranoConsoleError('console.changed', {
    message: 'There is no such dead letter any more: somebody else sent or discarded it.',
  });
}
