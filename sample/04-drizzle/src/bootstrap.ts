import 'reflect-metadata';

import type { LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { maestranoRoutes } from 'nestjs-maestrano';

import { AppModule } from './app.module.js';

/** Starts the application on `PORT`. */
export async function bootstrap(logger?: LogLevel[]): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule,
    new FastifyAdapter(),
    logger ? { logger } : {},
  );
  // Identity providers post from an origin of their own.
  app.enableCsrfProtection({ exclude: maestranoRoutes() });
  app.useSecurityHeaders();
  app.enableShutdownHooks();
  await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
  return app;
}
