import { describe, expect, it } from '@jest/globals';

import type { ConnecPerson } from '../../../src/connec/client/connec-resources.interface.js';
import { MaestranoSyncError } from '../../../src/errors/sync.error.js';
import type { FieldMap } from '../../../src/sync/fields/field-map.js';
import { syncEntity, type SyncEntitySpec } from '../../../src/sync/fields/sync-entity.js';
import type { SyncReadSource, SyncSource } from '../../../src/sync/source/sync-source.js';

interface Contact {
  readonly id: number;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string | null;
  readonly state: 'active' | 'left';
  readonly companyId: number | null;
  readonly rev: number;
  readonly updatedAt: Date;
}

interface Price {
  readonly id: number;
  readonly cents: number;
  readonly currency: string;
  readonly title: string;
}

interface PricedItem {
  readonly name?: string | null;
  readonly sale_price?: { readonly net_amount?: number; readonly currency?: string } | null;
}

/** A source that is only declared with. */
function sourceOf<Local>(): SyncSource<Local> {
  const never = (): never => {
    throw new Error('Nobody reads or writes here.');
  };
  return { changes: never, get: never, create: never, find: never, update: never, identity: never };
}

const source = sourceOf<Contact>();
const fields: FieldMap<Contact, ConnecPerson> = {
  first_name: 'firstName',
  last_name: { app: 'lastName', onCreate: { app: 'Unknown' } },
  'email.address': 'email',
  status: {
    app: 'state',
    direction: 'toConnec',
    to: (state: Contact['state']) => (state === 'left' ? 'INACTIVE' : 'ACTIVE'),
  },
  organization_id: { app: 'companyId', refers: 'organizations' },
};

/**
 * Mistakes that do not compile: the type check of the tests fails where one of them does.
 */
export const MISTAKES: readonly unknown[] = [
  // @ts-expect-error no such property of the application
  { first_name: 'firstNme' } satisfies FieldMap<Contact, ConnecPerson>,
  // @ts-expect-error no such field at Connec!
  { first_nam: 'firstName' } satisfies FieldMap<Contact, ConnecPerson>,
  // @ts-expect-error a number into a text, without a conversion
  { first_name: 'rev' } satisfies FieldMap<Contact, ConnecPerson>,
  // @ts-expect-error converted one way only, in both directions
  { first_name: { app: 'rev', to: String } } satisfies FieldMap<Contact, ConnecPerson>,
  // @ts-expect-error no such resource
  { organization_id: { app: 'companyId', refers: 'organizatons' } } satisfies FieldMap<Contact, ConnecPerson>,
  // @ts-expect-error a date is no reference
  { organization_id: { app: 'updatedAt', refers: 'organizations' } } satisfies FieldMap<
    Contact,
    ConnecPerson
  >,
  // @ts-expect-error no such field to match
  { fields: {}, match: ['emial'] } satisfies SyncEntitySpec<Contact, ConnecPerson>,
  // @ts-expect-error no such policy
  { fields: {}, whenDeletedInApp: 'archve' } satisfies SyncEntitySpec<Contact, ConnecPerson>,
];

function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof MaestranoSyncError ? error.code : String(error);
  }
}

