import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AccountsService } from '../../sample/03-typeorm/src/accounts/accounts.service.js';
import { HoursService } from '../../sample/03-typeorm/src/hours/hours.service.js';
import { Database } from '../../sample/04-drizzle/src/database/database.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { lookAtSamplePages } from '../e2e/sample-pages-look.js';
import { chromiumPresent, launchChromium } from '../support/chromium.js';
import { freePort } from '../support/free-port.mjs';
import { stormSize } from '../support/sizes.js';
import { isThere, makeDatabase, type Server, type TestDatabase } from './support/databases.js';

type Bootstrap = (logger: 'error'[]) => Promise<INestApplication>;

/** A sample beside a marketplace of its own, as its README starts it. */
class Started {
  private constructor(
    readonly sandbox: Sandbox,
    readonly app: INestApplication,
    readonly url: string,
    private readonly database: TestDatabase,
  ) {}

  static async start(server: Server, bootstrap: () => Promise<Bootstrap>): Promise<Started> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const sandbox = await startSandbox({ appUrl: url, host: 'localhost' });
    const database = await makeDatabase(server);
    const { host, apiPath, apiKey, apiSecret } = sandbox.developerPlatform;
    Object.assign(process.env, {
      PORT: String(port),
      DATABASE_URL: database.url,
      SESSION_SECRET: 'a secret of at least thirty-two characters',
      MNO_DEVPL_HOST: host,
      MNO_DEVPL_API_PATH: apiPath,
      MNO_DEVPL_ENV_KEY: apiKey,
      MNO_DEVPL_ENV_SECRET: apiSecret,
    });
    return new Started(sandbox, await (await bootstrap())(['error']), url, database);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.database.drop();
    await this.sandbox.close();
  }

  /** The cookies of somebody who signed in through the marketplace. */
  async login(user: string, group = 'cld-1'): Promise<string> {
    const { status, cookieHeader } = await this.sandbox.login(this.url, { user, group });
    expect(status).toBe(200);
    return cookieHeader;
  }

  async page(path: string, cookie: string): Promise<string> {
    const response = await fetch(this.url + path, { headers: { cookie }, redirect: 'manual' });
    return response.status === 200 ? response.text() : String(response.status);
  }

  /** What a form sends; where the browser is sent then, and with which cookies. */
  async post(
    path: string,
    cookie: string,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly to: string; readonly cookie: string }> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { cookie, origin: this.url },
      body: new URLSearchParams(fields),
      redirect: 'manual',
    });
    const set = response.headers.getSetCookie().map((line) => line.split(';')[0]!);
    return { to: response.headers.get('location') ?? String(response.status), cookie: set.join('; ') };
  }

  bills(text: string): readonly { readonly priceCents: number }[] {
    return this.sandbox.state.bills.list().filter(({ description }) => description?.includes(text));
  }
}

/** Looks at the pages of a sample in a browser: at its front page, and at those of somebody who signed in. */
async function look(
  { url: base }: Started,
  name: string,
  paths: readonly string[],
  cookie: string,
): Promise<void> {
  const browser = await launchChromium();
  try {
    await lookAtSamplePages(browser, { base, paths: ['/'], name });
    await lookAtSamplePages(browser, { base, paths, cookie, name });
  } finally {
    await browser.close();
  }
}

const inBrowser = chromiumPresent ? it : it.skip;

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('waited in vain');
    await pause(50);
  }
}

const on04: readonly Server[] = (['sqlite', 'postgres'] as const).filter(isThere);

const LOOKED_AT = on04.slice(0, stormSize(1, 2));

