import type { NestExpressApplication } from '@nestjs/platform-express';
import connectPgSimple from 'connect-pg-simple';
import type { RequestHandler } from 'express';
import session from 'express-session';
import passport from 'passport';
import type pg from 'pg';
import { DataSource } from 'typeorm';

import { AccountsService } from '../accounts/accounts.service.js';
import type { User } from '../database/entities.js';

interface PassportRequest {
  login(user: User, options: { keepSessionInfo: boolean }, done: (error?: Error) => void): void;
  logout(options: { keepSessionInfo: boolean }, done: (error?: Error) => void): void;
}

/** Sessions in a table of the library's own, and in them the id of the person. */
export function usePassport(app: NestExpressApplication): void {
  const accounts = app.get(AccountsService, { strict: false });
  const { driver } = app.get(DataSource, { strict: false });
  const PgStore = connectPgSimple(session);
  const store = new PgStore({
    pool: (driver as unknown as { readonly master: pg.Pool }).master,
    createTableIfMissing: true,
    // Looked through now and then while the application runs, and not after it.
    pruneSessionInterval: false,
  });
  app.use(
    session({
      store,
      name: 'hours',
      secret: process.env['SESSION_SECRET'] ?? '',
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax', maxAge: 12 * 3_600_000 },
    }),
  );
  passport.serializeUser((user, done) => done(null, (user as User).id));
  passport.deserializeUser((id: string, done) => {
    accounts.userById(id).then((user) => done(null, user ?? false), done);
  });
  app.use(passport.initialize() as RequestHandler);
  app.use(passport.session() as RequestHandler);
}

/** `keepSessionInfo` keeps what else is in the session: that of the marketplace. */
export function signInTo(request: unknown, user: User): Promise<void> {
  return called((done) => (request as PassportRequest).login(user, { keepSessionInfo: true }, done));
}

export function signOutOf(request: unknown): Promise<void> {
  return called((done) => (request as PassportRequest).logout({ keepSessionInfo: true }, done));
}

function called(call: (done: (error?: Error) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));
}
