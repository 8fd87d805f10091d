import type { INestApplication, LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { AppModule } from './app.module.js';

/** Starts the application on `PORT`. */
export async function bootstrap(logger?: LogLevel[]): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule, logger ? { logger } : {});
  app.enableShutdownHooks();
  await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
  return app;
}
