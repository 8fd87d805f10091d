import { type DeadLetterSeal, isSealed } from '../../connec/notifications/dead-letter-seal.service.js';
import type { DeadLetter } from '../../connec/notifications/notification-queue.js';
import type { NotificationBody } from '../../connec/notifications/notification-reader.js';
import { MaestranoError } from '../../errors/maestrano.error.js';
import { number } from '../../views/format.js';
import { html, type Html } from '../../views/html.js';
import { card, json } from '../../views/parts.js';
import type { ConsoleView } from '../console-view.js';
import { type AttemptComparison, compareAttempts } from './dead-letter-attempts.js';

const PATH = 'dead-letters';
/** Entities that are shown, and characters of each. */
const [MOST_ENTITIES, LONGEST] = [50, 20_000];

/** What may be known of the entities of a dead letter. */
export type LetterBody =
  /** Kept sealed; `entities` only for who asked for them now. */
  | {
      readonly kept: 'sealed';
      readonly entities: readonly ShownEntity[] | null;
      readonly more: number;
      /** Two attempts side by side, for who asked; null where there is one only. */
      readonly comparison: AttemptComparison | null;
      readonly problem: string | null;
    }
  /** Not sealed, and therefore not shown: no secret is set, or it was put aside in another way. */
  | { readonly kept: 'open' }
  | { readonly kept: 'off' };

/** An entity as it was given up. */
export interface ShownEntity {
  readonly resource: string;
  /** JSON, cut where it is long. */
  readonly text: string;
}

/** How the action names the entities of a letter in the audit log. */
export function describeBody(id: string): string {
  return `the entities of notification ${id}`;
}

/** The entities of a letter as far as this person may see them: only what is kept sealed, and only after asking. */
export function bodyOf(view: ConsoleView, seal: DeadLetterSeal, letter: DeadLetter): LetterBody {
  const { id, marketplace, resources: stored } = letter;
  if (!seal.isOn) return { kept: 'off' };
  if (stored === null || !isSealed(stored)) return { kept: 'open' };
  const hidden = { kept: 'sealed', entities: null, more: 0, comparison: null, problem: null } as const;
  if (!view.can('replay') || !view.shows(PATH, describeBody(id))) return hidden;
  try {
    const comparison = compareAttempts(view, seal, letter);
    return { kept: 'sealed', ...shownOf(seal.open(marketplace, stored)), comparison, problem: null };
  } catch (error) {
    if (error instanceof MaestranoError) return { ...hidden, problem: error.message };
    throw error;
  }
}

function shownOf(body: NotificationBody): {
  readonly entities: readonly ShownEntity[];
  readonly more: number;
} {
  const all = Object.entries(body).flatMap(([resource, entities]) =>
    entities.map((entity) => ({ resource, entity })),
  );
  const entities = all.slice(0, MOST_ENTITIES).map(({ resource, entity }) => {
    const text = JSON.stringify(entity);
    return { resource, text: text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text };
  });
  return { entities, more: all.length - entities.length };
}

/** What the marketplace sent, or why it is not shown. */
export function bodyCard(view: ConsoleView, id: string, body: LetterBody): Html {
  return card('What was sent', contentOf(view, id, body));
}

function contentOf(view: ConsoleView, id: string, body: LetterBody): Html {
  if (body.kept === 'off') {
    return html`<p>
      Not shown: nothing is kept sealed. With <code>connec.notifications.deadLetterSecret</code> the entities
      of what is given up from then on are sealed in the queue, and can be shown here, which is written to the
      audit log.
    </p>`;
  }
  if (body.kept === 'open') {
    return html`<p>
      Not shown: this one was not sealed. It was given up before there was a secret, its process died, or it
      is being handled again. The next time it is given up it is sealed.
    </p>`;
  }
  if (body.problem !== null) return html`<p>${body.problem}</p>`;
  if (body.entities === null) {
    return html`<p>
        It is kept sealed, with what was handled between attempts. Who looks at it is written to the audit
        log, and sees it for five minutes; it may hold personal values.
      </p>
      ${view.action({ section: PATH, action: 'show', role: 'replay', label: 'Show what was sent', fields: { id } })}`;
  }
  return html`<p>Shown to you for five minutes. It is in the audit log.</p>
    ${body.entities.map(({ resource, text }, index) => json(`entity-${index}`, resource, text))}
    ${body.more > 0 ? html`<p class="soft">${number(body.more)} more are not shown.</p>` : ''}`;
}
