import { canonical } from '../merge/values.js';
import type { SyncSide } from '../store/sync-link.js';
import type { SyncHistoryEntry, SyncStream } from '../store/sync-store.js';
import type { Step } from './decide.js';
import type { SyncSettings } from './sync-settings.js';

/** Characters that the history keeps of a value. */
const MAX_VALUE = 1_000;

/** What was decided about a record, for its history: digests of what both sides showed, and values where those are wanted. */
export function historyOf(step: Step, { history }: Pick<SyncSettings, 'history'>): SyncHistoryEntry[] {
  if (!('decisions' in step) || step.decisions.length === 0) return [];
  const { link, decisions, shown } = step;
  const at = Date.now();
  const bySide = <T>(of: (side: SyncSide) => T): Record<SyncSide, T> => ({
    app: of('app'),
    connec: of('connec'),
  });
  return decisions.flatMap(({ unit, to, rule, conflict }) =>
    unit.map(({ name }): SyncHistoryEntry => {
      const decided = { key: link.key, at, field: name, to, rule, conflict };
      if (shown === undefined) return decided;
      const digests = bySide((side) => shown[side].digests[name] ?? null);
      if (history === 'digests') return { ...decided, digests };
      return { ...decided, digests, values: bySide((side) => shortened(shown[side].values[name])) };
    }),
  );
}

/** The entity's state when some history is added to it: since when that holds values. */
export function withValuesSince(stream: SyncStream, added: readonly SyncHistoryEntry[]): SyncStream {
  const first = added.find(({ values }) => values !== undefined);
  return first === undefined || stream.valuesSince !== null ? stream : { ...stream, valuesSince: first.at };
}

/** The moment from which on values are kept; later than now where none are. */
export function valuesFrom(
  { history, historyValuesMs }: Pick<SyncSettings, 'history' | 'historyValuesMs'>,
  now: number,
): number {
  return history === 'values' ? now - historyValuesMs : now + 1;
}

/** The moment before which values are forgotten now; null where the history holds none that are so old. */
export function forgottenBefore(
  { valuesSince }: SyncStream,
  settings: Pick<SyncSettings, 'history' | 'historyValuesMs'>,
  now: number,
): number | null {
  const before = valuesFrom(settings, now);
  return valuesSince !== null && valuesSince < before ? before : null;
}

/** The value as JSON has it; of what is long its beginning, as a text. */
function shortened(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  const text = canonical(value);
  if (text.length <= MAX_VALUE) return JSON.parse(text) as unknown;
  return `${(typeof value === 'string' ? value : text).slice(0, MAX_VALUE)}…`;
}