describe.each(on04)('sample 04: Fastify and Drizzle on %s', (server) => {
  let sample: Started;

  beforeAll(async () => {
    sample = await Started.start(
      server,
      async () => (await import('../../sample/04-drizzle/src/bootstrap.js')).bootstrap,
    );
  }, 60_000);
  afterAll(() => sample?.close());

  it('makes one user of eight first logins of one person at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => sample.login('usr-1')));
    const { db, schema } = sample.app.get(Database, { strict: false });
    expect(await db.select().from(schema.users)).toHaveLength(1);
    expect(await db.select().from(schema.companies)).toHaveLength(1);
    expect(await db.select().from(schema.memberships)).toHaveLength(1);
  });

  it('gives a desk to one of two, and charges for it once', async () => {
    const [alma, other] = [await sample.login('usr-1'), await sample.login('usr-2')];
    const seat = { day: new Date().toISOString().slice(0, 10), desk: '3' };
    const answers = await Promise.all([
      sample.post('/desks/book', alma, seat),
      sample.post('/desks/book', other, seat),
    ]);
    expect(answers.filter(({ to }) => to.includes('taken=3'))).toHaveLength(1);
    expect(await sample.page('/desks', alma)).toContain('11 of 12 desks are free');
    const charged = await Promise.all([
      sample.post('/billing/charge', alma),
      sample.post('/billing/charge', other),
    ]);
    expect(charged.map(({ to }) => to).sort()).toEqual(['/billing?charged=0', '/billing?charged=1']);
    expect(sample.bills('desks booked')).toEqual([expect.objectContaining({ priceCents: 450 })]);
    await sample.post('/desks/release', alma, seat);
    await sample.post('/desks/release', other, seat);
    // What was charged stays.
    expect(await sample.page('/desks', alma)).toContain('11 of 12 desks are free');
  });

  // The same whatever the database: in the suite they are looked at beside one of them.
  if (LOOKED_AT.includes(server))
    inBrowser(
      'has pages for every window and colour, for keys alone, and without a script',
      async () => {
        await look(sample, 'sample-04', ['/desks', '/people', '/billing'], await sample.login('usr-1'));
      },
      120_000,
    );

  it('lets nobody in whom the marketplace removed', async () => {
    const cookie = await sample.login('usr-2');
    expect(await sample.page('/people', cookie)).toContain('2 people of');
    await sample.sandbox.webhooks.deleteGroupUser('cld-1', 'usr-2');
    expect(await sample.page('/people', cookie)).not.toContain('people of');
    const first = await sample.login('usr-1');
    expect(await sample.page('/people', first)).toContain('1 people of');
    await sample.sandbox.webhooks.deleteGroup('cld-1');
    expect(await sample.page('/people', first)).not.toContain('people of');
  });

  it('passes the check of its metadata', async () => {
    for (const { name } of sample.sandbox.marketplaces.list()) {
      expect(await sample.sandbox.checkMetadata(name)).toMatchObject({ good: true });
    }
  });
});

const onPostgres = isThere('postgres') ? describe : describe.skip;

