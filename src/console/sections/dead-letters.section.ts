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
import { groupByCause } from '../dead-letter-causes.js';
import {
  describeFilter,
  filterOf,
  isEverything,
  isMeant,
  type LetterFilter,
  LOOKED_AT,
  queryOf,
} from '../dead-letter-filter.js';
import { bodyOf, describeBody } from './dead-letter-body.js';
import { confirmPage, discardPage, letterPage, listPage, withoutQueue } from './dead-letters-look.js';

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
        return { text: 'Discarded: it will not be handled.' };
      },
    },
  };

  constructor(
    private readonly notifications: ConnecNotifications,
    private readonly seal: DeadLetterSeal,
    @Optional() private readonly queue?: NotificationQueue,
  ) {}

  async attention(): Promise<readonly ConsoleAttention[]> {
    if (!this.queue) return [];
    const { dead, lagMs } = await this.queue.counts();
    const lag = lagMs !== null && lagMs > LAG_MS ? [lagging(lagMs)] : [];
    if (dead === 0) return lag;
    const causes = groupByCause(await this.queue.deadLetters({ limit: LOOKED_AT }));
    const [largest] = causes;
    return [
      {
        waiting: 'records',
        tone: 'bad',
        word: count(dead, 'dead letter'),
        title: `Notifications stopped at: ${largest?.cause ?? 'not known'}`,
        why: `${count(causes.length, 'cause')}; the largest has ${largest?.letters.length ?? 0}. The records in them are not up to date here until they are sent again.`,
        act: 'Look at them',
      },
      ...lag,
    ];
  }

  async page(view: ConsoleView, name: string): Promise<ConsolePage | null> {
    if (!this.queue) return name === '' ? withoutQueue(this.notifications.stats) : null;
    const filter = filterOf(new Map(view.query));
    if (name === 'letter' || name === 'discard') {
      const letter = await this.queue.deadLetter(filter.id);
      if (!letter) return null;
      if (name === 'discard') return discardPage(view, letter);
      return letterPage(view, letter, await this.#letters(), bodyOf(view, this.seal, letter));
    }
    if (name === 'confirm') return this.#confirm(view, filter);
    if (name !== '') return null;
    const [counts, letters] = await Promise.all([this.queue.counts(), this.#letters()]);
    return listPage(view, counts, letters, filter);
  }

  async #confirm(view: ConsoleView, filter: LetterFilter): Promise<ConsolePage | null> {
    const { chosen, total } = await this.#meant(filter);
    return chosen.length === 0 ? null : confirmPage(view, filter, chosen, total);
  }

  /** What a filter means: one whatever its age, all, or those of the newest that match; and how many that are. */
  async #meant(
    filter: LetterFilter,
  ): Promise<{ readonly chosen: readonly DeadNotification[]; readonly total: number }> {
    const queue = this.#queue();
    if (filter.id !== '') {
      const letter = await queue.deadLetter(filter.id);
      const chosen = letter && isMeant(letter, filter) ? [letter] : [];
      return { chosen, total: chosen.length };
    }
    const chosen = (await this.#letters()).filter((letter) => isMeant(letter, filter));
    return { chosen, total: isEverything(filter) ? (await queue.counts()).dead : chosen.length };
  }

  /** Sends again what the filter means, if that is as many as the person saw. */
  async #again(fields: ConsoleFields) {
    const queue = this.#queue();
    const filter = filterOf(fields);
    const expected = Number(fields.get('count'));
    const isTrial = fields.get('trial') === 'yes';
    const { chosen, total } = await this.#meant(filter);
    if (total === 0) throw gone();
    if (total !== expected) {
      throw new MaestranoConsoleError('console.changed', {
        message: `The filter meant ${expected} when you looked, and means ${total} now. Nothing was sent.`,
      });
    }
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

  #letters(): Promise<DeadNotification[]> {
    return this.#queue().deadLetters({ limit: LOOKED_AT });
  }

  #queue(): NotificationQueue {
    if (this.queue) return this.queue;
    throw new MaestranoConsoleError('console.unknown', {
      message: 'There is no queue: notifications are handled before the response.',
    });
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

function gone(): MaestranoConsoleError {
  return new MaestranoConsoleError('console.changed', {
    message: 'There is no such dead letter any more: somebody else sent or discarded it.',
  });
}
