import { isRecord } from '../entities/entity-reader.js';

/** What is remembered of one key. */
export type KeyRecord =
  | { readonly state: 'open'; readonly digest: string; readonly groupId: string }
  | { readonly state: 'done'; readonly digest: string; readonly chargeId: string };

/**
 * What is remembered of charges with equal contents for one group while some of them are open. Charges with equal
 * contents cannot be told apart on the server, so what counts is that there are as many new ones as keys.
 */
export interface ContentRecord {
  /** Equal charges that belong to no open key: there before, or found to be another key's. */
  readonly known: readonly string[];
  /** Keys that may have sent something and do not know what came of it. */
  readonly open: readonly string[];
  /** Until when a request of theirs may still arrive at the server; milliseconds of the epoch. */
  readonly settledAt: number;
}

/** Null for text that is no record of ours: nothing is known then. */
export function parseKeyRecord(text: string | null): KeyRecord | null {
  const value = parse(text);
  if (!isRecord(value) || typeof value.digest !== 'string') return null;
  const { digest, state, groupId, chargeId } = value;
  if (state === 'open' && typeof groupId === 'string') return { state, digest, groupId };
  return state === 'done' && typeof chargeId === 'string' ? { state, digest, chargeId } : null;
}

/** Null for text that is no record of ours. */
export function parseContentRecord(text: string | null): ContentRecord | null {
  const value = parse(text);
  if (!isRecord(value) || !isTexts(value.known) || !isTexts(value.open)) return null;
  if (typeof value.settledAt !== 'number') return null;
  return { known: value.known, open: value.open, settledAt: value.settledAt };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function parse(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
