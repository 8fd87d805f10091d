import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ConsoleAuditEntry } from '../../src/console/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { MaestranoSync } from '../../src/sync/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { consoleModule, Operator, type SeenPage } from '../support/console.js';
import { syncedContacts } from '../support/console-sync.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';

const HOSTILE = `<img src=x onerror=alert(1)>"'&`;
const PATH = '/synchronization';

describe.each(HTTP_ADAPTERS)('synchronization in the console on %s', (httpAdapter) => {
  const { contacts, module } = syncedContacts();
  let sandbox: Sandbox;
  let app: TestApplication;
  let operator: Operator;
  let sync: MaestranoSync;
  let group: { readonly marketplace: string; readonly groupUid: string };

  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0, seed: 7 });
    group = { marketplace: sandbox.marketplaces.list()[0]!.name, groupUid: 'cld-1' };
    app = await testApplication({ httpAdapter, sandbox, imports: [consoleModule(), module] });
    operator = new Operator(`${app.base}/maestrano/console`);
    sync = app.app.get(MaestranoSync);
  });
  afterAll(async () => {
    await app?.close();
    await sandbox?.close();
  });

  const shelf = { group: 'cld-1', marketplace: '' };
  const people = (): readonly Record<string, unknown>[] =>
    sandbox.connec.list('people', { ...shelf, marketplace: group.marketplace });
  const write = (record: Record<string, unknown>): Record<string, unknown> =>
    sandbox.connec.write('people', record, { ...shelf, marketplace: group.marketplace });
  const ran = async (): Promise<void> => {
    await sync.idle();
    await sync.run(group);
  };
  const query = (more: Readonly<Record<string, string>> = {}): string =>
    new URLSearchParams({ marketplace: group.marketplace, group: 'cld-1', ...more }).toString();
  const held = async (kind: 'conflict' | 'ambiguous' | 'quarantined'): Promise<SeenPage> => {
    const [first] = await sync.held(group, 'people', kind);
    return operator.open(`${PATH}/record?${query({ entity: 'people', key: first!.key })}`);
  };
  const outcomes = async (q: string): Promise<unknown[]> => {
    const { data } = await operator.data<{ data: { entries: ConsoleAuditEntry[] } }>(`/audit?q=${q}`);
    return data.entries.map(({ who, outcome, on }) => [who, outcome, on.split(' ')[0]]);
  };

  it('decides a conflict: values are masked until somebody asks, which is in the audit log', async () => {
    const mia = contacts.add({
      firstName: 'Zoltana',
      lastName: HOSTILE,
      email: 'zoltana.t@harbour.example',
      phone: '02 9981 4400',
    });
    await ran();
    const remote = people().find((one) => one.first_name === 'Zoltana')!;
    contacts.edit(mia.id, { phone: '02 9981 4455' });
    write({ id: remote.id, phone: { mobile: '0412 555 010' } });
    await ran();

    const overview = await operator.open();
    expect(overview.words).toContain('1 record of cld-1 waits for a decision');
    const company = await operator.follow(overview, 'Look at it');
    expect(company.words).toContain('Conflict');
    const masked = await operator.follow(company, 'people');
    expect(masked.title).toBe('Which phone.mobile is right?');
    expect(masked.text).not.toMatch(/9981|0412|zoltana\.t@|<img/);
    expect(masked.words).toContain('z•••@harbour.example');
    const { data: json } = (await operator.data(
      `${PATH}/record?${new URL(masked.url).searchParams.toString()}`,
    )) as {
      data: unknown;
    };
    expect(JSON.stringify(json)).not.toMatch(/9981|0412|zoltana\.t@/);

    const viewer = operator.as('Sam Whitlock=view');
    const shown = await viewer.press(await viewer.open(masked.url), 'Show values');
    expect(shown.words).toContain('02 9981 4455');
    expect(shown.text).not.toContain('<img');
    // The address of somebody else who looked shows nothing.
    expect((await operator.open(shown.url)).text).not.toContain('9981');
    const { action, fields } = masked.form('Take this: phone.mobile');
    const tried = new URLSearchParams(fields);
    tried.set('csrf', (await viewer.open('/sign-ins')).form('Look for this person').fields.get('csrf') ?? '');
    expect((await viewer.post(action, tried)).status).toBe(403);
    expect(shown.words).toContain('needs the role replay');
    expect((await operator.post(action, fields, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    fields.set('seen', 'something else');
    expect((await operator.post(action, fields)).status).toBe(409);

    const done = await operator.press(masked, 'Take this: phone.mobile');
    expect(done.words).toContain('Decided: what the application has holds for phone.mobile.');
    await sync.idle();
    expect(people().find(({ id }) => id === remote.id)).toMatchObject({ phone: { mobile: '02 9981 4455' } });
    expect(await sync.held(group, 'people', 'conflict')).toEqual([]);
    expect(await outcomes('conflict')).toEqual(
      expect.arrayContaining([
        ['Sam Whitlock', 'refused', 'people'],
        ['Ines Okafor', 'done', 'people'],
      ]),
    );
    expect(await outcomes('masked')).toEqual([['Sam Whitlock', 'done', 'people']]);
    const record = await operator.open(masked.url);
    expect(record.words).toContain('What was decided before');
    // What it was before, masked also for who may see values.
    expect(record.words).toContain('written to the marketplace · it was •••55 here, •••10 there');
    expect(record.words).toContain('the marketplace');
  });

  it('says who is who where several could be the same', async () => {
    write({ first_name: 'Ida', email: { address: 'two@team.example' } });
    const ours = ['Jan', 'Kim'].map((firstName) => contacts.add({ firstName, email: 'two@team.example' }));
    await ran();
    expect(await sync.held(group, 'people', 'ambiguous')).toHaveLength(3);
    const all = await sync.held(group, 'people', 'ambiguous');
    const jan = all.find(({ app: id }) => id === String(ours[0]!.id))!;
    const page = await operator.open(`${PATH}/record?${query({ entity: 'people', key: jan.key })}`);
    expect(page.title).toBe('Which of these people is the same?');
    const done = await operator.press(page, 'It is this one');
    expect(done.words).toContain('are one record from now on');
    await sync.idle();
    // Kim is left, and is nobody else.
    await operator.press(await held('ambiguous'), 'None of them');
    await sync.idle();
    expect(await sync.held(group, 'people', 'ambiguous')).toEqual([]);
    expect(
      people().filter((one) => (one.email as { address?: string })?.address === 'two@team.example'),
    ).toHaveLength(2);
  });

  it('has a record looked at again that a side rejected, or leaves it alone', async () => {
    write({ first_name: 'Unwanted' });
    await ran();
    const page = await held('quarantined');
    expect(page.words).toContain('What to do');
    expect((await operator.press(page, 'Leave it alone')).words).toContain('Left alone');
    await sync.idle();
    expect(await sync.held(group, 'people', 'quarantined')).toEqual([]);
    const [ignored] = await sync.held(group, 'people', 'ignored');
    const again = await operator.open(`${PATH}/record?${query({ entity: 'people', key: ignored!.key })}`);
    await operator.press(again, 'Look at it again');
    await sync.idle();
    expect(await sync.held(group, 'people', 'quarantined')).toHaveLength(1);
    await operator.press(await held('quarantined'), 'Leave it alone');
    await sync.idle();
  });

  it('lists companies, runs, pauses, and confirms the plan that was looked at and no other', async () => {
    const list = await operator.open(PATH);
    expect(list.title).toBe('No company needs you');
    expect(list.words).toMatch(/Lag Last run .* none /);
    const company = await operator.follow(list, 'cld-1');
    expect(company.words).toContain('· no lag ·');
    expect((await operator.press(company, 'Pause')).words).toContain('Paused: nothing is read');
    expect((await sync.status(group)).entities.every(({ paused }) => paused)).toBe(true);
    expect(
      (await operator.press(await operator.open(`${PATH}/company?${query()}`), 'Go on')).words,
    ).toContain('It goes on');
    await sync.idle();
    await sync.touch(
      group,
      'people',
      String(contacts.add({ firstName: 'Nia', email: 'nia@team.example' }).id),
    );
    const plan = await operator.open(`${PATH}/plan?${query()}`);
    expect(plan.words).toContain('Nothing has been written');
    expect((await operator.press(plan, 'Confirm', { count: '77' })).status).toBe(409);
    expect((await operator.press(plan, 'Confirm')).words).toContain('Confirmed: a run follows at once.');
    await sync.idle();
    for (const path of [PATH, `${PATH}/company?${query()}`, `${PATH}/plan?${query()}`]) {
      const { data, title } = await operator.data<{ title: string; data: unknown }>(path);
      expect([path, typeof title, typeof data]).toEqual([path, 'string', 'object']);
    }
  });

  it('escapes and refuses what is no name of its own', async () => {
    for (const path of [
      `${PATH}?${new URLSearchParams({ q: HOSTILE, marketplace: HOSTILE, show: HOSTILE }).toString()}`,
      `${PATH}/company?${query({ group: HOSTILE })}`,
      `${PATH}/record?${query({ entity: HOSTILE, key: HOSTILE })}`,
      `${PATH}/record?${query()}`,
      `${PATH}/company`,
      `${PATH}/nothing`,
    ]) {
      const page = await operator.open(path);
      expect([path, page.status < 500, page.text.includes('<img')]).toEqual([path, true, false]);
    }
  });
});
