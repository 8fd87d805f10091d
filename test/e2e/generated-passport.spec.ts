import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

import { SsoService } from '../../src/index.js';
import { startTestApplication, type TestApplication } from '../../src/testing/index.js';
import { SESSION_SECRET } from '../support/application.js';
import { type CommandOutcome, commandLine } from '../support/command-line.js';
import { ROOT } from '../package/source-files.js';

const require = createRequire(import.meta.url);
const session = require('express-session') as (options: object) => never;

type Keep = (error: null, user: unknown) => void;
interface PassportLibrary {
  initialize(): never;
  session(): never;
  serializeUser(serialize: (user: unknown, done: Keep) => void): void;
  deserializeUser(read: (user: unknown, done: Keep) => void): void;
}

/** An application of somebody who signs people in with Passport, before the integration. */
const APP_MODULE = `import { Controller, Get, Module, Post, Req, Res } from '@nestjs/common';
import { SsoService } from 'nestjs-maestrano';

@Controller()
export class PagesController {
  constructor(private readonly sso: SsoService) {}

  @Get()
  home(@Req() request: { isAuthenticated(): boolean; user?: object }): object {
    return { authenticated: request.isAuthenticated(), user: request.user ?? null };
  }

  @Post('sign-out')
  async signOut(@Req() request: unknown, @Res({ passthrough: true }) response: unknown): Promise<object> {
    return { next: await this.sso.signOut(request, response) };
  }
}

@Module({ controllers: [PagesController] })
export class AppModule {}
`;

const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
app.setGlobalPrefix('api');
await app.listen(3000);
`;

describe('generate --session passport', () => {
  // Below the checkout: the generated files import the package as an application does.
  const cwd = join(ROOT, 'artifacts', `generated-passport-${process.pid}`);
  let generated: CommandOutcome;
  let test: TestApplication;

  beforeAll(async () => {
    mkdirSync(join(cwd, 'src'), { recursive: true });
    writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(cwd, 'src/app.module.ts'), APP_MODULE);
    writeFileSync(join(cwd, 'src/main.ts'), MAIN);
    generated = await commandLine(['generate', '--session', 'passport'], { cwd });
    const { AppModule } = (await import(join(cwd, 'src/app.module.ts'))) as { AppModule: Type };
    const { Passport } = require('passport') as { Passport: new () => PassportLibrary };
    process.env['MAESTRANO_SESSION_SECRET'] = SESSION_SECRET;
    test = await startTestApplication(async () => {
      const app = await NestFactory.create<NestExpressApplication>(AppModule, {
        logger: false,
        abortOnError: false,
        forceCloseConnections: true,
      });
      // The lines that the command prints.
      const passport = new Passport();
      app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false }));
      app.use(passport.session());
      passport.serializeUser((user, done) => done(null, user));
      passport.deserializeUser((user, done) => done(null, user));
      return app;
    });
  }, 60_000);
  afterAll(async () => {
    delete process.env['MAESTRANO_SESSION_SECRET'];
    await test?.close();
    rmSync(cwd, { recursive: true, force: true });
  });

  it('wires the module, and prints the lines for the main file', () => {
    expect(generated).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(join(cwd, 'src/app.module.ts'), 'utf8')).toContain(
      '@Module({ imports: [MaestranoIntegrationModule], controllers: [PagesController] })',
    );
    for (const line of [
      'app.use(session(',
      'app.use(passport.session());',
      'passport.serializeUser(',
      'passport.deserializeUser(',
      "app.setGlobalPrefix('api', { exclude: maestranoRoutes() });",
    ]) {
      expect(generated.out).toContain(`    ${line}`);
    }
  });

  it('signs people in to Passport, and out again', async () => {
    const nobody = await test.request('/');
    expect(await nobody.json()).toEqual({ authenticated: false, user: null });

    const cookie = await test.signIn({ user: 'usr-1', group: 'cld-1' });
    expect(await (await test.request('/', { cookie })).json()).toEqual({
      authenticated: true,
      user: expect.objectContaining({ marketplace: 'maestrano-uat', uid: expect.stringContaining('usr-1') }),
    });
    // The session of ours is kept beside it: single logout needs it.
    expect(test.app.get(SsoService, { strict: false })).toBeInstanceOf(SsoService);

    const out = await test.request('/sign-out', { method: 'POST', cookie });
    expect(await out.json()).toEqual({ next: expect.stringContaining('/app_logout') });
    const [kept = ''] = (out.headers.getSetCookie()[0] ?? cookie).split(';');
    expect(await (await test.request('/', { cookie: kept })).json()).toEqual({
      authenticated: false,
      user: null,
    });
  });

  it('signs in the colleague as the colleague', async () => {
    const first = await test.signIn({ user: 'usr-1', group: 'cld-1' });
    const second = await test.signIn({ user: 'usr-2', group: 'cld-1' });
    const uidOf = async (cookie: string): Promise<unknown> =>
      ((await (await test.request('/', { cookie })).json()) as { user: { uid: string } }).user.uid;
    expect(await uidOf(first)).not.toBe(await uidOf(second));
  });
});
