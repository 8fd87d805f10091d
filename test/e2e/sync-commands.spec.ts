import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { startSandbox } from '../../src/sandbox/index.js';
import { SyncRejected } from '../../src/sync/index.js';
import { type CommandOutcome, commandLine } from '../support/command-line.js';
import { fresh, surroundings } from '../support/sync/sync-app.js';

const APP = join(import.meta.dirname, '../support/sync/sync-app.ts');
const COMPANY = 'maestrano-uat/cld-9';
const OWNER = { provider: 'old-connector', realm: 'acme-account' };
const folder = mkdtempSync(join(tmpdir(), 'sync-commands-'));

function run(...argv: string[]): Promise<CommandOutcome> {
  return commandLine(['sync', ...argv, '--app', APP], { cwd: folder });
}
async function json<T>(...argv: string[]): Promise<T> {
  const { code, out, err } = await run(...argv, '--json');
  if (code !== 0) throw new Error(err);
  return JSON.parse(out) as T;
}

describe('the sync commands', () => {
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    // What an application loads right after its start is loaded by then.
    await pause(200);
  });
  beforeEach(async () => {
    const sandbox = await startSandbox();
    sandbox.build.group('maestrano-uat', { uid: 'cld-9', name: 'Lantern Works' });
    Object.assign(surroundings, fresh(), { sandbox });
  });
  afterEach(() => surroundings.sandbox!.close());

  const write = (record: Record<string, unknown>) =>
    surroundings.sandbox!.connec.write('people', record, { group: 'cld-9', marketplace: 'maestrano-uat' });
  const people = () =>
    surroundings.sandbox!.connec.list('people', { group: 'cld-9', marketplace: 'maestrano-uat' });

  it('show what a plan would write where a person asks for it', async () => {
    // Names that are too short for the search for secrets.
    surroundings.contacts.add({ firstName: 'Bo', lastName: 'Li', email: null });
    await runOnce();
    expect((await run('plan', COMPANY)).out).toMatch(/first_name → connec \(new record\)/);
    const { out, code } = await run('plan', COMPANY, '--values');
    expect([out, code]).toEqual([expect.stringMatching(/first_name → connec "Bo" \(new record\)/), 0]);
  });

  it('show a company’s state and plan, and let a person confirm', async () => {
    surroundings.contacts.add({ firstName: 'Ottoline', lastName: 'Quarrington', email: 'o@x.test' });
    const { id } = write({ first_name: 'Peregrine', last_name: 'Holloway' });
    // Known by a notification only.
    const group = { marketplace: 'maestrano-uat', group: 'cld-9', app: 'default' };
    await surroundings.store.hint(group, [
      { entity: 'people', side: 'connec', recordId: String(id), cause: 'notification' },
    ]);
    expect(await run('status', COMPANY)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/cld-9 {2}on {2}never run\npeople: 0 records, 0 due, not confirmed\n/),
    });
    await runOnce();
    const plan = await json<{ summary: object; entries: { action: string }[] }>('plan', COMPANY);
    expect(plan.summary).toEqual({ people: { createInApp: 1, createInConnec: 1 } });
    const shown = await run('plan', COMPANY);
    expect(shown.out).toMatch(/people app:1 {2}createInConnec/);
    expect(shown.out).not.toMatch(/Ottoline|Holloway/);
    expect((await run('confirm', COMPANY)).out).toBe('confirm: people\n');
    await runOnce();
    expect(people()).toHaveLength(2);
    expect(surroundings.contacts.list).toHaveLength(2);
    const status = await json<{ run: { status: string }; entities: object[] }>('status', COMPANY);
    expect(status).toMatchObject({
      run: { status: 'SUCCESS' },
      entities: [{ links: 2, due: 0, confirmed: true }],
    });
    // Names that are too short for the search for secrets: they are shown on demand below.
    for (const firstName of ['Otto', 'Till']) {
      surroundings.contacts.edit(1, { firstName });
      await runOnce();
    }
    const sentences = await json<string[]>('explain', COMPANY, '1', '--entity', 'people');
    expect(sentences.length).toBeGreaterThan(0);
    const history = ['history', COMPANY, 'app:1', '--entity', 'people', '--limit', '1'] as const;
    expect(await json<object[]>(...history)).not.toEqual([]);
    for (const format of [[], ['--json']]) {
      expect((await run(...history, ...format)).out).not.toMatch(/Till|Otto/);
      expect((await run(...history, '--values', ...format)).out).toMatch(/Till.*Otto/s);
    }
    expect((await run('resync', COMPANY)).out).toBe('resync: people\n');
  });

  it('list what is held back, and answer for it', async () => {
    await runOnce();
    await run('confirm', COMPANY);
    surroundings.contacts.before = () => {
      throw new SyncRejected('no licence');
    };
    const { id } = write({ first_name: 'Peregrine', last_name: 'Holloway' });
    await runOnce();
    const held = await run('quarantine', COMPANY);
    expect(held.out).toContain(`people connec:${String(id)}`);
    expect(held.out).toContain('no licence');
    surroundings.contacts.before = null;
    const record = `connec:${String(id)}`;
    expect((await run('quarantine', COMPANY, '--entity', 'people', '--retry', record)).out).toBe(
      `retry ${record}\n`,
    );
    await runOnce();
    expect(surroundings.contacts.list).toHaveLength(1);
    expect(await json('quarantine', COMPANY)).toEqual([]);
    expect(await json('merges', COMPANY)).toEqual([]);

    for (const firstName of ['Ann', 'Bob'])
      surroundings.contacts.add({ firstName, lastName: 'Twinfield-Harrow', email: 'twin@x.test' });
    const twin = write({
      first_name: 'Ann',
      last_name: 'Twinfield-Harrow',
      email: { address: 'twin@x.test' },
    });
    await runOnce();
    expect((await json<object[]>('matches', COMPANY)).length).toBeGreaterThanOrEqual(2);
    expect((await run('matches', COMPANY, '--entity', 'people', '--same', `2=${String(twin.id)}`)).code).toBe(
      0,
    );
    expect((await run('matches', COMPANY, '--entity', 'people', '--reject', '3')).code).toBe(0);
    await runOnce();
    expect(people().filter(({ last_name: name }) => name === 'Twinfield-Harrow')).toHaveLength(2);
  });

  it('check 27: take the id maps of connector-rails over, and the first run makes and writes nothing that is equal', async () => {
    const rows = [
      'connec_id,connec_entity,external_id,external_entity,to_connec,to_external,external_inactive,name',
    ];
    for (const n of [1, 2, 3, 4]) {
      const contact = surroundings.contacts.add({
        firstName: `F${n}`,
        lastName: 'Brightwater-Lumley',
        email: null,
      });
      const record = write({
        first_name: `F${n}`,
        last_name: 'Brightwater-Lumley',
        email: { address: null },
      });
      const [stored] = surroundings
        .sandbox!.state.connec.list('maestrano-uat', 'cld-9', 'people')
        .filter(({ id }) => id === record.id);
      stored!.externalIds.push({ id: String(contact.id), ...OWNER });
      surroundings.sandbox!.state.connec.index(stored!);
      rows.push(
        `${String(record.id)},person,${contact.id},Contact,t,${n === 4 ? 'f' : 't'},f,"F${n}, ""quoted"""`,
      );
    }
    rows.push('NULL,person,77,Contact,t,t,f,half', 'e1,invoice,5,Bill,t,t,f,other');
    writeFileSync(join(folder, 'dump.csv'), `\uFEFF${rows.join('\r\n')}\r\n`);
    const before = JSON.stringify(people());
    const imported = await json('import-id-maps', COMPANY, 'dump.csv');
    expect(imported).toEqual({
      entities: { people: { linked: 4, known: 0, erased: 0, conflicts: [] } },
      halves: 1,
      others: 1,
    });
    await runOnce();
    await run('confirm', COMPANY);
    await runOnce();
    expect(surroundings.contacts.writes).toEqual([]);
    expect(JSON.stringify(people())).toBe(before);
    expect(await json('import-id-maps', COMPANY, 'dump.csv')).toMatchObject({
      entities: { people: { linked: 0, known: 4 } },
    });
    // What differs travels, but not against the flags.
    surroundings.contacts.edit(1, { firstName: 'Edited' });
    const fourth = people().find(({ first_name: name }) => name === 'F4')!;
    write({ id: fourth.id, first_name: 'Stays there' });
    await runOnce();
    expect(people().map(({ first_name: name }) => name)).toEqual(['Edited', 'F2', 'F3', 'Stays there']);
    expect(surroundings.contacts.writes).toEqual([]);
  });

  it('erase a person only when that is said twice, and give a receipt that names nobody', async () => {
    surroundings.contacts.add({ firstName: 'Ysolde', lastName: 'Quarrington', email: null });
    await runOnce();
    await run('confirm', COMPANY);
    await runOnce();
    const [{ id } = { id: '' }] = people();
    const erase = ['erase', COMPANY, 'app:1', '--entity', 'people', '--connec', 'archive'];
    const shown = await run(...erase);
    expect(shown).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^would erase people app:1, .*archived at/),
    });
    expect(shown.out).toContain('Nothing was done.');
    expect(await json(...erase)).toMatchObject({ erased: false, app: '1', connec: id, archives: true });
    expect(people()[0]).not.toMatchObject({ status: 'ARCHIVED' });
    const receipt = await run(...erase, '--yes');
    expect(receipt).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^erased one record of people on [\d-]{10}T.*, archived at Connec!\n$/),
    });
    expect(people()).toMatchObject([{ status: 'ARCHIVED' }]);
    expect((await run(...erase, '--yes')).err).toContain('[sync.operation]');
    surroundings.contacts.edit(1, { lastName: 'Again' });
    await runOnce();
    expect(JSON.stringify(people())).not.toContain('Again');
  });

  it('begin a rollout in steps, stop it, and tell how it stands', async () => {
    surroundings.contacts.add({ firstName: 'Ottoline', lastName: 'Quarrington', email: null });
    writeFileSync(join(folder, 'companies.txt'), `${COMPANY}\n\n`);
    expect(await run('rollout', 'status')).toMatchObject({
      code: 0,
      out: '0 waiting, 0 planned, 0 underway, 0 done, 0 attention\n',
    });
    const started = await json('rollout', 'start', '--companies', 'companies.txt');
    const group = { marketplace: 'maestrano-uat', groupUid: 'cld-9' };
    expect(started).toMatchObject({ listed: [group], begun: [], stopped: null });
    await runOnce();
    const stopped = await run('rollout', 'stop');
    expect(stopped.out).toMatch(/^0 waiting, 1 planned, .*\nstopped: Stopped by a person on \d/);
    const again = await json('rollout', 'start', '--companies', 'companies.txt', '--steps', '1,5');
    expect(again).toMatchObject({ listed: [], begun: [group], stopped: null });
    await runOnce();
    expect(people()).toHaveLength(1);
    // Its start may still be noted as waiting for somebody who takes it up.
    const { groups } = await json<{ groups: Record<string, number> }>(
      'rollout',
      'status',
      '--held-share',
      '0.1',
    );
    expect(groups['underway']! + groups['done']!).toBe(1);
    expect((await run('rollout', 'start', '--steps', 'x')).err).toContain('Give a whole number from 1.');
    expect((await run('rollout', 'status', '--held-share', '7')).err).toContain('Give a share from 0 to 1');
    expect((await run('rollout', 'start', '--companies', 'none.txt')).err).toContain('[cli.file]');
  });

  it.each([
    ['status'],
    ['plan'],
    ['explain', '1', '--entity', 'people'],
    ['history', '1', '--entity', 'people'],
    ['quarantine'],
    ['matches'],
    ['matches', '--entity', 'people', '--same', '1=x'],
    ['merges'],
    ['confirm'],
    ['resync'],
    ['erase', '1', '--entity', 'people', '--connec', 'unlink'],
  ])('refuse a company that nobody knows: %s', async (name, ...rest) => {
    const { store } = surroundings;
    const writes = [jest.spyOn(store, 'acquire'), jest.spyOn(store, 'setGroup')];
    const refused = await run(name!, 'maestrano-uat/cld-404', ...rest, '--json');
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toMatch(
      /^Nothing is known of maestrano-uat\/cld-404: no run .*Check marketplace and id.*\[cli\.usage\]\n$/,
    );
    for (const write of writes) expect(write).not.toHaveBeenCalled();
  });

  it('refuse a record that nobody knows, and make no link of it', async () => {
    const contact = surroundings.contacts.add({
      firstName: 'Ottoline',
      lastName: 'Quarrington',
      email: null,
    });
    await runOnce();
    const ofPeople = (...argv: string[]) => run(...argv, '--entity', 'people');
    for (const name of ['explain', 'history']) {
      for (const format of [[], ['--json']]) {
        expect(await ofPeople(name, COMPANY, '999', ...format)).toMatchObject({
          code: 1,
          out: '',
          err: expect.stringMatching(/^people 999 is not known: it was in none of .*\[sync\.operation\]\n$/),
        });
      }
    }
    const refused = (pair: string) => ofPeople('matches', COMPANY, '--same', pair);
    const there = write({ first_name: 'Peregrine', last_name: 'Holloway' });
    expect((await refused(`999=${String(there.id)}`)).err).toMatch(
      /^people 999 is not known: the application has no such/,
    );
    expect((await refused(`${contact.id}=x`)).err).toMatch(/people x\b.*(no such|cannot be found out)/);
    const { links } = await surroundings.store.page(
      { app: 'default', marketplace: 'maestrano-uat', group: 'cld-9' },
      'people',
      { limit: 9 },
    );
    expect(links.map(({ app, connec }) => [app.id, connec.id])).toEqual([[String(contact.id), null]]);
    // One that no list had yet may be named: its side has it.
    expect((await refused(`${contact.id}=${String(there.id)}`)).code).toBe(0);
  });

  it('and the service behind them, refuse names of nothing', async () => {
    const { sync, close } = await openApplication();
    const { store } = surroundings;
    const group = { marketplace: 'maestrano-uat', groupUid: 'cld-404' };
    const writes = [jest.spyOn(store, 'acquire'), jest.spyOn(store, 'setGroup'), jest.spyOn(store, 'hint')];
    const operations = await sync.operations(group);
    const ref = { entity: 'people', app: '1' };
    const unknown = { code: 'sync.unknownGroup', message: expect.stringContaining('maestrano-uat/cld-404') };
    await expect(operations.resync('people')).rejects.toMatchObject(unknown);
    await expect(operations.conflicts.resolve(ref, 'app')).rejects.toMatchObject(unknown);
    await expect(operations.matches.confirm('people', '1', 'x')).rejects.toMatchObject(unknown);
    await expect(operations.quarantine.list('people')).rejects.toMatchObject(unknown);
    await expect(sync.plan(group)).rejects.toMatchObject(unknown);
    await expect(sync.explain(group, ref)).rejects.toMatchObject({ code: 'sync.operation' });
    await expect(sync.history(group, ref)).rejects.toMatchObject({ code: 'sync.operation' });
    const named = {
      code: 'sync.operation',
      message: expect.stringMatching(/^No entity is named "ships"\. Entities: people\.$/),
    };
    await expect(operations.confirm('ships')).rejects.toMatchObject(named);
    await expect(sync.run(group, { only: ['ships'] })).rejects.toMatchObject(named);
    await expect(sync.start(group, { only: ['ships'] })).rejects.toMatchObject(named);
    await expect(sync.pause(group, 'ships')).rejects.toMatchObject(named);
    await expect(sync.touch(group, 'ships', '1')).rejects.toMatchObject(named);
    for (const write of writes) expect(write).not.toHaveBeenCalled();
    expect(await sync.isKnown(group)).toBe(false);
    await close();
  });

  it('say what they cannot work with', async () => {
    await runOnce();
    const failing = async (...argv: string[]): Promise<string> => {
      const { code, err } = await run(...argv);
      expect(code).not.toBe(0);
      return err;
    };
    expect(await failing('status', 'cld-9')).toContain("Which marketplace's cld-9?");
    expect(await failing('status', COMPANY, '--entity', 'ships')).toContain('There is no entity "ships"');
    expect(await failing('matches', COMPANY, '--entity', 'people', '--same', '1')).toContain(
      'are no two ids',
    );
    writeFileSync(join(folder, 'wrong.csv'), 'a,b\n1,2\n');
    expect(await failing('import-id-maps', COMPANY, 'wrong.csv')).toContain('no column connec_id');
    writeFileSync(join(folder, 'broken.csv'), 'connec_id,external_id,connec_entity\n"1,2\n');
    expect(await failing('import-id-maps', COMPANY, 'broken.csv')).toContain('inside of a quoted value');
    expect(await failing('import-id-maps', COMPANY, 'none.csv')).toContain('cannot be read');
    const plain = await commandLine(['sync', 'status', COMPANY, '--app', `${APP}#PlainModule`], {
      cwd: folder,
    });
    expect(plain).toMatchObject({
      code: 1,
      err: expect.stringContaining('The application synchronizes nothing'),
    });
  });

  /** An instance of the application. */
  async function openApplication() {
    const { NestFactory } = await import('@nestjs/core');
    const { AppModule } = await import('../support/sync/sync-app.js');
    const { MaestranoSync } = await import('../../src/sync/index.js');
    const { ExpressAdapter } = await import('@nestjs/platform-express');
    const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
    await app.init();
    return { sync: app.get(MaestranoSync), close: () => app.close() };
  }

  /** A run, as an instance of the application would do it. */
  async function runOnce(): Promise<void> {
    const { sync, close } = await openApplication();
    const result = await sync.run({ marketplace: 'maestrano-uat', groupUid: 'cld-9' });
    expect(result.errors).toEqual([]);
    await close();
  }
});
