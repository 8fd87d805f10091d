import { Body, Controller, HttpCode, Module, Post, UseGuards } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import inject from 'light-my-request';

import { MaestranoModule } from '../src/index.js';
import { HandWrittenGuard, MARKETPLACES } from './by-hand.js';
import { defineBench, type ComparisonBench, type Operation } from './harness.js';

@Controller('by-hand')
@UseGuards(HandWrittenGuard)
class HandWrittenController {
  @Post()
  @HttpCode(200)
  take(@Body() body: Record<string, unknown>): object {
    return { received: Object.keys(body).length };
  }
}

@Module({
  imports: [MaestranoModule.forRoot({ marketplaces: MARKETPLACES })],
  controllers: [HandWrittenController],
})
class BenchModule {}

const ENTITY = {
  id: 'e32303c1-5102-0132-661e-600308937d74',
  group_id: 'cld-1',
  name: 'Acme',
  updated_at: '2016-08-01T15:30:20Z',
};
/** Some 500 KB. */
const BODY = JSON.stringify({ organizations: Array.from({ length: 4_100 }, () => ENTITY) });
const WRONG = {
  'content-type': 'application/json',
  authorization: `Basic ${Buffer.from(`app-1:${'x'.repeat(64)}`).toString('base64')}`,
};

/** Sends the body with wrong credentials, without a socket; fails when they are not refused. */
function refused(dispatch: inject.DispatchFunc, url: string): Operation {
  return async () => {
    const { statusCode } = await inject(dispatch, { method: 'POST', url, headers: WRONG, payload: BODY });
    if (statusCode !== 401) throw new Error(`${url} answered ${statusCode}`);
  };
}

async function boot(
  platform: 'express' | 'fastify',
): Promise<{ app: INestApplication; dispatch: inject.DispatchFunc }> {
  if (platform === 'express') {
    const adapter = new ExpressAdapter();
    const app = await NestFactory.create(BenchModule, adapter, { logger: false, bodyParser: false });
    // As generous as an application with large notifications has to be without us.
    adapter.useBodyParser('json', false, { limit: '5mb' });
    await app.init();
    return { app, dispatch: adapter.getInstance() as inject.DispatchFunc };
  }
  const app = await NestFactory.create<NestFastifyApplication>(
    BenchModule,
    new FastifyAdapter({ bodyLimit: 5_242_880 }),
    { logger: false },
  );
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return {
    app,
    dispatch: (request, response) => app.getHttpAdapter().getInstance().routing(request, response),
  };
}

function bench(platform: 'express' | 'fastify'): ComparisonBench {
  return {
    name: `wrong credentials with a body of 500 KB on ${platform}`,
    setup: async () => {
      const { app, dispatch } = await boot(platform);
      return {
        baseline: refused(dispatch, '/by-hand'),
        candidates: {
          'checked before the body': {
            run: refused(dispatch, '/maestrano/connec/notifications/uat'),
            goal: { atLeast: 3 },
          },
        },
        close: () => app.close(),
      };
    },
  };
}

export default defineBench(bench('express'), bench('fastify'));
