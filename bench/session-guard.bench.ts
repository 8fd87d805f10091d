import { hkdfSync } from 'node:crypto';

import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { parseCookie } from 'cookie';
import { EncryptJWT, jwtDecrypt } from 'jose';
import inject from 'light-my-request';

import {
  MaestranoModule,
  type LoginProfile,
  type MarketplacesInput,
  MaestranoSession,
  MaestranoSessionGuard,
  MarketplaceRegistry,
  Secret,
  SessionService,
} from '../src/index.js';
import { HttpExchange } from '../src/routing/http-exchange.js';
import { type IncomingRequest } from '../src/utils/incoming-request.js';
import { defineBench, type Operation } from './harness.js';

const SECRET = 'a secret of more than thirty-two characters';
const KEY = new Uint8Array(hkdfSync('sha256', SECRET, '', 'by hand', 32));
const MARKETPLACES = [
  {
    marketplace: 'uat',
    app: { host: 'http://app.example.com' },
    api: { id: 'app-1', key: 'k'.repeat(32), host: 'https://hub.example.com' },
  },
] as unknown as MarketplacesInput;

/** What an application writes by hand: opens the cookie, looks at the time, and is done. No removal, no recheck. */
@Injectable()
class HandWrittenGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<{ headers: { cookie?: string }; user?: unknown }>();
    const { sealed } = parseCookie(request.headers.cookie ?? '');
    if (!sealed) throw new UnauthorizedException();
    const { payload } = await jwtDecrypt(sealed, KEY);
    if (Date.parse(String(payload['session_recheck'])) < Date.now()) throw new UnauthorizedException();
    request.user = payload;
    return true;
  }
}

@Controller()
class Pages {
  @Get('open')
  open(): object {
    return { user: 'usr-1' };
  }

  @Get('by-hand')
  @UseGuards(HandWrittenGuard)
  byHand(): object {
    return { user: 'usr-1' };
  }

  @Get('ours')
  @UseGuards(MaestranoSessionGuard)
  ours(@MaestranoSession('userUid') user: string): object {
    return { user };
  }
}

@Module({
  imports: [MaestranoModule.forRoot({ marketplaces: MARKETPLACES, session: { secret: SECRET } })],
  controllers: [Pages],
})
class BenchModule {}

/** A cookie of ours, as a login leaves it. */
async function cookieOf(app: NestFastifyApplication): Promise<string> {
  const cookies: string[] = [];
  const adapter = { appendHeader: (_: unknown, _name: string, line: string) => cookies.push(line) };
  const request = { method: 'GET', url: '/', headers: {} } as IncomingRequest;
  const exchange = new HttpExchange(
    Object.assign(Object.create(app.get(HttpAdapterHost).httpAdapter), adapter),
    request,
    {},
  );
  const profile = { user: { realUid: 'usr-1' }, group: { uid: 'cld-1' } } as unknown as LoginProfile;
  const recheckAt = new Date(Date.now() + 3_600_000);
  const login = { profile, sessionToken: new Secret('t'.repeat(36)), recheckAt, endsAt: null };
  await app.get(SessionService).establish(exchange, app.get(MarketplaceRegistry).get('uat'), login);
  return cookies.map((line) => line.split(';')[0]).join('; ');
}

export default defineBench({
  name: 'a guarded request on Fastify with the sealed cookie, against a guard by hand on the same cookie library',
  setup: async () => {
    const app = await NestFactory.create<NestFastifyApplication>(BenchModule, new FastifyAdapter(), {
      logger: false,
    });
    await app.init();
    const instance = app.getHttpAdapter().getInstance();
    await instance.ready();
    const dispatch: inject.DispatchFunc = (request, response) => instance.routing(request, response);
    const sealed = await new EncryptJWT({
      uid: 'usr-1',
      group_uid: 'cld-1',
      session: 't'.repeat(36),
      session_recheck: new Date(Date.now() + 3_600_000).toISOString(),
    })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(KEY);
    const get = (url: string, cookie: string): Operation => {
      return async () => {
        const { statusCode, payload } = await inject(dispatch, { method: 'GET', url, headers: { cookie } });
        if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${payload}`);
      };
    };
    return {
      baseline: get('/by-hand', `sealed=${sealed}`),
      candidates: {
        'ours, with removals and recheck': { run: get('/ours', await cookieOf(app)), goal: { atMost: 0.6 } },
        'no guard at all': { run: get('/open', '') },
      },
      close: () => app.close(),
    };
  },
});
