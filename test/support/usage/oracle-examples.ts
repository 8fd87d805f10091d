import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { UsageAggregate } from '../../../src/usage/rating/fact-values.js';
import type { UsagePrice } from '../../../src/usage/rating/price-table.js';
import type { UsageCycle, UsageMeter } from '../../../src/usage/meters/usage-meter.js';
import type { UsageStore } from '../../../src/usage/store/usage-store.js';
import type { UsageStatement } from '../../../src/usage/statement/usage-statement.js';
import { UsageWorld } from './usage-world.js';

const file = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'usage-model', 'examples.json');

/** Whether the worked examples that nobody here wrote lie beside this checkout. */
export const examplesPresent = existsSync(file);
if (!examplesPresent)
  console.warn('Skipping the worked examples of usage: they are not beside this checkout.');

interface ExampleEvent {
  readonly id: string;
  readonly at: string;
  readonly received?: string;
  readonly quantity?: string;
  readonly key?: string;
  readonly repeat?: number;
}

interface ExpectedLine {
  readonly from?: string;
  readonly to?: string;
  readonly quantity?: string;
  readonly amount: string;
  readonly correctionOf?: string;
}

export interface Example {
  readonly name: string;
  readonly zone: string;
  readonly trialEnd?: string;
  readonly meter: {
    readonly name: string;
    readonly aggregate: UsageAggregate;
    readonly resolution?: 'exact' | 'day';
    readonly prices: readonly (UsagePrice & { readonly from?: string })[];
    readonly currency: string;
    readonly cycle: UsageCycle;
    readonly thirdParty?: boolean;
    readonly amountsIn?: 'hundredths' | 'minor';
  };
  readonly events: readonly ExampleEvent[];
  readonly closes: readonly { readonly of: string; readonly at: string }[];
  readonly expected: readonly {
    readonly period: readonly [string, string];
    readonly lines: readonly ExpectedLine[];
    readonly opening: string;
    readonly price_cents: number | null;
    readonly carried: string;
  }[];
}

export function oracleExamples(): readonly Example[] {
  return (JSON.parse(readFileSync(file, 'utf8')) as { examples: Example[] }).examples;
}

const short = (iso: string): string => iso.replace('.000Z', 'Z');

/** A statement in the form of the examples. */
function shown(statement: UsageStatement, priceCents: number | null): unknown {
  return {
    period: [short(statement.period!.from), short(statement.period!.to)],
    lines: statement.lines.map(({ kind, from, to, quantity, amount }) =>
      kind === 'correction'
        ? { correctionOf: short(from), amount }
        : {
            from: short(from),
            to: short(to),
            quantity,
            amount,
            ...(kind === 'free' && { free: true }),
            ...(kind === 'minimum' && { minimum: true }),
          },
    ),
    opening: statement.opening,
    price_cents: priceCents,
    carried: statement.closing,
  };
}

/** Plays an example through the public operations; resolves with its statements in the form of the examples. */
export async function playExample(example: Example, store: UsageStore | undefined): Promise<unknown> {
  const { name, currency, prices, ...meter } = example.meter;
  const dated = prices.map((price) => ({
    ...price,
    ...(price.from !== undefined && { from: new Date(price.from) }),
  }));
  const settings: UsageMeter = {
    ...meter,
    label: name,
    grace: '2d',
    prices: { [currency]: dated as readonly UsagePrice[] },
  };
  const world = new UsageWorld({ meters: { [name]: settings }, acceptFor: '400d', ...(store && { store }) });
  world.company = {
    zone: example.zone,
    currency,
    freeTrialEndAt: example.trialEnd === undefined ? null : new Date(example.trialEnd),
  };
  const ref = { marketplace: 'one', group: `cld-${Math.random()}`, meter: name };
  const facts = example.events.flatMap((event) =>
    Array.from({ length: event.repeat ?? 1 }, (_, copy) => ({
      received: Date.parse(event.received ?? event.at),
      fact: {
        ...ref,
        id: event.repeat ? `${event.id}-${copy}` : event.id,
        at: new Date(event.at),
        ...(event.quantity !== undefined && { quantity: event.quantity }),
        ...(event.key !== undefined && { key: event.key }),
      },
    })),
  );
  const got: unknown[] = [];
  // The examples begin with a period of theirs: what was before it is history.
  world.at(example.closes[0]!.of);
  let before = world.now;
  const history = facts.filter(({ received }) => received <= before).map(({ fact }) => fact);
  for await (const { result } of world.usage.recordMany(history, { historical: true })) {
    if (result !== 'recorded') throw new Error(result);
  }
  let from = 0;
  for (const { at } of example.closes) {
    world.at(at);
    const until = world.now;
    for (const { fact, received } of facts) {
      if (received > before && received <= until) await world.usage.record(fact);
    }
    before = until;
    await world.usage.close(ref);
    const made: UsageStatement[] = [];
    for await (const statement of world.usage.statements(ref)) if (statement.seq > from) made.push(statement);
    from += made.length;
    for (const statement of made.toReversed())
      got.push(shown(statement, statement.bills[0]?.priceCents ?? null));
  }
  return got;
}
