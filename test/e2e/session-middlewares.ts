import { createRequire } from 'node:module';

import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

const require = createRequire(import.meta.url);
const load = (name: string) => require(name) as never;
/** Of the middlewares. */
export const SECRET = 'a secret of more than thirty-two characters';

type Done = (error?: Error | null) => void;

/** What a session middleware asks of its store, here slow or failing. */
interface Behaviour {
  readonly delayMs?: number;
  readonly failing?: boolean;
  readonly silent?: boolean;
}

/** For all of them, now. */
export const behaviour: { now: Behaviour } = { now: {} };

function after(done: () => void, failed: () => void): void {
  const { delayMs = 0, failing = false, silent = false } = behaviour.now;
  if (silent) return;
  setTimeout(failing ? failed : done, delayMs);
}

/** `express-session`. */
export function expressSession(cookie: object, options: object = {}) {
  return (app: INestApplication) => {
    const session = require('express-session') as {
      (options: object): never;
      MemoryStore: new () => { set(id: string, data: unknown, done: Done): void };
    };
    const store = new session.MemoryStore();
    const set = store.set.bind(store);
    store.set = (id, data, done) =>
      after(
        () => set(id, data, done),
        () => done(new Error('disk full')),
      );
    (app as NestExpressApplication).use(
      session({ secret: SECRET, resave: false, saveUninitialized: false, store, cookie, ...options }),
    );
  };
}

/** `cookie-session`. */
export function cookieSession(cookie: object) {
  return (app: INestApplication) => {
    const middleware = load('cookie-session') as (options: object) => never;
    (app as NestExpressApplication).use(middleware({ name: 'app', keys: [SECRET], ...cookie }));
  };
}

/** `@fastify/session`. */
export function fastifySession(cookie: object) {
  return async (app: INestApplication) => {
    const fastify = app as NestFastifyApplication;
    const data = new Map<string, unknown>();
    const store = {
      get: (id: string, done: (error: null, data: unknown) => void) => done(null, data.get(id) ?? null),
      set: (id: string, session: unknown, done: Done) =>
        after(
          () => {
            data.set(id, session);
            done();
          },
          () => done(new Error('disk full')),
        ),
      destroy: (id: string, done: Done) => {
        data.delete(id);
        done();
      },
    };
    await fastify.register(load('@fastify/cookie'));
    const options = { secret: SECRET, saveUninitialized: false, cookie, store };
    await fastify.register(load('@fastify/session'), options as never);
  };
}

/** `@fastify/secure-session`. */
export function secureSession(cookie: object) {
  return async (app: INestApplication) => {
    const options = { key: Buffer.alloc(32, 7), cookieName: 'app', cookie: { path: '/', ...cookie } };
    await (app as NestFastifyApplication).register(load('@fastify/secure-session'), options as never);
  };
}
