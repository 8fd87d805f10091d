import type { DeadNotification } from '../connec/notifications/notification-queue.js';
import type { ConsoleFields } from './console-section.js';
import { causeOf } from './dead-letter-causes.js';

/** Which dead letters are meant; empty texts mean any. */
export interface LetterFilter {
  readonly cause: string;
  readonly marketplace: string;
  readonly id: string;
}

/** The filter of a form, or of an address. */
export function filterOf(fields: ConsoleFields): LetterFilter {
  return {
    cause: fields.get('cause') ?? '',
    marketplace: fields.get('marketplace') ?? '',
    id: fields.get('id') ?? '',
  };
}

/** The filter as parameters of an address. */
export function queryOf({ cause, marketplace, id }: LetterFilter): Readonly<Record<string, string>> {
  return { cause, marketplace, id };
}

/** Whether a dead letter is among those of a filter. */
export function isMeant(letter: DeadNotification, { cause, marketplace, id }: LetterFilter): boolean {
  return (
    (id === '' || id === letter.id) &&
    (marketplace === '' || marketplace === letter.marketplace) &&
    (cause === '' || cause === causeOf(letter.reason))
  );
}

/** Whether a filter leaves nothing out. */
export function isEverything({ cause, marketplace, id }: LetterFilter): boolean {
  return cause === '' && marketplace === '' && id === '';
}

/** The filter in words. */
export function describeFilter({ cause, marketplace, id }: LetterFilter): string {
  const parts = [
    id === '' ? '' : `notification ${id}`,
    marketplace,
    cause === '' ? '' : `cause “${cause}”`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'all dead letters' : parts.join(', ');
}
