import type { DeadLetterSeal } from '../../connec/notifications/dead-letter-seal.service.js';
import type { DeadLetter, QueuedAttempt } from '../../connec/notifications/notification-queue.js';
import type { NotificationBody } from '../../connec/notifications/notification-reader.js';
import { joinedBodies } from '../../connec/notifications/queued-entities.js';
import { count, exactTime, number } from '../../views/format.js';
import { hiddenField, select } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { difference, type LinePair } from '../../views/diff.js';
import { card } from '../../views/parts.js';
import type { ConsoleView } from '../console-view.js';

const PATH = 'dead-letters';
/** Lines that are shown, and characters of each. */
const [MOST_LINES, LONGEST] = [600, 1_000];

/** What two attempts of a dead letter left, line by line. */
export interface AttemptComparison {
  /** Which two, from 1, the earlier one first. */
  readonly attempts: readonly [one: number, other: number];
  /** Entities that both left, and that only the earlier one did. */
  readonly both: number;
  readonly onlyEarlier: number;
  readonly lines: readonly LinePair[];
  /** Lines that are not shown. */
  readonly more: number;
  /** False where some that were handled meanwhile are not kept: there was no secret yet. */
  readonly isWhole: boolean;
}

/**
 * Puts what two attempts left beside each other, those that the address names, else the first and the last. Null
 * where there is one attempt only.
 *
 * @throws MaestranoConnecError `connec.sealed` where the key is not known any more.
 */
export function compareAttempts(
  view: ConsoleView,
  seal: DeadLetterSeal,
  { marketplace, resources, history = [] }: DeadLetter,
): AttemptComparison | null {
  if (history.length < 2 || resources === null) return null;
  const [one, other] = chosenTwo(view, history.length);
  const open = (body: NotificationBody): NotificationBody => seal.open(marketplace, body);
  const handledBetween = bodyOf(history.slice(one - 1, other - 1)).map(open);
  const later = [resources, ...bodyOf(history.slice(other - 1))].map(open);
  const onlyEarlier = handledBetween.reduce(joinedBodies, {});
  const both = later.reduce(joinedBodies, {});
  const lines = [
    ...linesOf(onlyEarlier).map((line): LinePair => [line, null]),
    ...linesOf(both).map((line): LinePair => [line, line]),
  ];
  return {
    attempts: [one, other],
    both: sizeOf(both),
    onlyEarlier: sizeOf(onlyEarlier),
    lines: lines.slice(0, MOST_LINES),
    more: Math.max(0, lines.length - MOST_LINES),
    isWhole: isWhole(history, one, other, { both, onlyEarlier }),
  };
}

/** Those of the address, the earlier one first; the first and the last where it names no two. */
function chosenTwo(view: ConsoleView, last: number): readonly [number, number] {
  const [one = 0, other = 0] = ['one', 'other'].map((name) => Number(view.param(name)));
  const areThere = [one, other].every((value) => Number.isInteger(value) && value >= 1 && value <= last);
  return areThere && one !== other ? [Math.min(one, other), Math.max(one, other)] : [1, last];
}

function bodyOf(history: readonly QueuedAttempt[]): readonly NotificationBody[] {
  return history.map(({ doneSince }) => doneSince ?? {});
}

function sizeOf(body: NotificationBody): number {
  return Object.values(body).reduce((sum, { length }) => sum + length, 0);
}

/** Whether as many are there as were left. */
function isWhole(
  history: readonly QueuedAttempt[],
  one: number,
  other: number,
  { both, onlyEarlier }: { readonly both: NotificationBody; readonly onlyEarlier: NotificationBody },
): boolean {
  const leftBy = (attempt: QueuedAttempt | undefined): number =>
    Object.values(attempt?.entities ?? {}).reduce((total, some) => total + some, 0);
  return (
    leftBy(history[other - 1]) === sizeOf(both) &&
    leftBy(history[one - 1]) === sizeOf(both) + sizeOf(onlyEarlier)
  );
}

/** As JSON that people read, with the resource before each. */
function linesOf(body: NotificationBody): readonly string[] {
  return Object.entries(body).flatMap(([resource, entities]) =>
    entities.flatMap((entity) =>
      `${resource}: ${JSON.stringify(entity, null, 2)}`.split('\n').map((line) => line.slice(0, LONGEST)),
    ),
  );
}

/** Two attempts side by side, and the way to two others. */
export function comparisonCard(
  view: ConsoleView,
  { id, history = [] }: DeadLetter,
  { attempts: [one, other], both, onlyEarlier, lines, more, isWhole: whole }: AttemptComparison,
): Html {
  const label = (attempt: number): string =>
    `Attempt ${attempt}, ${exactTime(history[attempt - 1]?.at ?? '')}`;
  const choices = history.map((_, index) => [String(index + 1), label(index + 1)] as const);
  return card(
    `What attempts ${one} and ${other} left`,
    html`<form class="filters" action="${view.link(PATH, 'letter')}">
        ${hiddenField('id', id)}${hiddenField('did', view.param('did'))}
        ${select('Attempt', 'one', choices, String(one))}
        ${select('Beside', 'other', choices, String(other))}<button>Compare</button>
      </form>
      <p>
        ${
          onlyEarlier === 0
            ? `Both left the same ${count(both, 'entity', 'entities')}: what was sent does not change between attempts.`
            : `${count(onlyEarlier, 'entity was', 'entities were')} handled in between, and ${count(both, 'is', 'are')} left after both.`
        }
        ${whole ? '' : 'Some that were handled in between are not kept: nothing was sealed then, or their company left.'}
      </p>
      ${difference(label(one), label(other), lines)}
      ${more > 0 ? html`<p class="soft">${number(more)} more lines are not shown.</p>` : ''}`,
  );
}
