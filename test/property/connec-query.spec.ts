import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { queryParameters, queryString, filterText } from '../../src/connec/client/connec-query.js';
import type { ConnecConditions, ConnecValue } from '../../src/connec/client/connec-query.js';
import { readFilter } from '../../src/sandbox/connec/connec-filter.js';

/**
 * The other side reads with a parser of its own, written from the protocol and not from our builder: whatever a query
 * says, it must select the records that the same conditions select in JavaScript.
 */
type Field = 'text' | 'amount' | 'paid' | 'due_at';
type Entity = Readonly<Record<Field, string | number | boolean | null>>;

/** What the sandbox takes for a moment is compared as one; arbitrary text must not look like that. */
const text = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom("'", "''", "' or 'a' eq 'a", '\\', '\n', 'null', 'true', ']', '/', ' and '),
  )
  .filter((value) => !/^\d{4}-\d{2}-\d{2}/.test(value));
const amount = fc
  .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }))
  .filter((value) => !String(value).includes('e'));
const date = fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
const valueOf: Record<Field, fc.Arbitrary<ConnecValue>> = { text, amount, paid: fc.boolean(), due_at: date };

const wire = (value: ConnecValue | null): string | number | boolean | null =>
  value instanceof Date ? value.toISOString() : value;

const condition = (field: Field): fc.Arbitrary<ConnecConditions> => {
  const value = valueOf[field];
  const nullable = fc.option(value, { nil: null });
  const options: fc.Arbitrary<ConnecConditions>[] = [
    fc.record({ eq: nullable }),
    fc.record({ ne: nullable }),
    fc.record({ in: fc.array(value, { minLength: 1, maxLength: 4 }) }),
  ];
  if (field === 'amount' || field === 'due_at') {
    options.push(fc.record({ gt: value, lte: value }), fc.record({ gte: value }), fc.record({ lt: value }));
  }
  return fc.oneof(...options);
};

const where = fc.record(
  {
    text: condition('text'),
    amount: condition('amount'),
    paid: condition('paid'),
    due_at: condition('due_at'),
  },
  { requiredKeys: [] },
);

const same = (found: unknown, wanted: ConnecValue | null): boolean =>
  wanted === null ? found === null : found !== null && found === wire(wanted);
const ordered = (found: unknown, wanted: ConnecValue): number => {
  if (found === null) return Number.NaN;
  return wanted instanceof Date
    ? Date.parse(String(found)) - wanted.getTime()
    : Number(found) - Number(wanted);
};

function holds(entity: Entity, conditions: Partial<Record<Field, ConnecConditions>>): boolean {
  return Object.entries(conditions).every(([field, wanted]) => {
    const found = entity[field as Field];
    return Object.entries(wanted).every(([operator, value]) => {
      if (operator === 'eq') return same(found, value as ConnecValue | null);
      if (operator === 'ne') return !same(found, value as ConnecValue | null);
      if (operator === 'in') return (value as ConnecValue[]).some((one) => same(found, one));
      const order = ordered(found, value as ConnecValue);
      return { gt: order > 0, gte: order >= 0, lt: order < 0, lte: order <= 0 }[operator] ?? false;
    });
  });
}

/** Records that mostly hold values which the conditions name: random ones would hardly ever be selected. */
function near(conditions: Partial<Record<Field, ConnecConditions>>): fc.Arbitrary<Entity> {
  const field = (name: Field) => {
    const named = Object.values(conditions[name] ?? {}).flat() as (ConnecValue | null)[];
    const own = valueOf[name].map(wire);
    return named.length === 0 ? own : fc.oneof(fc.constantFrom(...named.map(wire)), own, fc.constant(null));
  };
  return fc.record({
    text: field('text'),
    amount: field('amount'),
    paid: field('paid'),
    due_at: field('due_at'),
  });
}

describe('a query', () => {
  it('selects on the other side what it says', () => {
    let selected = 0;
    fc.assert(
      fc.property(
        where
          .filter((conditions) => Object.keys(conditions).length > 0)
          .chain((conditions) => fc.tuple(fc.constant(conditions), near(conditions))),
        ([conditions, entity]) => {
          const expected = holds(entity, conditions);
          if (expected) selected += 1;
          expect(readFilter(filterText({ where: conditions }))(entity)).toBe(expected);
        },
      ),
      { numRuns: 3_000 },
    );
    // Else the property would say nothing.
    expect(selected).toBeGreaterThan(100);
  });

  it('matches patterns on the other side as here', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      '/',
      '\\/',
      '[/a]',
      '.',
      '\\.',
      '\\\\',
      "'",
      ' ',
      'a+',
      '(a|b)',
      '^',
      '$',
      '[^/]',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 5 }),
        fc.string({ unit: fc.constantFrom('a', 'b', '/', '\\', '.', "'", ' ') }),
        (pieces, value) => {
          const expression = new RegExp(pieces.join(''));
          const predicate = readFilter(filterText({ where: { text: { match: expression } } }));
          expect(predicate({ text: value })).toBe(expression.test(value));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('arrives as it was meant, whatever characters it holds', () => {
    fc.assert(
      fc.property(text, text, (first, second) => {
        const query = { where: { text: first }, search: second, top: 7, skip: 3 };
        const path = queryString(queryParameters(query));
        expect(path).toMatch(/^\?[!-~]*$/);
        const read = new URL(`http://h/x${path}`).searchParams;
        const written = Object.fromEntries(
          queryParameters(query).map(([name, value]) => [name, Buffer.from(value).toString()]),
        );
        expect(Object.fromEntries(read)).toEqual(written);
      }),
      { numRuns: 1_000 },
    );
  });
});
