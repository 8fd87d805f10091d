import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ConsoleAuditEntry } from '../../src/console/index.js';
import { NotificationQueue } from '../../src/index.js';
import { MaestranoUsage } from '../../src/usage/index.js';
import { Operator, type SeenPage } from '../support/console.js';
import { type ConsoleWorld, consoleWorld } from '../support/console-world.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';

const HOSTILE = `<img src=x onerror=alert(1)>"'&`;
/** What everybody may do who sees a page: to look for somebody, and to see the values of a record. */
const OF_VIEWERS = ['sign-ins/find', 'synchronization/show'];
/** What takes the role `money`; everything else takes `replay`. */
const OF_MONEY = ['charges/settle', 'usage/correct', 'usage/decide'];

interface Form {
  /** `charges/settle` */
  readonly name: string;
  readonly action: string;
  readonly fields: URLSearchParams;
}

// Nothing is left out because somebody forgot it: forms and addresses are those that pages lead to.
describe.each(HTTP_ADAPTERS)('every form and address of the console on %s', (httpAdapter) => {
  let world: ConsoleWorld;
  let operator: Operator;
  let pages: ReadonlyMap<string, string>;
  let forms: readonly Form[];

  beforeAll(async () => {
    world = await consoleWorld(httpAdapter);
    operator = new Operator(world.base);
    pages = await world.pages();
    const found = new Map<string, Form>();
    for (const url of pages.values()) {
      for (const { action, fields } of (await operator.open(url)).forms) {
        const name = action.slice(world.base.length + 1);
        const told = [...fields].filter(([field]) => field !== 'csrf' && field !== 'id');
        found.set(`${name} ${JSON.stringify(told)}`, { name, action, fields });
      }
    }
    forms = [...found.values()];
  }, 120_000);
  afterAll(() => world?.close());

  const tokenOf = async (person: Operator): Promise<string> =>
    (await person.open('/sign-ins')).form('Look for this person').fields.get('csrf') ?? '';
  const entries = async (query: string): Promise<readonly ConsoleAuditEntry[]> =>
    (await operator.data<{ data: { entries: ConsoleAuditEntry[] } }>(`/audit?${query}`)).data.entries;
  const isUntouched = async (): Promise<void> => {
    const { app, sandbox } = world;
    expect(await app.app.get(NotificationQueue, { strict: false }).counts()).toMatchObject({ dead: 3 });
    const marketplace = sandbox.marketplaces.list()[0]!.name;
    const statement = { marketplace, group: 'cld-1', meter: 'sms', seq: 1 };
    expect(await app.app.get(MaestranoUsage).statement(statement)).toMatchObject({ status: 'held' });
    expect((await operator.open('/charges')).title).toBe('1 charge undecided');
  };

  it('is known', () => {
    expect([...new Set(forms.map(({ name }) => name))].toSorted()).toEqual([
      'charges/settle',
      'dead-letters/again',
      'dead-letters/discard',
      'dead-letters/show',
      'marketplaces/refresh',
      'sessions/end',
      'sign-ins/find',
      'synchronization/adopt',
      'synchronization/confirm',
      'synchronization/ignore',
      'synchronization/pause',
      'synchronization/reject',
      'synchronization/resolve',
      'synchronization/retry',
      'synchronization/run',
      'synchronization/show',
      'usage/correct',
      'usage/decide',
    ]);
  });

  it('refuses who may only look, and writes that down', async () => {
    const viewer = operator.as('Sam Whitlock=view');
    const csrf = await tokenOf(viewer);
    const refused = forms.filter(({ name }) => !OF_VIEWERS.includes(name));
    for (const { name, action, fields } of refused) {
      const tried = new URLSearchParams(fields);
      tried.set('csrf', csrf);
      expect([name, (await viewer.post(action, tried)).status]).toEqual([name, 403]);
    }
    const log = await entries('outcome=refused&q=Sam');
    const actions = new Set(log.map(({ action }) => action));
    expect([...actions].toSorted()).toEqual([...new Set(refused.map(({ name }) => name))].toSorted());
    await isUntouched();
  });

  it.each([
    ['money', 'Rui Tan=view,replay', OF_MONEY.length],
    ['replay', 'Mina Holt=view,money', 13],
  ])('takes the role %s itself: no other includes it', async (role, staff, many) => {
    const person = operator.as(staff);
    const csrf = await tokenOf(person);
    const refused = new Set<string>();
    for (const { name, action, fields } of forms) {
      if (OF_VIEWERS.includes(name) || OF_MONEY.includes(name) !== (role === 'money')) continue;
      const tried = new URLSearchParams(fields);
      tried.set('csrf', csrf);
      const page = await person.post(action, tried);
      expect([name, page.status]).toEqual([name, 403]);
      expect(page.words).toContain(`This needs the role ${role}.`);
      refused.add(name);
    }
    expect(refused.size).toBe(many);
    await isUntouched();
  });

  it('refuses what no page of its own posted, whoever posts it', async () => {
    const csrf = await tokenOf(operator);
    const another = await tokenOf(operator.as('Jo Abara=view,replay,money'));
    for (const { name, action, fields } of forms) {
      const posted = async (token: string | null, site: string): Promise<number> => {
        const tried = new URLSearchParams(fields);
        if (token === null) tried.delete('csrf');
        else tried.set('csrf', token);
        return (await operator.post(action, tried, { 'sec-fetch-site': site })).status;
      };
      expect([
        name,
        await posted(null, 'same-origin'),
        await posted('', 'same-origin'),
        await posted(another, 'same-origin'),
        await posted(csrf, 'cross-site'),
        await posted(csrf, 'same-site'),
      ]).toEqual([name, 403, 403, 403, 403, 403]);
    }
    await isUntouched();
  });

  it('escapes markup in every part of every address', async () => {
    for (const [name, url] of pages) {
      const names = [
        ...new URL(url).searchParams.keys(),
        'q',
        'from',
        'before',
        'after',
        'did',
        'tone',
        'show',
      ];
      for (const part of names) {
        const asked = new URL(url);
        asked.searchParams.set(part, HOSTILE);
        isHarmless(`${name}, ${part}`, await operator.open(asked.href));
      }
    }
  });

  // The last one: some of it is done.
  it('escapes or refuses markup in every field of every form', async () => {
    for (const { name, action, fields } of forms) {
      for (const field of fields.keys()) {
        if (field === 'csrf') continue;
        const posted = new URLSearchParams(fields);
        posted.set(field, HOSTILE);
        isHarmless(`${name}, ${field}`, await operator.post(action, posted));
      }
    }
    for (const [name, url] of pages) {
      const page = await operator.open(url);
      expect([name, page.text.includes('<img')]).toEqual([name, false]);
    }
    isHarmless('audit log', await operator.open('/audit?format=csv'));
  }, 60_000);
});

/** The page is one of the console, whatever it says, and of no other site's frame. */
function isHarmless(what: string, page: SeenPage): void {
  const isCsv = page.headers.get('content-type')?.startsWith('text/csv') ?? false;
  const hasMarkup = page.text.includes('<img') && !isCsv;
  expect([what, page.status < 500 || page.status === 503, hasMarkup]).toEqual([what, true, false]);
  const policy = page.headers.get('content-security-policy') ?? '';
  const frames = [page.headers.get('x-frame-options'), policy.includes("frame-ancestors 'none'")];
  expect([what, ...frames]).toEqual([what, 'DENY', true]);
}
