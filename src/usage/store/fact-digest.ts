import { hash } from 'node:crypto';

import type { UsageFactRow } from './usage-records.js';

/** Bits of a lane: what a number of JavaScript and of every database holds exactly. */
const LANE_BITS = 52n;
const LANE_MASK = (1n << LANE_BITS) - 1n;
const HEX = 13;

/** What a fact adds to the digest of its statement: two numbers, whose sums do not depend on any order (usage §4). */
export function factLanes(fact: UsageFactRow): readonly [number, number] {
  const content = [
    fact.id,
    fact.at,
    fact.quantity.toString(),
    fact.key,
    fact.corrects,
    fact.value?.toString() ?? null,
  ];
  const digest = hash('sha256', JSON.stringify(content), 'hex');
  return [Number.parseInt(digest.slice(0, HEX), 16), Number.parseInt(digest.slice(HEX, 2 * HEX), 16)];
}

/** The digest of facts whose lanes have these sums. */
export function lanesDigest([one, other]: readonly [bigint, bigint]): string {
  return [one, other].map((sum) => (sum & LANE_MASK).toString(16).padStart(HEX, '0')).join('');
}