describe('the declaration of an entity', () => {
  it('check 26: refuses the eight usual mistakes when it is compiled', () => {
    expect(MISTAKES).toHaveLength(8);
  });

  it('is ready to be used', () => {
    const contacts = syncEntity('people', source, {
      fields,
      match: ['email.address', ['first_name', 'last_name']],
    });
    expect(contacts).toMatchObject({
      name: 'people',
      resource: 'people',
      conflict: 'newest',
      direction: 'both',
      whenDeletedInApp: 'archiveInConnec',
      archived: { status: 'ARCHIVED' },
    });
    expect(contacts.match).toEqual([
      [{ field: 'email.address', as: 'email' }],
      [
        { field: 'first_name', as: 'text' },
        { field: 'last_name', as: 'text' },
      ],
    ]);
    expect(contacts.units.map((unit) => unit.map(({ name }) => name))).toEqual([
      ['first_name'],
      ['last_name'],
      ['email.address'],
      ['status'],
      ['organization_id'],
    ]);
  });

  it('keeps the parts of one object together, unless they are said to be apart', () => {
    const prices = sourceOf<Price>();
    const map: FieldMap<Price, PricedItem> = {
      name: 'title',
      'sale_price.net_amount': 'cents',
      'sale_price.currency': 'currency',
    };
    const units = (spec: Omit<SyncEntitySpec<Price, PricedItem>, 'fields'>): readonly string[] =>
      syncEntity<Price, 'items', PricedItem>('items', prices, { ...spec, fields: map }).units.map((unit) =>
        unit.map(({ name }) => name).join('+'),
      );
    expect(units({})).toEqual(['name', 'sale_price.net_amount+sale_price.currency']);
    expect(units({ apart: ['sale_price.currency', 'sale_price.net_amount'] })).toHaveLength(3);
    expect(units({ together: [['name', 'sale_price.currency']] })).toEqual([
      'name+sale_price.currency',
      'sale_price.net_amount',
    ]);
  });

  it('check 26: asks for the methods that its direction needs, and for no others', () => {
    const without =
      (method: keyof SyncSource<Contact>, spec: object = {}, more: object = {}) =>
      () =>
        syncEntity(
          'people',
          { ...source, [method]: undefined, ...more } as never,
          { fields, ...spec } as never,
        );
    for (const method of ['changes', 'get', 'identity', 'create', 'update', 'find'] as const) {
      expect(without(method)).toThrow(`its source has no method "${method}"`);
    }
    expect(codeOf(without('create'))).toBe('sync.declaration');
    expect(codeOf(without('create', { direction: 'toApp' }))).toBe('sync.declaration');
    for (const method of ['create', 'update', 'find'] as const) {
      expect(codeOf(without(method, { direction: 'toConnec' }))).toBeNull();
    }
    expect(codeOf(without('find', {}, { withoutKey: true }))).toBeNull();
  });

  it('takes a source without writes where data only goes to Connec!, and nowhere else', () => {
    const read: SyncReadSource<Contact> = source;
    const going = syncEntity('people', read, {
      direction: 'toConnec',
      fields: { first_name: { app: 'firstName', direction: 'toConnec', to: (name) => name.trim() } },
    });
    expect(going.direction).toBe('toConnec');
    // @ts-expect-error it cannot be written
    syncEntity('people', read, { fields: { first_name: 'firstName' } });
    // @ts-expect-error it cannot be written
    syncEntity('people', read, { direction: 'toApp', fields: { first_name: 'firstName' } });
  });

  it('gives the parameters of conversions their types', () => {
    const { rules } = syncEntity('people', source, {
      fields: {
        first_name: { app: 'updatedAt', to: (at) => at.toISOString(), from: (text) => new Date(text ?? 0) },
        last_name: { app: 'rev', direction: 'toConnec', to: (rev) => rev.toFixed(0) },
      },
    });
    expect(rules[0]?.toConnec?.(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    expect(rules[1]?.toConnec?.(7)).toBe('7');
  });

  it('check 26: says what is wrong where nobody checked the types', () => {
    const declare = (spec: object) => () => syncEntity('people', source, spec as never);
    expect(() => syncEntity('people', undefined as never, { fields } as never)).toThrow(
      'it has no source yet',
    );
    expect(codeOf(declare({ fields: {} }))).toBe('sync.declaration');
    expect(codeOf(declare({ fields, match: ['phone'] }))).toBe('sync.declaration');
    expect(codeOf(declare({ fields, together: [['first_name', 'phone']] }))).toBe('sync.declaration');
    expect(codeOf(declare({ fields, together: [['first_name', 'status']] }))).toBe('sync.declaration');
    expect(codeOf(declare({ fields, conflict: 'oldest' }))).toBe('sync.declaration');
    expect(codeOf(declare({ fields: { first_name: { app: 'firstName', to: String } } }))).toBe(
      'sync.declaration',
    );
    expect(codeOf(declare({ fields: { first_name: { app: 'firstName', direction: 'up' } } }))).toBe(
      'sync.declaration',
    );
  });

  it('refuses two fields that write one property, also of a line', () => {
    const declare = (map: object) => () => syncEntity('people', source, { fields: map } as never);
    const both = { first_name: 'firstName', last_name: 'firstName' };
    expect(declare(both)).toThrow('"first_name" and "last_name" both write "firstName"');
    const lines = { app: 'lines', key: 'id', fields: { code: 'text', description: { app: 'text' } } };
    expect(declare({ lines })).toThrow('"code" and "description" both write "text"');
    const oneWay = { ...both, last_name: { app: 'firstName', direction: 'toConnec' } };
    expect(codeOf(declare(oneWay))).toBeNull();
  });
});