onPostgres('sample 03: Express, TypeORM, Passport, store and queue in PostgreSQL', () => {
  let sample: Started;

  beforeAll(async () => {
    sample = await Started.start(
      'postgres',
      async () => (await import('../../sample/03-typeorm/src/bootstrap.js')).bootstrap,
    );
  }, 60_000);
  afterAll(() => sample?.close());

  async function count(table: string): Promise<number> {
    const rows: { n: string }[] = await sample.app
      .get(DataSource, { strict: false })
      .query(`select count(*) as n from ${table}`);
    return Number(rows[0]!.n);
  }

  it('makes one user of eight first logins of one person at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => sample.login('usr-1')));
    expect(await count('users')).toBe(1);
    expect(await count('companies')).toBe(1);
    expect(await count('memberships')).toBe(1);
  });

  it('knows the customers that Connec! tells of, by the queue', async () => {
    const cookie = await sample.login('usr-1');
    const organization = {
      id: 'org-7',
      group_id: 'cld-1',
      name: 'Harbour Bakery',
      updated_at: '2026-11-21T10:00:00Z',
    };
    const [delivery] = await sample.sandbox.webhooks.notify({ organizations: [organization] });
    expect(delivery?.status).toBe(200);
    await until(async () => (await sample.page('/hours', cookie)).includes('Harbour Bakery'));
    expect(await count('customers')).toBe(1);
  });

  it('writes hours down, and charges for them once', async () => {
    const cookie = await sample.login('usr-1');
    const line = { day: '2026-11-20', customer: 'Harbour Bakery', minutes: '90' };
    expect(await sample.post('/hours', cookie, line)).toMatchObject({ to: '/hours' });
    expect(await sample.page('/hours', cookie)).toContain('1:30');
    const charged = await Promise.all([
      sample.post('/billing/charge', cookie),
      sample.post('/billing/charge', cookie),
    ]);
    expect(charged.map(({ to }) => to).sort()).toEqual(['/billing?charged=0', '/billing?charged=1']);
    expect(sample.bills('Hours of')).toEqual([expect.objectContaining({ priceCents: 900 })]);
  });

  it('charges each text message once, and none that was rolled back', async () => {
    const cookie = await sample.login('usr-1');
    // What is used within a free trial costs nothing.
    sample.sandbox.state.group('maestrano-uat', 'cld-1')!.freeTrialEndAt = '2026-01-31T00:00:00Z';
    expect(await sample.page('/messages', cookie)).toContain('Nothing so far');
    const send = (text: string) => sample.post('/messages', cookie, { customer: 'Harbour Bakery', text });
    expect(await send('The oven is ready.')).toMatchObject({ to: '/messages?sent=yes' });
    expect(await send('It is hot.')).toMatchObject({ to: '/messages?sent=yes' });
    // Usage was recorded before the database refused the message: both are undone.
    expect(await send('x'.repeat(161))).toMatchObject({ to: '/messages?sent=no' });
    expect(await send('Come by.')).toMatchObject({ to: '/messages?sent=yes' });
    expect(await count('text_messages')).toBe(3);
    expect(await sample.page('/messages', cookie)).toContain('3 messages, 0.225 AUD');
    expect(await count('maestrano_usage_fact')).toBe(3);
  });

  inBrowser(
    'has pages for every window and colour, for keys alone, and without a script',
    async () => {
      const paths = ['/hours', '/messages', '/people', '/billing', '/account'];
      await look(sample, 'sample-03', paths, await sample.login('usr-1'));
    },
    120_000,
  );

  it('has accounts of its own beside, and makes one of two on purpose', async () => {
    const account = {
      company: 'Boatyard',
      name: 'Ines Duarte',
      email: 'ines.duarte@example.com',
      password: 'a quiet harbour 41',
    };
    const { to, cookie } = await sample.post('/sign-up', '', account);
    expect(to).toBe('/hours');
    expect(await sample.page('/people', cookie)).toContain('Boatyard');
    expect((await sample.post('/sign-up', '', account)).to).toBe('/?problem=taken');
    expect((await sample.post('/sign-in', '', { ...account, password: 'something else' })).to).toBe(
      '/?problem=password',
    );
    expect((await sample.post('/sign-in', '', account)).to).toBe('/hours');

    const users = await count('users');
    const throughMarketplace = await sample.login('usr-2');
    expect(await count('users')).toBe(users + 1);
    const wrong = await sample.post('/account/link', throughMarketplace, { ...account, password: 'no' });
    expect(wrong.to).toBe('/account?linked=no');
    const linked = await sample.post('/account/link', throughMarketplace, account);
    expect(linked.to).toBe('/account?linked=yes');
    expect(await count('users')).toBe(users);
    // Both ways lead to the same account now.
    expect(await sample.page('/people', await sample.login('usr-2'))).toContain('Ines Duarte');
    expect(await count('users')).toBe(users);
  });

  it('adds up what both accounts wrote for the same company, day and customer', async () => {
    const account = {
      company: 'Slipway',
      name: 'Rui Falcao',
      email: 'rui.falcao@example.com',
      password: 'another quiet harbour',
    };
    const { cookie } = await sample.post('/sign-up', '', account);
    const newcomer = await sample.login('usr-3', 'cld-2');
    const accounts = sample.app.get(AccountsService, { strict: false });
    const company = await accounts.companyOf(sample.sandbox.marketplaces.list()[0]!.name, 'cld-2');
    const old = await accounts.byPassword(account.email, account.password);
    // An employer of both: the old account was a member before it came through the marketplace.
    await accounts.setMember(company!.id, old!.id, 'Member');
    const hours = sample.app.get(HoursService, { strict: false });
    const line = { companyId: company!.id, day: '2026-11-18', customer: 'Quayside', minutes: 30 };
    await hours.write({ ...line, userId: old!.id });
    await sample.post('/hours', newcomer, { day: line.day, customer: line.customer, minutes: '45' });
    await sample.post('/hours', newcomer, { day: '2026-11-19', customer: line.customer, minutes: '15' });
    expect((await sample.post('/account/link', newcomer, account)).to).toBe('/account?linked=yes');
    const written = await hours.latest(company!.id, old!.id);
    expect(written.map(({ day, minutes }) => [day, minutes])).toEqual([
      ['2026-11-19', 15],
      ['2026-11-18', 75],
    ]);
    expect(await sample.page('/account', cookie)).toContain('Rui Falcao');
  });

  it('signs out of Passport whom the marketplace removed', async () => {
    const cookie = await sample.login('usr-1');
    expect(await sample.page('/people', cookie)).toContain('people of');
    await sample.sandbox.webhooks.deleteGroupUser('cld-1', 'usr-1');
    expect(await sample.page('/people', cookie)).not.toContain('people of');
    expect(await sample.page('/people', cookie)).not.toContain('people of');
  });

  it('bills the messages of a company that leaves', async () => {
    const [delivery] = await sample.sandbox.webhooks.deleteGroup('cld-1', { onlySend: true });
    expect(delivery?.status).toBe(200);
    const month = /^SMS .+ \(statement 1\)$/;
    const bills = sample.sandbox.state.bills.list().filter(({ description }) => month.test(description));
    expect(bills).toEqual([expect.objectContaining({ priceCents: 23, units: 3, thirdParty: true })]);
  });
});

describe('what the samples depend on', () => {
  it.each(['03-typeorm', '04-drizzle'])('is what %s is tested with', (name) => {
    const manifest = (path: string) =>
      JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', path, 'package.json'), 'utf8')) as {
        version: string;
        dependencies?: Record<string, string>;
        devDependencies?: Record<string, string>;
        peerDependencies?: Record<string, string>;
      };
    const [root, here] = [manifest('.'), manifest('test/sql')];
    const known: Readonly<Record<string, string>> = {
      ...root.peerDependencies,
      ...root.devDependencies,
      ...here.dependencies,
      ...here.devDependencies,
      'nestjs-maestrano': root.version,
    };
    const { dependencies, devDependencies } = manifest(`sample/${name}`);
    const wanted = { ...dependencies, ...devDependencies };
    const major = (range: string | undefined): string =>
      /\d+(\.\d+)?/.exec(range ?? '')?.[0].split('.')[0] ?? '';
    const different = Object.entries(wanted).filter(
      ([dependency, range]) => dependency !== 'typescript' && major(range) !== major(known[dependency]),
    );
    expect(different).toEqual([]);
  });
});
