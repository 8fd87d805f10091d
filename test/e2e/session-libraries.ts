import { createRequire } from 'node:module';

import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import type { HttpAdapterName } from '../support/http-adapters.js';

const require = createRequire(import.meta.url);
const load = (name: string) => require(name) as (options: object) => never;
const SECRET = 'a secret of more than thirty-two characters';

/** A session middleware that applications use, or none. */
export interface SessionLibrary {
  readonly name: string;
  readonly httpAdapter: HttpAdapterName;
  /** Whether the application has a session of its own. */
  readonly present: boolean;
  readonly prepare: (app: INestApplication) => void | Promise<void>;
}

const express = (use: (app: NestExpressApplication) => void) => (app: INestApplication) =>
  use(app as NestExpressApplication);
const fastify = (register: (app: NestFastifyApplication) => Promise<void>) => (app: INestApplication) =>
  register(app as NestFastifyApplication);

export const SESSION_LIBRARIES: readonly SessionLibrary[] = [
  { name: 'the sealed cookie', httpAdapter: 'express', present: false, prepare: () => undefined },
  {
    name: 'express-session',
    httpAdapter: 'express',
    present: true,
    prepare: express((app) => {
      app.use(load('express-session')({ secret: SECRET, resave: false, saveUninitialized: false }));
    }),
  },
  {
    name: 'cookie-session',
    httpAdapter: 'express',
    present: true,
    prepare: express((app) => {
      app.use(load('cookie-session')({ name: 'app', keys: [SECRET], sameSite: 'lax' }));
    }),
  },
  { name: 'the sealed cookie', httpAdapter: 'fastify', present: false, prepare: () => undefined },
  {
    name: '@fastify/session',
    httpAdapter: 'fastify',
    present: true,
    prepare: fastify(async (app) => {
      await app.register(require('@fastify/cookie') as never);
      const cookie = { secure: false, sameSite: 'lax' };
      await app.register(
        require('@fastify/session') as never,
        { secret: SECRET, saveUninitialized: false, cookie } as never,
      );
    }),
  },
  {
    name: '@fastify/secure-session',
    httpAdapter: 'fastify',
    present: true,
    prepare: fastify(async (app) => {
      const options = { key: Buffer.alloc(32, 7), cookieName: 'app', cookie: { path: '/', sameSite: 'lax' } };
      await app.register(require('@fastify/secure-session') as never, options as never);
    }),
  },
];
