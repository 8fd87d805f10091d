import { describe, expect, it } from '@jest/globals';

import { startSandbox } from '../../src/sandbox/index.js';
import { MaestranoSync, MaestranoSyncModule, MemorySyncStore, syncEntity } from '../../src/sync/index.js';
import { testApplication } from '../support/application.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { MemorySource } from '../support/sync/memory-source.js';

const GROUP = 'cld-1';

describe.each(HTTP_ADAPTERS)('the one company of a group, on %s', (httpAdapter) => {
  it('is kept the same on both sides, and never created', async () => {
    const sandbox = await startSandbox({ port: 0, seed: 7 });
    const source = new MemorySource<{ readonly name: string }>({ name: '' });
    const app = await testApplication({
      httpAdapter,
      sandbox,
      imports: [
        MaestranoSyncModule.forRoot({
          store: new MemorySyncStore(),
          owner: { provider: 'test-app', realm: 'main' },
          firstRun: 'apply',
          restMs: 0,
          entities: [syncEntity('company', source, { fields: { name: 'name' } })],
        }),
      ],
    });
    try {
      const sync = app.app.get(MaestranoSync);
      const marketplace = sandbox.marketplaces.list()[0]!.name;
      const group = { marketplace, groupUid: GROUP };
      const there = (): string =>
        String(sandbox.connec.list('company', { group: GROUP, marketplace })[0]?.name);
      const ran = async (): Promise<void> => {
        expect(await sync.run(group, { full: true })).toMatchObject({ status: 'done', errors: [] });
      };
      await ran();
      expect(source.list).toEqual([]);
      const before = there();
      const row = source.add({ name: '' });
      await ran();
      expect(source.rows.get(row.id)?.name).toBe(before);
      source.edit(row.id, { name: 'Okonjo Holdings' });
      await ran();
      expect(there()).toBe('Okonjo Holdings');
      const [record] = sandbox.connec.list('company', { group: GROUP, marketplace });
      sandbox.connec.write(
        'company',
        { id: record!.id, name: 'Lindqvist Holdings' },
        { group: GROUP, marketplace },
      );
      await ran();
      expect(source.rows.get(row.id)?.name).toBe('Lindqvist Holdings');
      const writes = source.writes.length;
      await ran();
      expect(source.writes).toHaveLength(writes);
      expect(sandbox.connec.list('company', { group: GROUP, marketplace })).toHaveLength(1);
    } finally {
      await app.close();
      await sandbox.close();
    }
  });
});
