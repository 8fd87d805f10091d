import type { Tone } from '../../views/parts.js';
import type { ConsoleOutcomeKind } from '../audit/audit-entry.js';

/** How the outcome of an action is shown. */
export function toneOf(outcome: ConsoleOutcomeKind): Tone {
  return outcome === 'done' ? 'good' : outcome === 'begun' ? 'idle' : 'bad';
}
