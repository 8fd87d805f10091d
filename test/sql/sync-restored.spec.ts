import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';

import { sqliteExecutor } from '../../src/sql/executors/sqlite-executor.js';
import { syncEntity } from '../../src/sync/fields/sync-entity.js';
import { table } from '../../src/sync/source/table.js';
import { EngineBench } from '../support/sync/engine-bench.js';

interface Contact {
  readonly id: number;
  readonly firstName: string;
  readonly lastName: string | null;
}

describe('an application with a SQLite file, and its links elsewhere', () => {
  let folder: string;
  let file: Database.Database;
  let bench: EngineBench;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sync-restored-'));
    bench = new EngineBench();
    open();
    file.exec(`create table contacts (id integer primary key autoincrement, company text not null default 'cld-1',
      first_name text not null, last_name text, connec_key text, rev integer not null,
      created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
      updated_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')), unique (company, connec_key))`);
  });
  afterEach(() => {
    bench.close();
    file.close();
    rmSync(folder, { recursive: true });
  });

  const open = (): void => {
    file = new Database(join(folder, 'application.db'));
    const contacts = table<Contact>('contacts', {
      id: 'id',
      group: 'company',
      version: 'rev',
      key: 'connec_key',
      updatedAt: 'updated_at',
      bornAt: 'created_at',
      naming: 'snake_case',
      versionBy: 'source',
      executor: sqliteExecutor(file),
    });
    bench.entities = [
      syncEntity('people', contacts, { fields: { first_name: 'firstName', last_name: 'lastName' } }),
    ];
  };
  const next = '(select coalesce(max(rev), 0) + 1 from contacts)';

  it('check 35: overwrites and archives nothing at Connec! once the file was copied back', async () => {
    for (let n = 1; n <= 100; n += 1) {
      file.exec(`insert into contacts (first_name, rev) values ('N${n}', ${next})`);
    }
    await bench.runs(2);
    expect(bench.connec.records.size).toBe(100);
    const backup = join(folder, 'backup.db');
    file.exec(`vacuum into '${backup}'`);
    bench.now += 60_000;
    file.exec(`update contacts set last_name = 'Newer', rev = ${next} where id = 7`);
    file.exec(`insert into contacts (first_name, rev) values ('After the backup', ${next})`);
    await bench.runs(2);
    const { length } = bench.connec.writes;
    expect(bench.connec.by('last_name', 'Newer')).toBeDefined();

    file.close();
    copyFileSync(backup, join(folder, 'application.db'));
    open();
    for (let count = 0; count < 3; count += 1) await bench.run({ full: true }, 900);
    expect(bench.connec.writes).toHaveLength(length);
    expect((await bench.stream()).stopped).toMatchObject({ code: 'sync.restored', side: 'app' });
    await bench.operations.restored('people', 'theOther');
    await bench.runs(3);
    const rows = file.prepare('select first_name, last_name from contacts where id = 7').all();
    expect(rows).toEqual([{ first_name: 'N7', last_name: 'Newer' }]);
  });
});
