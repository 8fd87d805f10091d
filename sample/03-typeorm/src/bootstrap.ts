import 'reflect-metadata';

import type { LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { maestranoRoutes } from 'nestjs-maestrano';

import { AppModule } from './app.module.js';
import { usePassport } from './auth/passport.js';

/** Starts the application on `PORT`. */
export async function bootstrap(logger?: LogLevel[]): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule, logger ? { logger } : {});
  // Identity providers post from an origin of their own.
  app.enableCsrfProtection({ exclude: maestranoRoutes() });
  app.useSecurityHeaders();
  usePassport(app);
  app.enableShutdownHooks();
  await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
  return app;
}
