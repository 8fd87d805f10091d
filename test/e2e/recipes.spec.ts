import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type NestInterceptor, type Type, UseGuards, UseInterceptors } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { parse } from 'yaml';

import { BillingService } from '../../src/account/billing.service.js';
import type { MaestranoEvent } from '../../src/events/event.interface.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { MaestranoSessionGuard } from '../../src/session/maestrano-session.guard.js';
import { snippetsOf } from '../package/program.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { PlainDriver } from '../support/plain-graphql-driver.js';

const SNIPPETS = snippetsOf('docs/recipes.md');
const FOLDER = join(import.meta.dirname, `.recipes-${process.pid}`);

/** The recipes that begin with a name, as files. */
beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true });
  for (const { text } of SNIPPETS) {
    const name = /^\/\/ recipes\/([\w.-]+\.ts)/.exec(text)?.[1];
    if (name) writeFileSync(join(FOLDER, name), text);
  }
});
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

const recipe = async <T>(name: string): Promise<T> => (await import(join(FOLDER, name))) as T;

describe('the recipes', () => {
  it('have configuration that can be read', () => {
    const documents = SNIPPETS.filter(({ language }) => language === 'yaml').map(
      ({ text }) => parse(text) as Record<string, unknown>,
    );
    expect(documents.map((document) => Object.keys(document)[0])).toEqual([
      'services',
      'livenessProbe',
      'groups',
    ]);
    for (const { text } of SNIPPETS.filter(({ language }) => language === 'json')) JSON.parse(text);
    const nginx = SNIPPETS.find(({ language }) => language === 'nginx')?.text ?? '';
    expect(nginx.split('{').length).toBe(nginx.split('}').length);
    const lines = nginx.split('\n').map((line) => line.trim());
    expect(lines.filter((line) => line !== '' && !/[;{}]$|^#/.test(line))).toEqual([]);
  });

  it('sign in to a whole application and charge', async () => {
    const { signsInAndCharges } = await recipe<{ signsInAndCharges: () => Promise<string> }>(
      'whole-application.ts',
    );
    expect(await signsInAndCharges()).toEqual(expect.any(String));
  });
});

describe('the repository of the current company', () => {
  interface Row {
    readonly marketplace: string;
    readonly groupUid: string;
    readonly title: string;
  }

  it('sees and writes the rows of that company alone', async () => {
    const { CompanyRepository } = await recipe<{
      CompanyRepository: new (table: object) => {
        find: (where?: Partial<Row>) => Promise<Row[]>;
        insert: (row: { title: string }) => Promise<void>;
      };
    }>('company.repository.ts');
    const { runAs } = await recipe<{
      runAs: <T>(company: { marketplace: string; groupUid: string }, work: () => T) => T;
    }>('current-company.ts');
    const rows: Row[] = [];
    const repository = new CompanyRepository({
      find: (where: Partial<Row>) =>
        Promise.resolve(
          rows.filter((row) =>
            Object.entries(where).every(([name, value]) => row[name as keyof Row] === value),
          ),
        ),
      insert: (row: Row) => Promise.resolve(void rows.push(row)),
    });
    const [one, other] = [
      { marketplace: 'alpha', groupUid: 'cld-1' },
      { marketplace: 'beta', groupUid: 'cld-1' },
    ];
    await Promise.all([
      runAs(one, () => repository.insert({ title: 'ours' })),
      runAs(other, () => repository.insert({ title: 'theirs' })),
    ]);
    expect(await runAs(one, () => repository.find())).toEqual([{ ...one, title: 'ours' }]);
    expect(await runAs(one, () => repository.find({ title: 'theirs', marketplace: 'beta' }))).toEqual([]);
    expect(() => repository.find()).toThrow('Nobody is signed in here');
  });
});

describe.each(HTTP_ADAPTERS)('the recipes in an application on %s', (httpAdapter) => {
  let sandbox: Sandbox;
  let application: TestApplication;
  let log: { readonly lines: readonly string[] };

  beforeAll(async () => {
    const { AuditLog } = await recipe<{ AuditLog: Type<{ readonly lines: readonly string[] }> }>(
      'audit-log.ts',
    );
    const { HealthController } = await recipe<{ HealthController: Type }>('health.controller.ts');
    const { CurrentCompanyInterceptor, currentCompany } = await recipe<{
      CurrentCompanyInterceptor: Type<NestInterceptor>;
      currentCompany: () => { readonly groupUid: string };
    }>('current-company.ts');

    @Controller('deep')
    @UseGuards(MaestranoSessionGuard)
    @UseInterceptors(CurrentCompanyInterceptor)
    class DeepController {
      @Get()
      async deep(): Promise<string> {
        await new Promise((resolve) => setImmediate(resolve));
        return currentCompany().groupUid;
      }
    }

    const { CompanyResolver } = await recipe<{ CompanyResolver: Type }>('company.resolver.ts');
    const { TerminusModule } = await import('@nestjs/terminus');
    sandbox = await startSandbox({ scenario: 'two-marketplaces' });
    application = await testApplication({
      httpAdapter,
      sandbox,
      imports: [
        TerminusModule,
        GraphQLModule.forRoot({ driver: PlainDriver as never, autoSchemaFile: true }),
      ],
      controllers: [HealthController, DeepController],
      providers: [AuditLog, CompanyResolver],
    });
    log = application.app.get<{ readonly lines: readonly string[] }>(AuditLog);
  }, 60_000);

  afterAll(async () => {
    await application?.close();
    await sandbox?.close();
  });

  const told = (): MaestranoEvent[] => log.lines.map((line) => JSON.parse(line) as MaestranoEvent);
  const signIn = (user: string, marketplace: string) =>
    sandbox.login(application.url, { user, group: 'cld-1', marketplace });

  it('tell logins, removals and charges, with nothing personal', async () => {
    await signIn('usr-1', 'alpha');
    await sandbox.assertions.send(application.url, 'expired', { marketplace: 'alpha' });
    const { bills } = application.app.get(BillingService).for('alpha');
    const input = { groupId: 'cld-1', priceCents: 500, currency: 'AUD', description: 'Confidential' };
    const { id } = await bills.createOnce('order-7', input);
    await bills.createOnce('order-7', input);
    const plain = await bills.create({ ...input, priceCents: 600 });
    await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-2', { marketplace: 'alpha' });
    await sandbox.webhooks.deleteGroup('cld-1', { marketplace: 'beta' });
    await sandbox.webhooks.idle();
    const at = expect.any(String);
    const traceCode = expect.any(String);
    const code = expect.stringMatching(/^sso\.\w+$/);
    expect(told()).toEqual([
      { type: 'login.accepted', marketplace: 'alpha', userUid: 'usr-1', groupUid: 'cld-1', traceCode, at },
      { type: 'login.rejected', marketplace: 'alpha', code, traceCode, at },
      { type: 'bill.created', marketplace: 'alpha', groupUid: 'cld-1', id, key: 'order-7', at },
      { type: 'bill.created', marketplace: 'alpha', groupUid: 'cld-1', id: plain.id, key: null, at },
      { type: 'membership.removed', marketplace: 'alpha', userUid: 'usr-2', groupUid: 'cld-1', at },
      { type: 'group.deleted', marketplace: 'beta', groupUid: 'cld-1', at },
    ]);
    expect(log.lines.join('\n')).not.toMatch(/Alma|Confidential|@/);
  });

  it('know the company of each request, however many run at once', async () => {
    const { cookieHeader } = await signIn('usr-1', 'alpha');
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${application.url}/deep`, { headers })).text();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask({ cookie: cookieHeader })));
    expect(new Set(answers)).toEqual(new Set(['cld-1']));
    expect(await ask({})).toContain('session.none');
  });

  it('resolve the company of whoever is signed in', async () => {
    const { cookieHeader } = await signIn('usr-1', 'alpha');
    const ask = async (headers: Record<string, string>) => {
      const response = await fetch(`${application.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query: '{ company }' }),
      });
      return (await response.json()) as { data: unknown; errors?: { extensions?: { code?: string } }[] };
    };
    expect(await ask({ cookie: cookieHeader })).toEqual({ data: { company: 'cld-1' } });
    expect(await ask({})).toMatchObject({ data: null, errors: [{ message: expect.any(String) }] });
  });

  it('answer probes', async () => {
    expect(await (await fetch(`${application.url}/health/live`)).text()).toBe('ok');
    const ready = await fetch(`${application.url}/health/ready`);
    expect(await ready.json()).toMatchObject({ status: 'ok' });
  });
});
