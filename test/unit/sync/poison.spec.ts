import { afterEach, describe, expect, it } from '@jest/globals';

import { EngineBench, people } from '../../support/sync/engine-bench.js';

describe('one record that breaks a function of the application', () => {
  let bench: EngineBench | null = null;
  afterEach(() => bench?.close());

  function five(made: EngineBench): EngineBench {
    bench = made;
    for (let n = 0; n < 5; n += 1) made.source.add({ firstName: `Person ${n}`, email: `${n}@x.test` });
    return made;
  }

  it('leaves the others alone where it is matched by what cannot be converted', async () => {
    let isBroken = true;
    const to = (value: string | null): string | null => {
      if (isBroken && value === '2@x.test') throw new Error('no such domain');
      return value;
    };
    const broken = five(
      new EngineBench({
        spec: {
          fields: {
            first_name: 'firstName',
            email: { app: 'email', to, from: (value: string | null | undefined) => value ?? null },
          },
          match: ['email'],
        },
      }),
    );
    broken.connec.add({ first_name: 'Person 2', email: '2@x.test' });
    await broken.runs(2);
    expect(await broken.operations.quarantine.list('people')).toMatchObject([
      { app: '3', code: 'sync.mapping' },
    ]);
    expect(broken.connec.records.size).toBe(5);
    expect(await broken.linkOf({ app: '1' })).toMatchObject({ hold: null, externalConfirmed: true });
  });

  it('leaves the others alone where `accept` fails for it', async () => {
    const broken = five(
      new EngineBench({
        spec: {
          accept: ({ app }) => {
            if (app?.firstName === 'Person 2') throw new TypeError('no region');
            return true;
          },
        },
      }),
    );
    await broken.runs(2);
    expect(broken.names.connec).toHaveLength(4);
    const [held] = await broken.operations.quarantine.list('people');
    expect(held).toMatchObject({ app: '3', code: 'sync.mapping', fields: ['accept'] });
  });

  it('is a source that failed where it cannot even be identified: other entities go on', async () => {
    const broken = five(new EngineBench());
    const identity = broken.source.identity.bind(broken.source);
    broken.source.identity = (row) => {
      if (row.firstName === 'Person 2') throw new TypeError('no id');
      return identity(row);
    };
    broken.entities = [people(broken.source)];
    expect(await broken.run()).toMatchObject({ status: 'failed', errors: [{ code: 'sync.sideAway' }] });
  });
});
