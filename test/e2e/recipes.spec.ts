import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  type NestInterceptor,
  type Type,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { GraphQLModule } from '@nestjs/graphql';
import { parse } from 'yaml';

import { BillingService } from '../../src/account/billing.service.js';
import type { MaestranoEvent } from '../../src/events/event.interface.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { sandboxUrl } from '../../src/sandbox/platform/marketplace-document.js';
import { MaestranoSessionGuard } from '../../src/session/maestrano-session.guard.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { commandLine } from '../support/command-line.js';
import { freePort } from '../support/free-port.mjs';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { PlainDriver } from '../support/plain-graphql-driver.js';
import { RECIPES } from '../support/recipes.js';
import { settingsOf } from '../support/settings.js';

const run = promisify(execFile);

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly image?: string;
        readonly hostname?: string;
        readonly command?: readonly string[];
        readonly ports?: readonly string[];
        readonly volumes?: readonly string[];
        readonly environment?: Readonly<Record<string, string>>;
        readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
        readonly healthcheck?: { readonly test: readonly string[] };
        readonly stop_grace_period?: string;
      }
    >
  >;
  readonly volumes: object;
}

/** The recipe in YAML that begins so. */
function yamlOf<T>(beginning: string): T {
  return parse(
    RECIPES.find(({ language, text }) => language === 'yaml' && text.startsWith(beginning))!.text,
  ) as T;
}

const FOLDER = join(import.meta.dirname, `.recipes-${process.pid}`);

/** The recipes that begin with a name, as files. */
beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true });
  for (const { text } of RECIPES) {
    const name = /^\/\/ recipes\/([\w.-]+\.ts)/.exec(text)?.[1];
    if (name) writeFileSync(join(FOLDER, name), text);
  }
});
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** What the bridge hands to listeners of @nestjs/event-emitter. */
@Injectable()
class Listener {
  readonly heard: MaestranoEvent[] = [];

  @OnEvent('maestrano.login.accepted')
  @OnEvent('maestrano.login.rejected')
  @OnEvent('maestrano.membership.removed')
  @OnEvent('maestrano.bill.created')
  on(event: MaestranoEvent): void {
    this.heard.push(event);
  }
}

const recipe = async <T>(name: string): Promise<T> => (await import(join(FOLDER, name))) as T;

describe('the recipes', () => {
  it('have JSON that can be read', () => {
    for (const { text } of RECIPES.filter(({ language }) => language === 'json')) JSON.parse(text);
  });

  // There is no Docker where the tests run: what the file says is read, and held against what its parts take.
  it('have a Docker compose whose parts fit, as far as reading it tells', async () => {
    const { services, volumes } = yamlOf<Compose>('services:');
    const { app, redis, sandbox } = services;
    expect(Object.keys(services).sort()).toEqual(['app', 'redis', 'sandbox']);
    expect(redis?.image).toMatch(/^redis:[78]$/);
    for (const [name, { condition }] of Object.entries(app?.depends_on ?? {})) {
      expect(Object.keys(services)).toContain(name);
      if (condition === 'service_healthy') expect(services[name]?.healthcheck?.test[0]).toBe('CMD');
    }
    for (const mounted of redis?.volumes ?? []) expect(volumes).toHaveProperty(mounted.split(':')[0]!);
    // The names of our settings, and those that the guides read.
    const environment = app?.environment ?? {};
    const url = 'http://sandbox:4100';
    expect(settingsOf({}, environment).marketplace.developerPlatform).toMatchObject({
      origin: url,
      path: '/api/config/v1/marketplaces',
      apiKey: '${MNO_DEVPL_ENV_KEY}',
    });
    const names = Object.keys(environment).filter((name) => !name.startsWith('MNO_DEVPL_'));
    expect(names).toEqual(['REDIS_URL', 'SESSION_SECRET']);
    for (const name of names) expect(readFileSync('README.md', 'utf8')).toContain(`process.env['${name}']`);
    expect(environment['REDIS_URL']).toBe('redis://redis:6379');
    // Applications and browsers are told the sandbox's address as it listens, so that must be the one they can reach.
    const [, command = '', name = '', ...options] = sandbox?.command ?? [];
    expect([command, name]).toEqual(['nestjs-maestrano', 'sandbox']);
    const option = (wanted: string) => options[options.indexOf(wanted) + 1]!;
    expect(sandboxUrl(option('--host'), Number(option('--port')))).toBe(url);
    expect(sandbox?.hostname).toBe(option('--host'));
    expect(option('--app')).toBe('http://app:3000');
    const help = await commandLine(['sandbox', '--help']);
    for (const one of options.filter((word) => word.startsWith('--'))) expect(help.out).toContain(one);
    // Of what is published, browsers reach the same names and ports.
    expect([app?.ports, sandbox?.ports]).toEqual([['3000:3000'], ['127.0.0.1:4100:4100']]);
    expect(Number.parseInt(app?.stop_grace_period ?? '', 10) * 1_000).toBeGreaterThan(
      settingsOf({}).shutdownTimeoutMs,
    );
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
      findBy: (where: Partial<Row>) =>
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
    const { MailModule } = await recipe<{ MailModule: Type }>('mail.module.ts');
    const { TerminusModule } = await import('@nestjs/terminus');
    sandbox = await startSandbox({ scenario: 'two-marketplaces' });
    application = await testApplication({
      httpAdapter,
      sandbox,
      imports: [
        TerminusModule,
        MailModule,
        GraphQLModule.forRoot({ driver: PlainDriver as never, autoSchemaFile: true }),
      ],
      controllers: [HealthController, DeepController],
      providers: [AuditLog, CompanyResolver, Listener],
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

  it('tell logins, removals and charges, over the bridge as well, with nothing personal', async () => {
    const written = jest.spyOn(process.stdout, 'write');
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
    const { heard } = application.app.get(Listener);
    expect(JSON.parse(JSON.stringify(heard))).toEqual(told().filter(({ type }) => type !== 'group.deleted'));
    expect(new Set(heard.map(({ type }) => type)).size).toBe(4);
    expect(written).toHaveBeenCalledWith('welcome usr-1 of cld-1\n');
    written.mockRestore();
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

  it('answer the probes of Kubernetes and the health check of Docker compose', async () => {
    const probes = yamlOf<Record<string, { httpGet: { path: string; port: number } }>>('livenessProbe:');
    const asked = Object.values(probes).map(({ httpGet }) => httpGet);
    expect(asked.map(({ port }) => port)).toEqual([3000, 3000, 3000]);
    const [live, ready, startup] = await Promise.all(
      asked.map(async ({ path }) => (await fetch(application.url + path)).text()),
    );
    expect([live, startup]).toEqual(['ok', 'ok']);
    expect(JSON.parse(ready!)).toMatchObject({ status: 'ok' });
    const [, command = '', ...words] = yamlOf<Compose>('services:').services['app']!.healthcheck!.test;
    const check = (port: number) =>
      run(
        command === 'node' ? process.execPath : command,
        words.map((word) => word.replace(':3000/', `:${port}/`)),
      );
    await check(application.port);
    await expect(check(await freePort())).rejects.toMatchObject({ code: 1 });
  });
});
